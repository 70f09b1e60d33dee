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
from labkit.widgets.assets import FIGURES, join_files
from labkit.widgets.faultwords import in_words
from labkit.widgets.panel import Panel

#: The newest connections that the panel shows; of those before them only the open ones, and as many at most.
SHOWN_PASSAGES = 6
MOST = 1_000_000
#: So that a page of any origin may read the status: a real proxy's 502 is hidden from it, and it can say no reason.
READABLE = (("Access-Control-Allow-Origin", "*"),)


class Knob(NamedTuple):
    """A fault in the panel's list.

    It has a name, the unit of its number, a first number, the function that makes it, what it does, the limits of its
    number, and whether that is whole.
    """

    name: str
    unit: str
    number: float
    make: Callable[[Any], Fault]
    effect: str
    least: float = 0
    most: float = MOST
    whole: bool = True

    def fault(self, text: str) -> Fault:
        """The fault with the number that was typed.

        Raises:
            ValueError: it is none, or one that this fault cannot have; the sentence says what it must be.
        """
        kind = "a whole number" if self.whole else "a number"
        wanted = f"“{self.name}” takes {kind} ({self.unit}), from {self.least:g} to {self.most:,}"
        try:
            number = float(text.strip().replace(",", "."))
        except ValueError:
            raise ValueError(f"{text!r} is no number: {wanted}") from None
        if not self.least <= number <= self.most:  # neither is what is called nan
            raise ValueError(f"{text.strip()} is outside: {wanted}")
        if self.whole and not number.is_integer():
            raise ValueError(f"{text.strip()} is not whole: {wanted}")
        return self.make(int(number) if self.whole else number)


KNOBS = (
    Knob("delay each piece", "seconds", 1, Delay, "Every piece arrives so much later; nothing is lost.", whole=False),
    Knob("hold full buffers", "bytes", 4096, HoldBytes,
         "Bytes wait until so many are together, as in a proxy that buffers.", least=1),
    Knob("hold for a time", "seconds", 2, HoldTime,
         "Bytes wait for so long, and then come together.", least=0.001, whole=False),
    Knob("throttle", "bytes a second", 20, Throttle,
         "No more than so many bytes go on in each second.", least=0.1, whole=False),
    Knob("slice", "bytes", 1, lambda number: Slice(number, every_s=0.01),
         "The stream comes in pieces of this size, one every 10 ms: a piece may end inside a character.", least=1),
    Knob("cut each connection", "events", 5, lambda number: Cut(events=number),
         "After so many events the connection is cut in mid-answer (FIN)."),
    Knob("end each connection early", "seconds", 2, TotalTimeout,
         "So long after its first byte a connection is cut (FIN), however busy it is.", least=0.001, whole=False),
    Knob("fall silent", "bytes", 100, Stall,
         "After so many bytes nothing comes any more, and the connection stays open."),
    Knob("send events twice", "chance", 0.5, Duplicate,
         "Each event comes twice with this chance: 0 is never, 1 always.", most=1, whole=False),
    Knob("refuse the next", "connections", 2, FailFirst,
         "The next connections are thrown away at once (RST), before any answer.", least=1),
    Knob("answer 502 to the next", "connections", 2, lambda number: AnswerStatus((502,) * number, READABLE),
         "The relay answers in the server's place: status 502, and no stream.", least=1, most=1000),
)  # fmt: skip


class FaultPanel(Panel):
    """A panel that sets the faults of a launched relay: choose a fault and its number, and apply it.

    It also cuts all streams at once, in one of three ways, and shows how each connection ended.

    The buttons do what `relay.set(...)` and `relay.cut(...)` do.
    """

    _esm = join_files(FIGURES, "elements.js", "faultpanel.js")
    _css = join_files("labkit.css", "faultpanel.css")
    knobs: Any = traitlets.List().tag(sync=True)

    def __init__(self, relay: LabRelay) -> None:
        self.relay = relay
        super().__init__(knobs=[[knob.name, knob.unit, knob.number, knob.effect] for knob in KNOBS])

    @property
    def alive(self) -> bool:
        return self.relay.running

    def snapshot(self) -> dict[str, Any]:
        relay = self.relay
        faults = in_words(relay.faults, relay.connections)
        return {"running": relay.running, "open": relay.open, "faults": faults, "passages": _rows(relay)}

    def obey(self, message: dict[str, Any]) -> str:
        ask = message.get("ask")
        if not self.relay.running:
            return "this relay was stopped for good. Run the cell that launches it again, then this one"
        if ask == "cut":
            self.relay.cut(message["how"])
        elif ask == "none":
            self.relay.set()
        elif ask == "apply":
            try:
                fault = KNOBS[message["knob"]].fault(message["number"])
            except ValueError as problem:
                return f"{problem}. The fault stays as it was"
            self.relay.set(fault)
        return ""

    def __repr__(self) -> str:
        return "The network's panel: run this cell, and turn its knobs: delay, hold, cut, stall, refuse, answer 502"


def _rows(relay: LabRelay) -> list[dict[str, str]]:
    """A number and a fate for each of the connections that are shown, the oldest first."""
    passages = relay.passages
    # To set a fault is to begin anew with the numbers. What was open before is open all the same.
    earlier = [passage for passage in relay.open_passages if not any(passage is other for other in passages)]
    rows = [{"n": f"{passage.n}, from before", "ended": "open"} for passage in earlier]
    rows += [{"n": str(passage.n), "ended": passage.ended or "open"} for passage in passages]
    still_open = [row for row in rows[:-SHOWN_PASSAGES] if row["ended"] == "open"]
    return still_open[-SHOWN_PASSAGES:] + rows[-SHOWN_PASSAGES:]
