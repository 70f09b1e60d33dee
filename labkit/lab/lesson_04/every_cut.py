"""The promise: whatever byte the connection is cut after, each event comes once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.errors import counted
from labkit.faults import Cut, Fault, First, Machine
from labkit.faults.fault import HOWS, How
from labkit.lab.lesson_04.memory_wire import MemoryWire
from labkit.proxy import relay
from labkit.server import StreamHandler, serve
from labkit.wire import Event, Frame, encode
from labkit.wire.chunked import LAST_CHUNK, chunk

__all__ = [
    "HOWS", "REFERENCE", "SHORT", "Client", "Tally", "body", "cut_in_memory", "cut_on_sockets", "events_of",
    "labkit_client", "places", "response", "survived_cuts",
]  # fmt: skip

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
GONE = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

_TEXTS = ("tick", "grün, €3.50", "zwei\nZeilen", "🎈 up, up", "", "data: not a field", "first\n\nthird", " a space")

#: 24 events: ids, types, empty and multi-line data, characters of one to four bytes.
REFERENCE = tuple(
    Frame(data=f"{_TEXTS[number % len(_TEXTS)]}", event=("up", None, "größer")[number % 3], id=f"r-{number}")
    for number in range(1, 25)
)
#: Few bytes, because pairs of cuts grow with their square.
SHORT = (Frame(data="é", id="1"), Frame(data="a\nb", id="2"))


def events_of(frames: Sequence[Frame]) -> list[Event]:
    """What a client that misses nothing gets."""
    return [Event(frame.data or "", frame.event or "message", frame.id or "") for frame in frames]


def frames_after(frames: Sequence[Frame], last_event_id: str) -> Sequence[Frame]:
    """What a server still has to send to a client that has got as far as this id; all of it for an unknown one."""
    ids = [frame.id for frame in frames]
    return frames[ids.index(last_event_id) + 1 :] if last_event_id in ids else frames


@dataclass(slots=True)
class Tally:
    """What became of the events, over many cases."""

    cases: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0

    def count(self, events: Sequence[Event], expected: Sequence[Event]) -> None:
        """One more case."""
        ids = [event.last_event_id for event in events]
        self.cases += 1
        self.lost += sum(event not in events for event in expected)
        self.doubled += len(ids) - len(set(ids))
        kept = [event for place, event in enumerate(events) if event.last_event_id not in ids[:place]]
        self.disordered += kept != [event for event in expected if event in kept]

    @property
    def flawless(self) -> bool:
        """Whether every case ended with each event exactly once, in order."""
        return self.cases > 0 and not (self.lost or self.doubled or self.disordered)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.cases + other.cases, self.lost + other.lost, self.doubled + other.doubled,
            self.disordered + other.disordered,
        )  # fmt: skip

    def __repr__(self) -> str:
        order = "in order" if not self.disordered else f"{counted(self.disordered, 'time')} out of order"
        return f"{counted(self.cases, 'cut')}: {counted(self.lost, 'event')} lost, {self.doubled} doubled, {order}"


def response(frames: Sequence[Frame], last_event_id: str = "", body_bytes: int | None = None) -> bytes:
    """Every byte that a server writes to this client: head, chunks, last chunk; or a 204 when it has everything.

    With `body_bytes` the body has no more than so many, and is ended properly there: a clean end that comes too early.
    """
    rest = frames_after(frames, last_event_id)
    if not rest:
        return GONE
    left, chunks = body_bytes, b""
    for frame in (Frame(retry_ms=0), *rest):
        data = encode(frame)[:left]
        left = None if left is None else left - len(data)
        chunks += chunk(data) if data else b""
    return HEAD + chunks + LAST_CHUNK


def places(frames: Sequence[Frame], how: How) -> range:
    """All places where such a cut can be: of the wire's bytes, or for a clean end of the body's."""
    if how == "clean":
        return range(len(encode(Frame(retry_ms=0))) + sum(len(encode(frame)) for frame in frames))
    return range(len(response(frames)))


@dataclass(frozen=True)
class CutEach(Fault):
    """The n-th connection is cut after the n-th number of bytes of the wire; those after the list pass."""

    after: tuple[int, ...]
    how: How

    def start(self, n: int, rng: Random) -> Machine:
        return Cut(bytes=self.after[n - 1], how=self.how).start(n, rng) if n <= len(self.after) else Machine()


#: Reads everything that comes over this transport, over as many connections as it takes.
Client = Callable[[MemoryWire], Awaitable[list[Event]]]


async def labkit_client(wire: MemoryWire) -> list[Event]:
    """What labkit's EventSource gets, on httpx and h11. Waiting is simulated."""
    return await _read(EventSource("http://127.0.0.1/", transport=wire, clock=ImpatientClock()))


async def cut_in_memory(
    frames: Sequence[Frame], cuts: Iterable[tuple[int, ...]], how: How, client: Client = labkit_client
) -> Tally:
    """What became of the events, over all the cuts. Each is a tuple: the first connection is cut after so many bytes,
    the second, and so on; see places(). The client is real, the network is memory."""
    expected, tally = events_of(frames), Tally()
    async for events in _after_each(frames, cuts, how, client):
        tally.count(events, expected)
    return tally


async def survived_cuts(frames: Sequence[Frame], client: Client) -> list[bool]:
    """For each byte of the body but the last: whether the client gets each event once if the body ends behind it."""
    cuts = [(count,) for count in places(frames, "clean")[1:]]
    return [events == events_of(frames) async for events in _after_each(frames, cuts, "clean", client)]


async def _after_each(
    frames: Sequence[Frame], cuts: Iterable[tuple[int, ...]], how: How, client: Client
) -> AsyncIterator[list[Event]]:
    def respond(last_event_id: str) -> bytes:
        n = len(wire.asked)
        return response(frames, last_event_id, case[n - 1] if how == "clean" and n <= len(case) else None)

    wire = MemoryWire(respond)
    for case in cuts:
        wire.restart_with(*([CutEach(case, how)] if how != "clean" else []))
        yield await client(wire)


def body(frames: Sequence[Frame]) -> bytes:
    """The body that a new client gets."""
    return b"".join(map(encode, (Frame(retry_ms=0), *frames)))


async def cut_on_sockets(frames: Sequence[Frame], how: How, first: int = 0, step: int = 1) -> Tally:
    """A real server, a real relay that cuts the first connection after each number of bytes in turn, a real client;
    with `step` after each third, say, from the byte `first` on."""
    expected, tally = events_of(frames), Tally()

    class Finite(StreamHandler):
        def get(self) -> None:
            rest = frames_after(frames, self.last_event_id)
            if not rest:
                return self.set_status(204)
            self.write(encode(Frame(retry_ms=0)) + b"".join(map(encode, rest)))
            return None

    of_the_wire = how != "clean"
    async with serve(Finite) as server, relay(server.url) as proxy:
        size = await _size(proxy.url, of_the_wire)
        for count in range(first, size, step):
            proxy.set(First(1, Cut(bytes=count, how=how, of_the_wire=of_the_wire)))
            tally.count(await _read(EventSource(proxy.url, clock=ImpatientClock())), expected)
    return tally


async def _read(source: EventSource) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(20), source:
        async for event in source:
            events.append(event)
    return events


async def _size(url: str, of_the_wire: bool) -> int:
    """How many bytes the response has, with or without its head and framing."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /events HTTP/1.%d\r\nHost: %b\r\n\r\n" % (of_the_wire, address.netloc.encode()))
    answer = await reader.read(-1)
    writer.close()
    return len(answer) if of_the_wire else len(answer.partition(b"\r\n\r\n")[2])
