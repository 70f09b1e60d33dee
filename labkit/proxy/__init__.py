"""Between a server and a client: the relay that puts faults on real sockets, and real proxies."""

from labkit.proxy.embedded import EmbeddedProxy, as_nginx
from labkit.proxy.front import Front, front, which_proxies
from labkit.proxy.haproxy import HAProxy, find_haproxy, haproxy
from labkit.proxy.launch_relay import LabRelay, launch_relay, relay_at
from labkit.proxy.nginx import Nginx, find_nginx, nginx
from labkit.proxy.passage import Passage
from labkit.proxy.pipe import Pipe, pipe
from labkit.proxy.program import RunningProxy
from labkit.proxy.relay import Relay, relay

__all__ = [
    "EmbeddedProxy", "Front", "HAProxy", "LabRelay", "Nginx", "Passage", "Pipe", "Relay", "RunningProxy", "as_nginx",
    "find_haproxy", "find_nginx", "front", "haproxy", "launch_relay", "nginx", "pipe", "relay", "relay_at",
    "which_proxies",
]  # fmt: skip
