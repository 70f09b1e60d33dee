"""Faults: what can go wrong between a server and a client. They run in a relay (labkit.proxy) or in virtual time."""

from labkit.faults.answering import AnswerStatus, FailFirst, RefuseConnections
from labkit.faults.breaking import Cut, IdleTimeout, Stall, TotalTimeout
from labkit.faults.changing import Duplicate, Gzip
from labkit.faults.fault import Answer, Chain, Close, Fault, First, Machine, OneOf, Pass, Refuse, Send
from labkit.faults.holding import FillBuffers, HoldHead, Unless
from labkit.faults.simulate import TimedAction, sent_data, simulate
from labkit.faults.timing import Delay, HoldBytes, HoldTime, Slice, Throttle

__all__ = [
    "Answer", "AnswerStatus", "Chain", "Close", "Cut", "Delay", "Duplicate", "FailFirst", "Fault", "FillBuffers",
    "First", "Gzip", "HoldBytes", "HoldHead", "HoldTime", "IdleTimeout", "Machine", "OneOf", "Pass", "Refuse",
    "RefuseConnections", "Send", "Slice", "Stall", "Throttle", "TimedAction", "TotalTimeout", "Unless", "sent_data",
    "simulate",
]  # fmt: skip
