"""Faults between a server and a client: pure machines, on real sockets or in virtual time."""

from labkit.proxy.answering import AnswerStatus, FailFirst, RefuseConnections
from labkit.proxy.breaking import Cut, IdleTimeout, Stall, TotalTimeout
from labkit.proxy.changing import Duplicate, Gzip
from labkit.proxy.launch import LabRelay, launch_relay
from labkit.proxy.model import Answer, Chain, Close, Fault, First, Machine, OneOf, Pass, Refuse, Send
from labkit.proxy.passing import Passage
from labkit.proxy.relay import Relay, relay
from labkit.proxy.simulate import Happened, received, simulate
from labkit.proxy.timing import Delay, HoldBytes, HoldTime, Slice, Throttle

__all__ = [
    "Answer", "AnswerStatus", "Chain", "Close", "Cut", "Delay", "Duplicate", "FailFirst", "Fault", "First", "Gzip",
    "Happened", "HoldBytes", "HoldTime", "IdleTimeout", "LabRelay", "Machine", "OneOf", "Pass", "Passage", "Refuse",
    "RefuseConnections", "Relay", "Send", "Slice", "Stall", "Throttle", "TotalTimeout", "launch_relay", "received",
    "relay", "simulate",
]  # fmt: skip
