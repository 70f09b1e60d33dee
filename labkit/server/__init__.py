"""A server for event streams, on tornado. It encodes each event once and writes the same bytes to every reader."""

from labkit.server.channel import Channel
from labkit.server.connection import Delivery, Visit
from labkit.server.handlers import ChannelHandler, SourceHandler, StreamHandler
from labkit.server.launch import LabServer, launch
from labkit.server.metrics import ChannelCollector, metrics
from labkit.server.multiplexing import multiplex
from labkit.server.polling import long_polling, polling
from labkit.server.site import RunningServer, Site, serve
from labkit.server.websocket import websocket

__all__ = [
    "Channel", "ChannelCollector", "ChannelHandler", "Delivery", "LabServer", "RunningServer", "Site", "SourceHandler",
    "StreamHandler", "Visit", "launch", "long_polling", "metrics", "multiplex", "polling", "serve", "websocket",
]  # fmt: skip
