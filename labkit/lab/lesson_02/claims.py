"""The verdicts of lesson 02: each is computed from what was recorded, and turns when the server does the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.errors import counted
from labkit.lab.verdict import Verdict
from labkit.recording import Recording


def c02_headers_that_matter(opened: Mapping[str, bool]) -> Verdict:
    """Which response headers a client really needs: `opened` tells, for each one left out, if the stream opened."""
    needed = [name for name, worked in opened.items() if not worked]
    spare = [name for name, worked in opened.items() if worked]
    holds = needed == ["Content-Type"]
    because = f"without {_list(needed)} the client refuses the stream; without {_list(spare)} it opens all the same"
    return Verdict("C02", holds, because if needed else f"the client opens without {_list(spare)}")


def c10_twenty_lines(source: str, sent: Sequence[str], recording: Recording) -> Verdict:
    """A working server fits in twenty lines of raw sockets."""
    lines = [line for line in source.splitlines() if line.strip()]
    texts = [event.data for event in recording.events]
    holds = len(lines) <= 20 and texts == list(sent)
    return Verdict(
        "C10", holds, f"{counted(len(lines), 'line')} of Python delivered {len(texts)} of {counted(len(sent), 'event')}"
    )


def c11_line_break_breaks_it(sent: Sequence[str], recording: Recording) -> Verdict:
    """The usual f"data: {token}\\n\\n" is broken by a token that holds a line break."""
    texts = [event.data for event in recording.events]
    hostile = [token for token in sent if "\n" in token or "\r" in token]
    holds = bool(hostile) and texts != list(sent)
    because = f"sent {list(sent)}, received {texts}"
    return Verdict("C11", holds if hostile else None, because)


def c63_bounded_for_slow_readers(held_bytes: Sequence[int], room_bytes: int, published_bytes: int) -> Verdict:
    """A slow reader must cost the server a bounded amount of memory: `held_bytes` is what it held, over time."""
    most = max(held_bytes, default=0)
    if published_bytes <= room_bytes:
        return Verdict("C63", None, f"only {published_bytes:,} bytes were published: too few to fill {room_bytes:,}")
    because = f"of {published_bytes:,} bytes published the server held at most {most:,} for a reader that never reads"
    return Verdict("C63", most <= room_bytes, f"{because}; the limit is {room_bytes:,}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none of them"
