"""A stream with three faults on its way, for the learner to find."""

from __future__ import annotations

import contextlib
from random import Random

from labkit.errors import LabError
from labkit.faults import Fault, FillBuffers, Gzip, HoldTime, IdleTimeout
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import LabRelay
from labkit.system.background import Background

TICKS = Ticks(count=40, interval_s=0.05, size_bytes=120, silence_s=1.2, headers=(("Cache-Control", "no-cache"),))

#: What a hop may do, and how it shows.
KINDS: dict[str, tuple[Fault, str]] = {
    "a cork": (HoldTime(0.205), "events come in small lumps, a fifth of a second apart"),
    "full buffers": (
        FillBuffers(1024),
        "events come in larger lumps, further apart, and the stream stops in the middle of an event",
    ),
    "compression": (Gzip(flush=False), "nothing comes before the end, and the answer is gzip"),
    "an idle timer": (IdleTimeout(0.7), "half of the events are missing: the rest came after a silence"),
}

#: The names of the places in the lesson's figure.
PLACES = ("the server itself", "behind 1 proxy", "behind 2 proxies", "behind 3 proxies")

#: Orders in which each fault still shows behind those before it.
_ORDERS = (
    ("an idle timer", "a cork", "full buffers"),
    ("a cork", "full buffers", "compression"),
    ("a cork", "an idle timer", "full buffers"),
)

_running: list[Mystery] = []  # the one before ends when another is made


class Mystery:
    """`hops` are four URLs: the server itself, and then behind one, two and three proxies. Made by three_hops()."""

    def __init__(self, seed: int) -> None:
        self._order = Random(f"mystery {seed}").choice(_ORDERS)
        self._background = Background("mystery")
        self._stack = contextlib.AsyncExitStack()
        origin = self._background.run(self._stack.enter_async_context(ticking(TICKS)))
        self._relays: list[LabRelay] = []
        for number, kind in enumerate(self._order, start=1):
            before = self._relays[-1].url if self._relays else origin
            self._relays.append(LabRelay(f"hop {number}", before, (KINDS[kind][0],), 0, 0))
        self.hops = (origin, *(relay.url for relay in self._relays))

    def answer(self, *kinds: str) -> str:
        """What is right about these three, in order from the server on; with a way on where one is wrong.

        Raises:
            LabError: a word that is no kind of hop.
        """
        if all(kind == "?" for kind in kinds):
            return f"Not yet. Three words, from the server on, out of: {', '.join(KINDS)}."
        said = [_meant(kind) for kind in kinds]
        if len(said) != len(self._order) or None in said:
            strange = [repr(kind) for kind, word in zip(kinds, said, strict=True) if word is None]
            unknown = f"; not among them: {', '.join(strange)}" if strange else f"; you gave {len(said)}"
            raise LabError(f"an answer is three of these, from the server on: {', '.join(map(repr, KINDS))}{unknown}")
        pairs = enumerate(zip(said, self._order, strict=True), start=1)
        return "\n".join(self._line(number, word or "", is_) for number, (word, is_) in pairs)

    def _line(self, number: int, guess: str, is_: str) -> str:
        if guess == is_:
            return f"proxy {number}: right. {guess[0].upper()}{guess[1:]}: {KINDS[guess][1]}."
        way_on = f"Compare {PLACES[number]!r} with {PLACES[number - 1]!r}."
        return f"proxy {number}: not {guess}. There you would see that {KINDS[guess][1]}. {way_on}"

    def stop(self) -> None:
        """Ends the server and the proxies."""
        if self not in _running:
            return
        _running.remove(self)
        for relay in reversed(self._relays):
            relay.stop()
        self._background.run(self._stack.aclose())
        self._background.end()

    def __repr__(self) -> str:
        return "A stream on its way through three proxies: hops[0] is the server itself, hops[3] is what a client gets"


def three_hops(seed: int = 1) -> Mystery:
    """A server with three proxies before it, each with a fault of its own; another seed may give another order."""
    for before in tuple(_running):
        before.stop()
    mystery = Mystery(seed)
    _running.append(mystery)
    return mystery


def _meant(kind: object) -> str | None:
    """The kind that somebody means who leaves out the article, or writes a capital letter."""
    word = str(kind).strip().lower()
    return next((name for name in KINDS if word in (name, name.removeprefix("an ").removeprefix("a "))), None)
