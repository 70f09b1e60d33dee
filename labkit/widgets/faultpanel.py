"""A widget that sets the faults of a relay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import traitlets

from labkit.faults import (
    AnswerStatus,
    Cut,
    Delay,
    Duplicate,
    FailFirst,
    Fault,
    HoldBytes,
    HoldTime,
    Slice,
    Stall,
    Throttle,
    TotalTimeout,
)
from labkit.proxy import LabRelay
from labkit.widgets.assets import join_files
from labkit.widgets.panel import Panel

SHOWN_PASSAGES = 6


class Knob(NamedTuple):
    """A fault in the panel's list: its name, the unit of its number, a first number, and the function that makes it."""

    name: str
    unit: str
    number: float
    make: Callable[[float], Fault]


KNOBS = (
    Knob("delay each piece", "seconds", 1, Delay),
    Knob("hold full buffers", "bytes", 4096, lambda number: HoldBytes(int(number))),
    Knob("hold for a time", "seconds", 2, HoldTime),
    Knob("throttle", "bytes a second", 20, Throttle),
    Knob("slice", "bytes", 1, lambda number: Slice(int(number), every_s=0.01)),
    Knob("cut each connection", "events", 5, lambda number: Cut(events=int(number))),
    Knob("end each connection early", "seconds", 2, TotalTimeout),
    Knob("fall silent", "bytes", 100, lambda number: Stall(int(number))),
    Knob("send events twice", "chance, 0 to 1", 0.5, Duplicate),
    Knob("refuse the next", "connections", 2, lambda number: FailFirst(int(number))),
    Knob("answer 502 to the next", "connections", 2, lambda number: AnswerStatus((502,) * int(number))),
)


class FaultPanel(Panel):
    """A panel that sets the faults of a launched relay: choose a fault and its number, and apply it.

    It also cuts all streams at once, in one of three ways, and shows how each connection ended.

    The buttons do what `relay.set(...)` and `relay.cut(...)` do.
    """

    _esm = join_files("elements.js", "faultpanel.js")
    _css = join_files("labkit.css", "faultpanel.css")
    knobs: Any = traitlets.List().tag(sync=True)

    def __init__(self, relay: LabRelay) -> None:
        self.relay = relay
        super().__init__(knobs=[[knob.name, knob.unit, knob.number] for knob in KNOBS])

    @property
    def alive(self) -> bool:
        return self.relay.running

    def snapshot(self) -> dict[str, Any]:
        relay = self.relay
        passages = [{"n": passage.n, "ended": passage.ended or "open"} for passage in relay.passages[-SHOWN_PASSAGES:]]
        faults = ", ".join(map(repr, relay.faults)) or "none: every byte goes on at once"
        return {"running": relay.running, "open": relay.open, "faults": faults, "passages": passages}

    def obey(self, message: dict[str, Any]) -> str:
        ask = message.get("ask")
        if not self.relay.running:
            return "this relay was stopped for good. Run the cell that launches it again, then this one"
        if ask == "cut":
            self.relay.cut(message["how"])
        elif ask == "none":
            self.relay.set()
        elif ask == "apply":
            self.relay.set(KNOBS[message["knob"]].make(float(message["number"])))
        return ""

    def __repr__(self) -> str:
        return "The network's panel: run this cell, and turn its knobs: delay, hold, cut, stall, refuse, answer 502"
