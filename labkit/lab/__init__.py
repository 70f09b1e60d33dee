"""Experiments: each runs for real, and returns data that can tell its story."""

from labkit.lab.accesslog import logging_server
from labkit.lab.browser import BrowserAnswer, find_browser, in_browser
from labkit.lab.everycut import HOWS, REFERENCE, cut_in_memory, places
from labkit.lab.headers import opens, opens_without
from labkit.lab.herd import herd, herd_on_sockets, per_tenth
from labkit.lab.jupyterproxy import jupyter_proxy
from labkit.lab.mirror import Heard, Mirror, SocketMirror
from labkit.lab.outages import ForgetfulLog, deploy, from_the_start, notices_silence, through_a_cut
from labkit.lab.raw import raw_server
from labkit.lab.readers import chunk_by_chunk, labkit_decoder, reconnect_waits, survives_every_cut
from labkit.lab.record import curl, record, send, until
from labkit.lab.slow import slow_reader

__all__ = [
    "HOWS", "REFERENCE", "BrowserAnswer", "ForgetfulLog", "Heard", "Mirror", "SocketMirror", "chunk_by_chunk", "curl",
    "cut_in_memory", "deploy", "find_browser", "from_the_start", "herd", "herd_on_sockets", "in_browser",
    "jupyter_proxy", "labkit_decoder", "logging_server", "notices_silence", "opens", "opens_without", "per_tenth",
    "places", "raw_server", "reconnect_waits", "record", "send", "slow_reader", "survives_every_cut",
    "through_a_cut", "until",
]  # fmt: skip
