"""Faults between a server and a client: pure machines, on real sockets or in virtual time; and real proxies."""

from labkit.proxy.answering import AnswerStatus, FailFirst, RefuseConnections
from labkit.proxy.breaking import Cut, IdleTimeout, Stall, TotalTimeout
from labkit.proxy.changing import Duplicate, Gzip
from labkit.proxy.embedded import EmbeddedProxy, FillBuffers, HoldHead, Unless, as_nginx
from labkit.proxy.front import Front, front, which_proxies
from labkit.proxy.haproxy import HAProxy, find_haproxy, haproxy
from labkit.proxy.launch import LabRelay, launch_relay
from labkit.proxy.model import Answer, Chain, Close, Fault, First, Machine, OneOf, Pass, Refuse, Send
from labkit.proxy.nginx import Nginx, find_nginx, nginx
from labkit.proxy.passing import Passage
from labkit.proxy.pipe import Pipe, pipe
from labkit.proxy.program import RunningProxy
from labkit.proxy.relay import Relay, relay
from labkit.proxy.simulate import Happened, received, simulate
from labkit.proxy.timing import Delay, HoldBytes, HoldTime, Slice, Throttle

__all__ = [
    "Answer", "AnswerStatus", "Chain", "Close", "Cut", "Delay", "Duplicate", "EmbeddedProxy", "FailFirst", "Fault",
    "FillBuffers", "First", "Front", "Gzip", "HAProxy", "Happened", "HoldBytes", "HoldHead", "HoldTime",
    "IdleTimeout", "LabRelay", "Machine", "Nginx", "OneOf", "Pass", "Passage", "Pipe", "Refuse", "RefuseConnections",
    "Relay", "RunningProxy", "Send", "Slice", "Stall", "Throttle", "TotalTimeout", "Unless", "as_nginx", "find_haproxy",
    "find_nginx", "front", "haproxy", "launch_relay", "nginx", "pipe", "received", "relay", "simulate", "which_proxies",
]  # fmt: skip
