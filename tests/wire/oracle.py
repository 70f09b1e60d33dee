"""How the fast decoder is held against the slow one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from labkit.wire import Decoder, Signal, explain


def decode(chunks: Iterable[bytes], decoder: Decoder | None = None) -> tuple[list[Signal], list[Signal]]:
    """What the chunks let out, and what the end of the stream threw away."""
    decoder = decoder or Decoder()
    return [signal for chunk in chunks for signal in decoder.feed(chunk)], decoder.close()


def expected(raw: bytes, last_event_id: str = "") -> tuple[list[Signal], list[Signal]]:
    """The same of the standard's own algorithm."""
    steps = explain(raw, last_event_id)
    out = [step.signal for step in steps if step.signal is not None and step.role != "unfinished"]
    return out, [step.signal for step in steps if step.signal is not None and step.role == "unfinished"]


def id_in_force(raw: bytes, last_event_id: str = "") -> str:
    """The last event ID after the stream: an id counts from the blank line on."""
    return [last_event_id, *(step.id_buffer for step in explain(raw, last_event_id) if step.role == "blank")][-1]


def in_two(raw: bytes) -> list[list[bytes]]:
    """The stream cut in two at every place."""
    return [[raw[:place], raw[place:]] for place in range(len(raw) + 1)]


def byte_by_byte(raw: bytes) -> list[bytes]:
    return [raw[place : place + 1] for place in range(len(raw))]


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(places), len(raw)]
    return [raw[start:end] for start, end in pairwise(edges)]
