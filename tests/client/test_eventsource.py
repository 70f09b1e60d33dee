"""The client against answers that are made up: no socket, and every wait is over at once."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from labkit.client import RESILIENT, STANDARD, EventSource
from labkit.clock import ImpatientClock
from labkit.errors import LimitExceeded, RetriesExhausted, StreamLost, StreamRejected
from labkit.wire import Comment, Event, Ignored, Retry

STREAM = {"content-type": "text/event-stream"}


class Body(httpx.AsyncByteStream):
    """Chunks, and errors to raise in between."""

    def __init__(self, steps: tuple[bytes | Exception, ...]) -> None:
        self.steps = steps

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            yield step


def stream(*steps: bytes | Exception, headers: dict[str, str] = STREAM, status: int = 200) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=Body(steps))


class Server(httpx.AsyncBaseTransport):
    """Answers each request with the next answer, then with 204; keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx.Response(204)
        if isinstance(answer, Exception):
            raise answer
        return answer


def listen(
    *answers: httpx.Response | Exception, **settings: Any
) -> tuple[list[Event], Server, EventSource, ImpatientClock]:
    """Iterates to the end; an error that ends it is left in `source.error`."""
    server, clock = Server(*answers), ImpatientClock()

    async def main() -> tuple[list[Event], EventSource]:
        source = EventSource("http://stream.test/", transport=server, clock=clock, rng=random.Random(1), **settings)
        return [event async for event in source], source

    events, source = asyncio.run(main())
    return events, server, source, clock


def fails(error: type[Exception], *answers: httpx.Response | Exception, **settings: Any) -> tuple[Exception, Server]:
    server = Server(*answers)

    async def main() -> None:
        async for _ in EventSource("http://stream.test/", transport=server, clock=ImpatientClock(), **settings):
            pass

    with pytest.raises(error) as caught:
        asyncio.run(main())
    return caught.value, server


def test_events_come_and_204_ends_it() -> None:
    events, server, source, _ = listen(stream(b"id: 1\ndata: a\n\n"))
    assert events == [Event("a", "message", "1")]
    assert (source.state, source.connections, len(server.requests)) == ("closed", 2, 2)


@pytest.mark.parametrize("status", [201, 206, 400, 401, 404, 500, 503])
def test_no_other_status_opens(status: int) -> None:
    error, _ = fails(StreamRejected, stream(b"data: a\n\n", status=status))
    assert str(status) in str(error)


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/x-ndjson", "text/event-streams", ""])
def test_no_other_media_type_opens(content_type: str) -> None:
    error, _ = fails(StreamRejected, stream(b"<html>", headers={"content-type": content_type}))
    assert "Is this the URL of a page?" in str(error)


def test_the_request_is_what_the_standard_asks() -> None:
    _, server, _, _ = listen(stream(b"id: \xe2\x80\xa6\ndata: a\n\n"), headers={"Authorization": "Bearer x"})
    first, second = server.requests
    assert first.headers.get_list("accept") == ["text/event-stream"]
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["authorization"] == "Bearer x"
    assert "last-event-id" not in first.headers
    assert dict(second.headers.raw)[b"Last-Event-ID"] == "…".encode()


def test_an_id_that_was_cleared_is_not_sent() -> None:
    _, server, _, _ = listen(stream(b"id: 1\ndata: a\n\nid\n\n"))
    assert "last-event-id" not in server.requests[1].headers


def test_an_id_in_an_unfinished_block_is_not_sent() -> None:
    events, server, _, _ = listen(stream(b"id: 1\ndata: a\n\nid: 2\ndata: b\n"))
    assert [event.data for event in events] == ["a"]
    assert server.requests[1].headers["last-event-id"] == "1"


