"""What comes too late to be seen: a head that is held, a worker that is busy, a port that speaks no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from email.utils import formatdate

import pytest

from labkit.doctor import Diagnosis, FurtherAnswers, NotExamined, PortAnswer, examine, judge
from labkit.doctor.examine import patience_of
from labkit.doctor.leaving import Readers
from labkit.faults import HoldBytes
from labkit.lab.raw_server import loopback
from labkit.recording import Recording

from .test_judge import WORDS, body, events, stream, tick, ticks

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nContent-Length: 9999\r\n"
NOTHING = Recording(0, broken="connected, and no head came", end_s=30.0, url="http://127.0.0.1/")


def asked(port: PortAnswer | None = None, **answers: Recording) -> Diagnosis:
    return judge(NOTHING, FurtherAnswers(port=port, **answers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made, cause, said",
    [
        (asked(PortAnswer(http="404 within 3 ms", front=True)), "head-held", "no head within 30 s, while another"),
        (asked(PortAnswer(front=True)), "worker-busy", "another request waits too"),
        (asked(PortAnswer(after_leaving="200 within 2 ms")), "worker-busy", "when ours was over, one was answered"),
        (asked(PortAnswer(reads=False)), "worker-busy", "nobody noticed that we hung up"),
        (asked(PortAnswer(http="200 within 2 ms"), uncompressed=WORDS), "compression-holds", "asked for without"),
        (asked(direct=WORDS), "head-held", "the server itself sends it"),
    ],
)
def test_a_head_that_does_not_come_has_a_cause(made: Diagnosis, cause: str, said: str) -> None:
    assert made.first == cause and said in made.findings[0].evidence


def test_a_port_that_only_listens_is_no_finding() -> None:
    assert asked(PortAnswer()).findings == () == asked().findings


@contextlib.asynccontextmanager
async def port(answer: Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[str]:
    """A server whose `answer` is called with the first bytes of each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(await reader.read(4096), reader, writer)  # type: ignore[misc]
        with contextlib.suppress(ConnectionError):
            await writer.drain()

    async with loopback(serve) as url:
        yield url


