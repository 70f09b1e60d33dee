"""Where a stream is cut, and what was received in spite of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from labkit.clock import wait_until
from labkit.doctor.body import read_content
from labkit.errors import LabError
from labkit.faults import Cut, First
from labkit.faults.event_ends import EventEnds
from labkit.proxy import Relay, relay
from labkit.system.secrets import shown_url
from labkit.testing.reader import Asked, EventReader

#: How many events "every event" cuts behind, and how many bytes "every byte" cuts after: each is a reader of its own.
MAX_EVENTS = 20
MAX_BYTES = 100
READER_S = 0.1  # so much longer it may take for each reader
CATCH_UP_S = 0.5  # so long the reference may take to receive what another reader has already

At = int | Cut | Iterable[int | Cut] | Literal["every event", "every byte"]


@dataclass(frozen=True)
class CutAttempt:
    """One reader that was cut: where, what it received, and whether the cut took place."""

    cut: Cut
    reader: EventReader
    reached: bool


def cuts_of(at: At, body: bytes) -> list[Cut]:
    """The cuts that `at` means, for a stream whose body begins with `body`.

    "every event" stops at MAX_EVENTS; "every byte" takes the first MAX_BYTES from the first event on.

    Raises:
        LabError: `at` is none of these, or names too many.
    """
    if at == "every event":
        return [Cut(events=number) for number in range(1, min(len(EventEnds().feed(body)), MAX_EVENTS) + 1)]
    if at == "every byte":
        start = _first_event(body)
        return [Cut(bytes=place) for place in range(start + 1, min(len(body), start + MAX_BYTES) + 1)]
    if isinstance(at, str):
        raise LabError(f"at={at!r} is not known: 'every event', 'every byte', an event's number, or Cut(bytes=17)")
    places = [at] if isinstance(at, int | Cut) else list(at)
    if not 0 < len(places) <= MAX_BYTES:
        raise LabError(f"at= names {len(places)} places; it takes 1 to {MAX_BYTES}")
    return [place if isinstance(place, Cut) else Cut(events=place) for place in places]


def place_of(cut: Cut) -> str:
    """Where a cut is, as a sentence says it."""
    if cut.events is None:
        return f"after byte {cut.bytes}"
    into = f" and {cut.into} bytes" if cut.into else ""
    return f"behind event {cut.events}{into}"


async def read_with_cuts(
    asked: Asked, cuts: Sequence[Cut], within_s: float, away_ok: bool = True
) -> tuple[EventReader, list[CutAttempt]]:
    """What a reader without a cut received, and at the same time one reader for each cut.

    Raises:
        LabError: the relay cannot stand in front of that URL.
    """
    if urlsplit(asked.url).scheme != "http":
        why = "the relay that cuts it speaks http:// only. Give the app, or the URL of the server behind TLS"
        raise LabError(f"{shown_url(asked.url)} cannot be cut: {why}")
    reference = EventReader(asked)
    async with AsyncExitStack() as stack:
        relays: list[Relay] = []
        for cut in cuts:
            relays.append(await stack.enter_async_context(relay(asked.url, First(1, cut), anywhere=away_ok)))
        query = urlsplit(asked.url).query
        readers = [
            EventReader(
                replace(asked, url=proxy.url + (f"?{query}" if query else "")), reference, clean_cut=cut.how == "clean"
            )
            for cut, proxy in zip(cuts, relays, strict=True)
        ]
        following = asyncio.ensure_future(reference.follow())
        await wait_until(lambda: reference.opened, within_s)
        tasks = [asyncio.ensure_future(reader.follow()) for reader in readers]
        await asyncio.wait(tasks, timeout=within_s + len(tasks) * READER_S)  # many readers share one processor
        await wait_until(lambda: reference.over or _is_ahead(reference, readers), CATCH_UP_S)
        for task in (*tasks, following):
            task.cancel()
        await asyncio.gather(*tasks, following, return_exceptions=True)
        reached = [any("cut" in passage.ended for passage in proxy.passages) for proxy in relays]
    attempts = [
        CutAttempt(cut, reader, was_cut or (cut.how == "clean" and reader.returned_with is not None))
        for cut, reader, was_cut in zip(cuts, readers, reached, strict=True)
    ]
    return reference, attempts


def _is_ahead(reference: EventReader, readers: Iterable[EventReader]) -> bool:
    known = {received.id for received in reference.received}
    return all(reader.received[-1].id in known for reader in readers if reader.received)


def _first_event(body: bytes) -> int:
    """The offset in bytes at which the paragraph of the first event begins; 0 without one."""
    ends = EventEnds().feed(body)
    before = body[: ends[0]] if ends else b""
    blank_lines = [place for place in range(len(before) - 1) if before[place : place + 2] in (b"\n\n", b"\r\r")]
    return blank_lines[-2] + 2 if len(blank_lines) > 1 and read_content(before).blocks else 0
