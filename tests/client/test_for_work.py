"""What a client needs at work: headers that are made anew, its own TLS and client, facts, and restart()."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from labkit.client import RESILIENT, EventSource, LongPolling, Polling, Source, StateReason, WebSocketSource
from labkit.clock import ImpatientClock, VirtualClock
from labkit.errors import LimitExceeded, RetriesExhausted, StreamLost, StreamRejected, StreamStalled
from labkit.lab import raw_server
from labkit.recording.decompress import accept_encoding
from labkit.server import Channel, polling, serve, websocket

from ..helpers import soon

URL = "http://stream.test/"
STREAM = {"content-type": "text/event-stream"}


def ok(text: str, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=STREAM | headers, content=f"data: {text}\n\n".encode())


def source_of(*answers: httpx.Response | Exception, **settings: Any) -> tuple[EventSource, list[httpx.Request]]:
    """A source whose requests get these answers, and then 204; and the requests."""
    left, requests = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        found = left.pop(0) if left else httpx.Response(204)
        if isinstance(found, Exception):
            raise found
        return found

    settings.setdefault("clock", ImpatientClock())
    return EventSource(URL, transport=httpx.MockTransport(answer), **settings), requests


def read(source: Source) -> list[str]:
    async def main() -> list[str]:
        async with asyncio.timeout(10):
            return [event.data async for event in source]

    return asyncio.run(main())


# --- headers ---


def test_headers_may_be_a_function_which_is_asked_before_each_attempt() -> None:
    keys = iter("abcdefgh")

    async def from_afar() -> dict[str, str]:
        await asyncio.sleep(0)
        return {"Authorization": f"Bearer {next(keys)}"}

    makers: list[Callable[[], Any]] = [lambda: {"Authorization": f"Bearer {next(keys)}"}, from_afar]
    for maker in makers:
        source, requests = source_of(ok("1"), ok("2"), headers=maker)
        assert read(source) == ["1", "2"]
        assert len({request.headers["authorization"] for request in requests}) == 3


def test_after_a_401_headers_are_asked_for_once_more_and_a_second_401_is_a_refusal() -> None:
    asked: list[int] = []

    def headers() -> dict[str, str]:
        asked.append(1)
        return {"Authorization": f"Bearer {len(asked)}"}

    source, requests = source_of(httpx.Response(401), ok("1"), headers=headers)
    assert read(source) == ["1"]
    assert [request.headers["authorization"] for request in requests] == ["Bearer 1", "Bearer 2", "Bearer 3"]
    assert source.connections == 3
    source, requests = source_of(httpx.Response(401), httpx.Response(401), headers=headers)
    with pytest.raises(StreamRejected, match="401"):
        read(source)
    assert len(requests) == 2
    source, requests = source_of(httpx.Response(401), headers={"Authorization": "Bearer fixed"})
    with pytest.raises(StreamRejected):
        read(source)
    assert len(requests) == 1


def test_what_a_function_of_the_caller_raises_reaches_the_caller() -> None:
    def headers() -> dict[str, str]:
        raise LookupError("no token in the vault")

    source, requests = source_of(ok("1"), headers=headers)
    with pytest.raises(LookupError, match="vault"):
        read(source)
    assert (source.state, requests) == ("closed", [])


# --- the response, the client, TLS, the limit ---


def test_status_and_headers_of_the_response() -> None:
    source, _ = source_of(ok("1", **{"x-request-id": "r7"}))
    assert (source.status, source.response_headers) == (None, None)

    async def main() -> None:
        async with source:
            await anext(source)
            assert source.status == 200
            assert source.response_headers is not None and source.response_headers["X-Request-Id"] == "r7"

    asyncio.run(main())


def test_a_client_of_ones_own_is_used_and_stays_open() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if len(requests) == 1:
            return httpx.Response(302, headers={"Location": "http://other.test/"})
        return ok("1") if len(requests) == 2 else httpx.Response(204)

    async def main() -> None:
        own = httpx.AsyncClient(
            transport=httpx.MockTransport(answer), headers={"Authorization": "Bearer mine"}, cookies={"a": "b"}
        )
        async with EventSource(URL, client=own, clock=ImpatientClock(), headers={"X-Mine": "me"}) as source:
            assert [event.data async for event in source] == ["1"]
        assert not own.is_closed
        await own.aclose()

    asyncio.run(main())
    assert (requests[0].headers["authorization"], requests[0].headers["cookie"]) == ("Bearer mine", "a=b")
    assert requests[0].headers["accept-encoding"] == accept_encoding()  # what can be read here, and not what httpx can
    assert not {"authorization", "cookie", "x-mine"} & set(requests[1].headers)  # it is another origin


def test_a_certificate_of_ones_own() -> None:
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    at_server, at_client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(at_server)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: safe\n\n")
        await writer.drain()
        await asyncio.sleep(30)

    async def first(url: str, **settings: Any) -> str:
        async with EventSource(url, policy=replace(RESILIENT, max_failures=1), **settings) as source:
            return (await anext(source)).data

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=at_server)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(StreamLost, match=r"(?i)certificate"):
            await first(url)
        assert await first(url, verify=False) == "safe"
        authority.configure_trust(at_client)
        assert await first(url, verify=at_client) == "safe"
        server.close()

    asyncio.run(main())


def test_an_event_may_have_no_limit() -> None:
    big = "x" * (2 * 1024 * 1024)
    with pytest.raises(LimitExceeded):
        read(source_of(ok(big))[0])
    assert read(source_of(ok(big), max_event_bytes=None)[0]) == [big]


# --- facts ---


def told(*answers: httpx.Response | Exception, **settings: Any) -> list[tuple[str, StateReason]]:
    reasons: list[tuple[str, StateReason]] = []
    source, _ = source_of(*answers, on_state=lambda state, reason: reasons.append((state, reason)), **settings)
    with contextlib.suppress(StreamLost, StreamRejected):
        read(source)
    return reasons


class Cut(httpx.AsyncByteStream):
    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    async def __aiter__(self) -> Any:
        yield b"data: a\n\n"
        raise self.problem


def cut(problem: Exception) -> httpx.Response:
    return httpx.Response(200, headers=STREAM, stream=Cut(problem))


def test_an_end_a_break_a_stall_and_a_refusal_differ_without_their_prose() -> None:
    reasons = told(
        ok("end"),
        cut(httpx.ReadError("reset")),
        cut(httpx.ReadTimeout("")),
        httpx.Response(503),
        httpx.ConnectError("refused"),
        policy=replace(RESILIENT, jitter=False),
        reconnection_ms=1000,
    )
    waits = [(reason.attempt, reason.status, type(reason.error)) for state, reason in reasons if state == "connecting"]
    assert waits == [
        (1, 200, type(None)), (2, 200, StreamLost), (3, 200, StreamStalled), (4, 503, StreamRejected),
        (5, None, StreamLost),
    ]  # fmt: skip
    assert [reason.wait_s for state, reason in reasons if state == "connecting"] == [1, 1, 1, 2, 4]
    state, last = reasons[-1]
    assert (state, last.status, last.error, last.attempt) == ("closed", 204, None, 6)


def test_the_last_reason_carries_the_error_that_is_raised() -> None:
    for answers, kind in (
        ((httpx.Response(404),), StreamRejected),
        ((httpx.ConnectError("x"),) * 3, RetriesExhausted),
    ):
        state, last = told(*answers, policy=replace(RESILIENT, max_failures=2))[-1]
        assert state == "closed" and isinstance(last.error, kind)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_resilient_comes_back_after_what_may_pass_and_never_at_once(status: int) -> None:
    class Zero:
        def random(self) -> float:
            return 0.0

    clock = ImpatientClock()
    source, _ = source_of(httpx.Response(status), ok("1"), policy=RESILIENT, clock=clock, rng=Zero())
    assert read(source) == ["1"]
    assert clock.sleeps == [0.1, 0.1]


# --- restart ---


def test_restart_connects_at_once_and_resumes() -> None:
    async def main() -> None:
        states: list[str] = []
        async with (
            raw_server([b"id: 1\ndata: a\n\n"], [b"id: 2\ndata: b\n\n"], stay=True) as url,
            EventSource(url, on_state=lambda state, reason: states.append(reason)) as source,
        ):
            assert (await anext(source)).data == "a"
            waiting: asyncio.Task[Any] = asyncio.ensure_future(anext(source))
            await asyncio.sleep(0)
            await source.restart()
            assert (await waiting).data == "b"
            assert (source.connections, source.last_event_id, source.state) == (2, "2", "open")
            assert states == ["status 200", "restarted by the caller", "status 200"]

    asyncio.run(main())


def test_restart_ends_a_wait_and_keeps_what_has_come() -> None:
    async def main() -> None:
        clock = VirtualClock()  # its waits do not end by themselves
        body = b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in range(4))
        first = httpx.Response(200, headers=STREAM, content=body)
        source, requests = source_of(first, ok("next"), clock=clock)
        assert (await anext(source)).data == "0"
        await source.restart()  # three events have come, and were not taken yet
        assert [(await anext(source)).data for _ in range(4)] == ["1", "2", "3", "next"]
        assert requests[1].headers["last-event-id"] == "3"
        waiting: asyncio.Task[Any] = asyncio.ensure_future(anext(source, None))
        await soon(lambda: bool(clock.sleeps))
        await source.restart()
        assert await waiting is None and len(requests) == 3
        await source.restart()  # it is closed, and stays so
        assert source.state == "closed"

    asyncio.run(main())


def test_restart_asks_again_for_what_costs_since_the_caller_wants_it() -> None:
    async def main() -> None:
        source, requests = source_of(ok("1"), ok("2"), method="POST")
        assert (await anext(source)).data == "1"
        await source.restart()
        assert [event.data async for event in source] == ["2"]
        assert len(requests) == 2

    asyncio.run(main())


# --- the other clients have all of it from the same loop ---


def test_polling_outlives_a_bad_moment_of_the_server_and_waits_as_it_is_asked() -> None:
    answers = iter([
        httpx.Response(200, json={"events": [{"type": "message", "data": "a", "id": "1"}], "last": "1"}),
        httpx.Response(502), httpx.Response(503, headers={"Retry-After": "7"}), httpx.ConnectError("restarting"),
        httpx.Response(200, json={"events": [{"type": "message", "data": "b", "id": "2"}], "last": "2"}),
    ])  # fmt: skip
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["since"])
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    async def main() -> None:
        clock, reasons = ImpatientClock(), list[StateReason]()
        async with LongPolling(
            URL,
            transport=httpx.MockTransport(answer),
            clock=clock,
            reconnection_ms=1000,
            on_state=lambda state, reason: reasons.append(reason),
        ) as source:
            assert [(await anext(source)).data for _ in range(2)] == ["a", "b"]
        assert clock.sleeps[:3] == [1.0, 8.0, 1.0]
        assert asked == ["", "1", "1", "1", "1"]
        assert [type(reason.error) for reason in reasons[1:4]] == [StreamRejected, StreamRejected, StreamLost]

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Polling, WebSocketSource])
def test_each_client_gives_up_as_its_policy_says(kind: Any) -> None:
    async def main() -> None:
        channel = Channel()
        async with serve({"/": channel, "/poll": polling(channel), "/socket": websocket(channel)}) as server:
            path = "/poll" if kind is Polling else "/socket"
            once = replace(RESILIENT, max_failures=2)
            source = kind(server.base_url + path, policy=once, clock=ImpatientClock(), last_event_id="e-0")
            await anext(source)
        with pytest.raises(RetriesExhausted):
            while True:
                await asyncio.wait_for(anext(source), 5)
        assert source.state == "closed"

    asyncio.run(main())


def test_deduplicate_in_the_others_as_well() -> None:
    events = [{"type": "message", "data": text, "id": id} for text, id in (("a", "1"), ("a", "1"), ("b", "2"))]

    async def main() -> None:
        answer = httpx.Response(200, json={"events": events, "last": "2"})
        transport = httpx.MockTransport(lambda request: answer)
        async with Polling(URL, transport=transport, clock=ImpatientClock(), deduplicate=True) as source:
            assert [(await anext(source)).data for _ in range(2)] == ["a", "b"]
            assert source.duplicates == 1

    asyncio.run(main())