def test_a_reader_that_stops_in_mid_chunk_has_only_what_it_took() -> None:
    async def main() -> str:
        server = Server(stream(b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n"))
        async with EventSource("http://stream.test/", transport=server) as source:
            async for _ in source:
                break
        return source.last_event_id

    assert asyncio.run(main()) == "1"


def test_the_id_stays_in_force_over_connections() -> None:
    events, server, _, _ = listen(stream(b"id: 1\ndata: a\n\n"), stream(b"data: b\n\n"), last_event_id="0")
    assert [event.last_event_id for event in events] == ["1", "1"]
    assert [request.headers.get("last-event-id") for request in server.requests] == ["0", "1", "1"]


def test_retry_sets_the_wait_and_without_it_3_seconds() -> None:
    _, _, source, clock = listen(stream(b"data: a\n\n"), stream(b"retry: 250\n"), stream(b""))
    assert clock.sleeps == [3.0, 0.25, 0.25]
    assert source.reconnection_ms == 250


@pytest.mark.parametrize(
    "problem", [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.RemoteProtocolError("incomplete")]
)
def test_a_broken_connection_is_made_again(problem: Exception) -> None:
    events, server, _, _ = listen(stream(b"data: a\n\nid: 9\ndata: lost", problem), problem, stream(b"data: b\n\n"))
    assert [event.data for event in events] == ["a", "b"]
    assert len(server.requests) == 4


def test_silence_is_a_broken_connection_too() -> None:
    states: list[str] = []
    events, _, _, _ = listen(
        stream(b"data: a\n\n", httpx.ReadTimeout("")),
        read_timeout_s=45.0,
        on_state=lambda state, why: states.append(why),
    )
    assert [event.data for event in events] == ["a"]
    assert "no byte for 45 s, not even a heartbeat" in states[1]


def test_the_resilient_policy_outlives_a_deploy() -> None:
    bad = [stream(b"", status=502), stream(b"", status=503), httpx.ConnectError("refused")]
    events, _, _, clock = listen(stream(b"data: a\n\n"), *bad, stream(b"data: b\n\n"), policy=RESILIENT)
    assert [event.data for event in events] == ["a", "b"]
    limits = [3.0, 6.0, 12.0, 24.0, 3.0]
    assert all(0 <= wait <= limit for wait, limit in zip(clock.sleeps, limits, strict=True))
    assert len(set(clock.sleeps)) == 5


def test_patience_has_an_end_where_the_policy_has_one() -> None:
    error, server = fails(
        RetriesExhausted, *[httpx.ConnectError("refused")] * 5, policy=dataclasses.replace(STANDARD, max_failures=3)
    )
    assert "gave up after 3 failed attempts" in str(error)
    assert len(server.requests) == 3


def test_a_server_that_was_never_there() -> None:
    error, _ = fails(
        StreamLost, httpx.ConnectError("refused"), policy=dataclasses.replace(STANDARD, must_open_first=True)
    )
    assert "http://stream.test/ cannot be reached" in str(error)


def test_an_event_without_end_stops_it_for_good() -> None:
    _, server = fails(LimitExceeded, stream(b"data: " + b"x" * 100), max_event_bytes=50)
    assert len(server.requests) == 1


def test_redirects_are_followed() -> None:
    moved = httpx.Response(307, headers={"location": "http://elsewhere.test/"})
    events, server, _, _ = listen(moved, stream(b"data: a\n\n"))
    assert [event.data for event in events] == ["a"]
    assert server.requests[1].url == "http://elsewhere.test/"


def test_post_with_a_body() -> None:
    _, server, _, _ = listen(stream(b"data: a\n\n"), method="POST", json={"prompt": "hi"})
    assert [(request.method, request.content) for request in server.requests] == [("POST", b'{"prompt":"hi"}')] * 2


def test_everything_can_be_watched() -> None:
    states: list[tuple[str, str]] = []
    signals: list[object] = []
    chunks: list[bytes] = []
    listen(
        stream(b": hi\nfoo\nretry: 7\n", b"data: a\n\n"),
        on_state=lambda state, why: states.append((state, why)), on_signal=signals.append, on_bytes=chunks.append,
    )  # fmt: skip
    assert [state for state, _ in states] == ["open", "connecting", "closed"]
    assert [type(signal) for signal in signals] == [Comment, Ignored, Retry, Event]
    assert chunks == [b": hi\nfoo\nretry: 7\n", b"data: a\n\n"]


def test_a_reader_that_is_cancelled_by_others_is_cancelled() -> None:
    async def main() -> None:
        answer = httpx.Response(200, headers=STREAM, stream=Never())
        async with EventSource("http://stream.test/", transport=Server(answer)) as source:
            async for _ in source:
                pass

    async def cancel() -> None:
        reading = asyncio.create_task(main())
        await asyncio.sleep(0.05)
        reading.cancel()
        await reading

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


class Never(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data: a\n\n"
        await asyncio.sleep(3600)


@pytest.mark.parametrize(
    "where",
    [lambda: httpx.Response(200, headers=STREAM, stream=Never()), lambda: httpx.ConnectError("refused")],
    ids=["while reading", "while waiting"],
)
def test_close_from_elsewhere_ends_the_iteration(where: Callable[[], Any]) -> None:
    class Slow(ImpatientClock):
        async def sleep_s(self, seconds: float) -> None:
            await asyncio.sleep(3600)

    async def main() -> str:
        source = EventSource("http://stream.test/", transport=Server(where()), clock=Slow())

        async def read() -> list[Event]:
            return [event async for event in source]

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        await source.close()
        await asyncio.wait_for(reading, 5)
        return source.state

    assert asyncio.run(main()) == "closed"