async def holds_head(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if first.startswith(b"HEAD"):
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return
    await reader.read()


async def holds_compressed(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if b"identity" not in first:
        await holds_head(first, reader, writer)
        return
    writer.write(HEAD + b"\r\nretry: 1000\n\nid: 1\ndata: a\n\n")
    await reader.read()


async def front_alone(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if first.startswith(b"GET\r\n"):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return
    await reader.read()


async def silent(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def blocked(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(20)


@pytest.mark.live
def test_what_answers_at_the_port_tells_who_it_is() -> None:
    """Some 3 s, all at once: a second of watching, and twice a second in which nothing is answered."""
    servers = {"head-held": holds_head, "compression-holds": holds_compressed, "worker-busy": front_alone}

    async def main() -> None:
        async def first(answer: Callable[..., object], **options: float) -> str:
            async with port(answer) as url:
                return (await examine(url, seconds=0.5, patience_s=2.2, **options)).first  # type: ignore[arg-type]

        async def none() -> None:
            async with port(silent) as url:
                with pytest.raises(NotExamined, match="does it speak HTTP"):
                    await examine(url, seconds=0.5, patience_s=2.2)

        found = await asyncio.gather(*map(first, servers.values()), first(blocked), none())
        assert found[:-1] == [*servers, "worker-busy"]

    asyncio.run(main())


@pytest.mark.live
def test_what_comes_late_is_waited_for_and_no_longer() -> None:
    """2 s: a head and a heartbeat that come after the time that was asked for."""

    async def late_head(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.8)
        writer.write(HEAD + b"\r\nretry: 1000\n\nid: 1\ndata: a\n\n")
        await reader.read()

    async def late_heartbeat(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        await asyncio.sleep(0.8)
        writer.write(b": still here\n\n")
        await reader.read()

    async def one(answer: Callable[..., object]) -> tuple[Diagnosis, float]:
        async with port(answer) as url:
            began_s = time.monotonic()
            return await examine(url, seconds=0.5), time.monotonic() - began_s

    async def main() -> None:
        (head, _), (beat, took_s) = await asyncio.gather(one(late_head), one(late_heartbeat))
        assert head.first == "head-late", head
        assert beat.healthy and [finding.name for finding in beat.findings][-1] == "quiet"
        assert took_s < 2.5, "patience is over when a byte has come"

    asyncio.run(main())


def test_how_much_longer_is_watched_has_a_limit() -> None:
    assert [patience_of(seconds) for seconds in (0.5, 2, 10, 600)] == [2.5, 10, 20, 20]


def test_a_healthy_verdict_says_what_it_cannot_know() -> None:
    still_open = replace(stream(ticks()), ended=False)
    (limit,) = judge(still_open).limits
    assert "watched for 2 s" in limit and "Envoy after 15 s" in limit and "AWS's ALB after 60 s" in limit
    assert "Envoy" not in judge(replace(still_open, end_s=20.0)).limits[0]
    assert judge(body(*events("a"))).limits == () == judge(replace(still_open, end_s=200.0)).limits


def late(seconds: float, count: int = 12, grows_by_s: float = 0.0) -> Recording:
    """Events one by one, each of them later than it was sent by so much."""
    return stream([(n * 0.2, tick(n, n * 0.2 - seconds - n * grows_by_s)) for n in range(count)])


def dated(recording: Recording, behind_s: float) -> Recording:
    """The same with the Date of a clock that is so far behind."""
    date = formatdate(recording.began_epoch_s - behind_s, usegmt=True)
    return replace(recording, headers={**recording.headers, "date": date})


def polled(every_s: float, made_s: float) -> Recording:
    """What a server sends that asks its database so often; a row is made each `made_s`."""
    made = [n * made_s for n in range(1, 40)]
    return stream([((at_s // every_s + 1) * every_s, tick(n, at_s)) for n, at_s in enumerate(made)])


SNAPSHOT = b'event: state\nid: 4\ndata: {"all": 4}\n\n'
CHANGES = [f"event: change\nid: {n}\ndata: {n}\n\n".encode() for n in range(5, 9)]
LARGE = b"id: 9\ndata: " + b"x" * 500 + b"\n\n"
UNANSWERED = Recording(0, broken="connected, and no head came", end_s=3.0)


#: What comes of such a stream at first: full, and so cut inside a line. (The retry line was in it as well.)
FIRST_BUFFER = tuple(arrival for arrival in stream(ticks(90), HoldBytes(4000)).arrivals if arrival.at_s < 9.0)[:1]


def resumed(first: Recording, again: Recording, last_event_id: str) -> Diagnosis:
    return judge(first, FurtherAnswers(resumed=again, last_event_id=last_event_id))


def cut(end_s: float, last_s: float, age: Recording | None = None) -> Diagnosis:
    """Events every 0.3 s, the last of them at `last_s`, and a connection that broke at `end_s`."""
    pieces = [(n * 0.3, tick(n, n * 0.3)) for n in range(1, 60) if n * 0.3 <= last_s]
    recording = replace(stream(pieces), ended=False, broken="peer closed the connection", end_s=end_s)
    return judge(recording, FurtherAnswers(second_recording=age))


ILL = {
    "all late by 3 s, and the Date is right": ("always-late", lambda: judge(dated(late(3.0), 0.0))),
    "all late by 3 s": ("always-late", lambda: judge(late(3.0))),
    "later and later": ("always-late", lambda: judge(late(2.0, 20, 0.1))),
    "the second request is not answered": ("second-unanswered", lambda: resumed(WORDS, UNANSWERED, "2")),
    "the second request gets a late head and no more": (
        "second-unanswered",
        lambda: resumed(WORDS, replace(body(), head_s=2.1, end_s=3.0), "2"),
    ),
    "the first full buffer, and then the watching was over": (
        "full-buffers",
        lambda: judge(replace(stream(ticks(70), HoldBytes(4000)), ended=False, arrivals=FIRST_BUFFER, end_s=9.3)),
    ),
    "Envoy's timer of 5 s": ("total-timeout", lambda: cut(6.0, 4.9)),
    "an idle timer of 3 s": ("broken-off", lambda: cut(6.0, 3.0)),  # nobody has seen it twice
    "a cork on events far apart, sent when we asked": (
        "corked",
        lambda: judge(stream([(n * 0.9 + 0.205, tick(n, n * 0.9 + 0.01)) for n in range(6)])),
    ),
}
WELL = {
    "late by 0.9 s, or a clock behind": lambda: judge(late(0.9)),
    "recorded an hour ago": lambda: judge(late(3600.0)),
    "history, and then what is new": lambda: judge(
        stream([(0.1 * n, tick(n, n * 0.1 - 4 + n * 0.2)) for n in range(20)])
    ),
    "another machine's clock": lambda: judge(replace(late(3.0), url="https://far.away/")),
    "a clock that is 200 ms behind": lambda: judge(stream([(n * 0.9, tick(n, n * 0.9 - 0.2)) for n in range(1, 7)])),
    "a way of 200 ms": lambda: judge(
        replace(stream([(n * 0.9 + 0.4, tick(n, n * 0.9 + 0.2)) for n in range(6)]), head_s=0.4)
    ),
    "a database that is asked every 2 s": lambda: judge(polled(2.0, 0.5)),
    "a database that is asked every second": lambda: judge(polled(1.0, 0.3)),
    "a database that is asked every second, in 30 ms": lambda: judge(polled(1.03, 0.35)),
    "a database that is asked every 2 s, in 60 ms": lambda: judge(polled(2.06, 0.4)),
    "a machine whose Date is 3 s behind as well": lambda: judge(dated(late(3.0), 3.0)),
    "a way of 150 to 250 ms": lambda: judge(
        stream([(n * 0.12 + (0.15, 0.25, 0.17, 0.22, 0.19)[n % 5], tick(n, n * 0.12)) for n in range(25)])
    ),
    "a clock that is 200 ms behind, and one event late": lambda: judge(
        stream([(n * 0.3 + 0.2 + (0.08 if n == 4 else 0), tick(n, n * 0.3)) for n in range(1, 12)])
    ),
    "a state, and then its changes": lambda: resumed(body(SNAPSHOT, *CHANGES), body(SNAPSHOT, *CHANGES), "6"),
    "a large state without a type": lambda: resumed(body(LARGE, *events(*"abcd")), body(LARGE, *events("e")), "2"),
    "a head that was slow both times": lambda: resumed(replace(WORDS, head_s=1.0), UNANSWERED, "2"),
}


@pytest.mark.parametrize("name", ILL)
def test_what_is_late_is_named(name: str) -> None:
    cause, make = ILL[name]
    found = make()
    assert found.first == cause, found


@pytest.mark.parametrize("name", WELL)
def test_what_only_looks_late_is_no_alarm(name: str) -> None:
    found = WELL[name]()
    assert found.healthy, found


def test_who_comes_while_we_leave_hides_whether_that_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def noticed(*counts: int) -> bool | None:
        readers, left = Readers("http://127.0.0.1/", {}, True, 0.5), iter(counts)

        async def count_after(seconds: float) -> int | None:
            return next(left)

        monkeypatch.setattr(readers, "_count_after", count_after)
        return await readers.leaving_noticed(5)

    assert asyncio.run(noticed(5, 4)) is True
    assert asyncio.run(noticed(5, 6)) is None
