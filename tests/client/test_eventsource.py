"""No socket and no waiting: the transport and the clock are given. The names after wpt_ are scenarios of web-platform-tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest

from labkit.client import RESILIENT, STANDARD, EventSource
from labkit.clock import ImpatientClock, VirtualClock
from labkit.errors import LimitExceeded, RetriesExhausted, StreamLost, StreamRejected
from labkit.lab import raw_server
from labkit.server import Channel, serve
from labkit.wire import Comment, Event, Ignored, Retry

from ..helpers import soon

URL = "http://test/events"
STREAM = "text/event-stream"
Step = bytes | Exception | None  # None: silence, for ever
Answer = httpx.Response | Exception


class Body(httpx.AsyncByteStream):
    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps, self.closed, self.gone = steps, False, asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, Exception):
                raise step
            if step is None:
                await self.gone.wait()
                raise httpx.ReadError("closed")
            else:
                yield step

    async def aclose(self) -> None:
        self.closed = True


class Server(httpx.AsyncBaseTransport):
    """Gives the answers in turn, and 204 when there are none left; keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.requests, self.bodies = list(answers), list[httpx.Request](), list[Body]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx.Response(204)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer.stream, Body):
            self.bodies.append(answer.stream)
        return answer

    async def aclose(self) -> None:
        """Whoever reads still finds the connection gone, as with real sockets."""
        for body in self.bodies:
            body.gone.set()

    def sent(self, name: str) -> list[bytes | None]:
        """That header, in each request, as bytes."""
        return [{key.lower(): value for key, value in r.headers.raw}.get(name.encode()) for r in self.requests]


def stream(*steps: Step, status: int = 200, content_type: str | None = STREAM) -> httpx.Response:
    headers = {"Content-Type": content_type} if content_type is not None else {}
    return httpx.Response(status, headers=headers, stream=Body(steps))


def source_of(server: httpx.AsyncBaseTransport, **settings: Any) -> tuple[EventSource, ImpatientClock]:
    clock = settings.pop("clock", None) or ImpatientClock()
    return EventSource(URL, transport=server, clock=clock, **settings), clock


def listen(server: httpx.AsyncBaseTransport, **settings: Any) -> tuple[list[Event], EventSource, list[float]]:
    """All events until iteration ends; the client; what it waited."""

    async def main() -> tuple[list[Event], EventSource, list[float]]:
        source, clock = source_of(server, **settings)
        return [event async for event in source], source, clock.sleeps

    return run(main)


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async def with_deadline() -> Any:
        async with asyncio.timeout(20):
            return await main()

    return asyncio.run(with_deadline())


@pytest.mark.parametrize(
    "content_type",
    [
        STREAM,
        "text/event-stream;",
        "text/event-stream; charset=utf-8",
        "TEXT/Event-Stream",
        " text/event-stream ;x=y",
        "text/event-stream;charset=windows-1252",
    ],
)
def test_these_types_open(content_type: str) -> None:
    events, source, _ = listen(Server(stream("data: …\n\n".encode(), content_type=content_type)))
    assert events == [Event("…")]
    assert source.state == "closed"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/html",
        "text/x-bogus",
        "x bogus",
        "text/event-stream2",
        "application/json",
        "text/plain; x=text/event-stream",
        "text/event-stream, text/html",
    ],
)
def test_these_types_do_not(content_type: str | None) -> None:
    server = Server(stream(b"data: x\n\n", content_type=content_type))
    with pytest.raises(StreamRejected, match="not an event stream"):
        listen(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [201, 205, 206, 210, 299, 304, 400, 401, 404, 410, 500, 502, 503])
def test_only_status_200_opens(status: int) -> None:
    server = Server(stream(b"data: x\n\n", status=status))
    with pytest.raises(StreamRejected) as caught:
        listen(server)
    assert (caught.value.status, caught.value.content_type, caught.value.url) == (status, STREAM, URL)
    assert len(server.requests) == 1


def test_204_ends_without_an_error_and_its_body_is_not_read() -> None:
    states: list[tuple[str, str]] = []
    server = Server(stream(b"data: never\n\n", status=204))
    events, _, sleeps = listen(server, on_state=lambda *state: states.append(state))
    assert (events, sleeps, len(server.requests)) == ([], [], 1)
    assert states == [("closed", "the server answered 204: the stream is finished")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_wpt_redirects_followed(status: int) -> None:
    moved = httpx.Response(status, headers={"Location": "http://test/elsewhere"})
    server = Server(moved, stream(b"data: x\n\n"))
    assert listen(server, last_event_id="7")[0] == [Event("x", last_event_id="7")]
    assert str(server.requests[1].url) == "http://test/elsewhere"
    assert server.sent("last-event-id")[:2] == [b"7", b"7"]
    assert str(server.requests[2].url) == URL  # each new connection asks the original address


def test_a_rejection_names_the_address_that_answered() -> None:
    server = Server(httpx.Response(302, headers={"Location": "/login"}), stream(content_type="text/html"))
    with pytest.raises(StreamRejected, match="http://test/login"):
        listen(server)


def test_redirects_without_end_are_a_labkit_error() -> None:
    server = Server(*[httpx.Response(302, headers={"Location": URL}) for _ in range(50)])
    with pytest.raises((StreamLost, StreamRejected)):
        listen(server, policy=replace(STANDARD, max_failures=1))


def test_wpt_accept_header() -> None:
    server = Server(stream(b"data: x\n\n"))
    listen(server)
    assert server.sent("accept") == [b"text/event-stream"] * 2
    assert server.sent("cache-control") == [b"no-cache"] * 2


def test_wpt_reconnect_sends_utf8_last_event_id() -> None:
    first = stream("id: …\nretry: 200\ndata: hello\n\n".encode())
    server = Server(first, stream(b"data: again\n\n"), stream(b"data: and again\n\n"))
    events, _, sleeps = listen(server)
    assert [event.last_event_id for event in events] == ["…"] * 3
    assert server.sent("last-event-id") == [None, *["…".encode()] * 3]
    assert sleeps == [0.2] * 3


@pytest.mark.parametrize("body, sent", [
    (b"id: a\0b\ndata: x\n\n", None),  # wpt: reconnect-after-nul-id-sends-no-header
    (b"id: 1\ndata: x\n\nid:\ndata: y\n\n", None),
    (b"id: 1\n\n", b"1"),
    (b"id: 1\ndata: x\n\nid: 2\ndata: torn", b"1"),
    (b"id: 1\ndata: x\n\n: c\n\nid: 2\n\n", b"2"),
    (b"data: no id\n\n", None),
])  # fmt: skip
def test_which_id_the_next_request_carries(body: bytes, sent: bytes | None) -> None:
    server = Server(stream(body))
    _, source, _ = listen(server)
    assert server.sent("last-event-id") == [None, sent]
    assert source.last_event_id == (sent or b"").decode()


def test_an_id_given_at_the_start_is_sent_and_stays_over_connections() -> None:
    server = Server(stream(b"data: x\n\n"), stream(), httpx.ConnectError("no"))
    events, _, _ = listen(server, last_event_id="é-7")
    assert events == [Event("x", last_event_id="é-7")]
    assert server.sent("last-event-id") == ["é-7".encode()] * 4


def test_the_id_is_that_of_the_last_event_taken_not_of_the_last_received() -> None:
    async def main() -> None:
        source, _ = source_of(Server(stream(b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n", None)))
        async with source:
            assert (await anext(source)).data == "a"
            assert source.last_event_id == "1"
            assert (await anext(source)).data == "b"
            assert source.last_event_id == "2"

    run(main)


@pytest.mark.parametrize("header", ["Accept", "Cache-Control", "Authorization", "X-Mine"])
def test_headers_of_your_own(header: str) -> None:
    server = Server()
    listen(server, headers={header: "mine ü"})
    assert server.sent(header.lower()) == ["mine ü".encode()]


def test_a_header_of_your_own_is_sent_once_whatever_its_case() -> None:
    server = Server()
    listen(server, headers={"accept": "text/event-stream", "last-event-id": "old"}, last_event_id="new")
    names = [name.lower() for name, _ in server.requests[0].headers.raw]
    assert names.count(b"accept") == names.count(b"last-event-id") == 1
    assert server.sent("last-event-id") == [b"new"]


def test_post_with_a_body_on_every_connection() -> None:
    server = Server(stream(b"data: x\n\n"))
    listen(server, method="POST", resend=True, json={"stream": True}, headers={"Authorization": "Bearer secret"})
    assert [request.method for request in server.requests] == ["POST"] * 2
    assert [json.loads(request.content) for request in server.requests] == [{"stream": True}] * 2
    assert server.sent("content-type") == [b"application/json"] * 2
    assert server.sent("authorization") == [b"Bearer secret"] * 2


def test_post_with_bytes() -> None:
    server = Server()
    listen(server, method="POST", content=b"\0raw")
    assert server.requests[0].content == b"\0raw"


def test_standard_waits_3_s_each_time_and_never_more() -> None:
    _, source, sleeps = listen(Server(*[httpx.ConnectError("refused")] * 40))
    assert sleeps == [3.0] * 40
    assert source.connections == 41


def test_wpt_retry_timing() -> None:
    bodies = [b"retry: 03000\n\n", b"retry: 1500\n\n", b"retry: 1000x\n\n", b"retry: 0\n\n", b"data: x\n\n"]
    _, source, sleeps = listen(Server(*map(stream, bodies)), reconnection_ms=70)
    assert sleeps == [3.0, 1.5, 1.5, 0.0, 0.0]
    assert source.reconnection_ms == 0


def test_the_reconnection_time_may_be_given() -> None:
    assert listen(Server(stream()), reconnection_ms=70)[2] == [0.07]


def test_resilient_backs_off_with_a_cap_and_jitter() -> None:
    _, _, sleeps = listen(
        Server(*[httpx.ConnectError("no")] * 8), policy=RESILIENT, reconnection_ms=1000, rng=random.Random(3)
    )
    rng = random.Random(3)
    assert sleeps == [0.1 + (min(30.0, 2.0**failures) - 0.1) * rng.random() for failures in range(8)]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_resilient_outlives_a_bad_moment_of_the_server(status: int) -> None:
    server = Server(*[stream(status=status, content_type="text/html") for _ in range(3)], stream(b"data: back\n\n"))
    events, _, sleeps = listen(server, policy=RESILIENT)
    assert events == [Event("back")]
    assert len(sleeps) == 4


@pytest.mark.parametrize("status", [201, 400, 401, 404])
def test_resilient_takes_a_no_for_a_no(status: int) -> None:
    server = Server(stream(status=status))
    with pytest.raises(StreamRejected):
        listen(server, policy=RESILIENT)
    assert len(server.requests) == 1


def test_an_event_resets_the_backoff_and_an_open_stream_alone_does_not() -> None:
    class Half(random.Random):
        def random(self) -> float:
            return 0.5

    silent = [stream(b": hi\n\n") for _ in range(3)]
    _, _, sleeps = listen(
        Server(*silent, stream(b"data: x\n\n"), stream()), policy=RESILIENT, reconnection_ms=1000, rng=Half()
    )
    assert sleeps == [0.55, 1.05, 2.05, 0.55, 1.05]


def test_retries_exhausted() -> None:
    server = Server(stream(b"data: x\n\n"), *[httpx.ConnectError("refused")] * 9)
    with pytest.raises(
        RetriesExhausted, match=r"gave up after 3 failed attempts: .*no connection \(refused\)"
    ) as caught:
        listen(server, policy=replace(STANDARD, max_failures=3))
    assert caught.value.attempts == 3
    assert len(server.requests) == 3  # the stream that ended counts as the first


def test_stream_lost_where_the_first_attempt_must_open() -> None:
    server = Server(httpx.ConnectError("refused"))
    with pytest.raises(StreamLost, match="http://test/events cannot be reached: no connection"):
        listen(server, policy=replace(STANDARD, must_open_first=True))
    assert len(server.requests) == 1


def test_must_open_first_is_about_the_first_only() -> None:
    server = Server(stream(b"data: x\n\n"), httpx.ConnectError("refused"), stream(b"data: y\n\n"))
    assert len(listen(server, policy=replace(STANDARD, must_open_first=True))[0]) == 2


def test_the_limit_is_raised_after_the_events_before_it_and_nothing_reconnects() -> None:
    async def main() -> None:
        server = Server(stream(b"data: ok\n\ndata: " + b"x" * 200, b"y"), stream(b"data: no\n\n"))
        source, _ = source_of(server, max_event_bytes=100)
        seen = []
        with pytest.raises(LimitExceeded, match="100 bytes"):
            async for event in source:
                seen.append(event.data)
        assert (seen, source.state, len(server.requests)) == (["ok"], "closed", 1)

    run(main)


def test_the_limit_is_raised_where_the_stream_ends_on_it() -> None:
    with pytest.raises(LimitExceeded):
        listen(Server(stream(b"data: ok\n\ndata: " + b"x" * 200)), max_event_bytes=100)


def test_wpt_reconnect_event_order() -> None:
    heard: list[object] = []
    listen(
        Server(stream(b"retry: 2\ndata: one\n\n"), stream(b": beat\ndata: two\n\n")),
        on_state=lambda state, why: heard.append((state, why)),
        on_signal=heard.append,
        on_bytes=lambda chunk: heard.append(len(chunk)),
    )
    wait = ("connecting", "the response ended; next attempt in 0.002 s")
    assert heard == [
        ("open", "status 200"), 20, Retry(2), Event("one"), wait,
        ("open", "status 200"), 18, Comment("beat"), Event("two"), wait,
        ("closed", "the server answered 204: the stream is finished"),
    ]  # fmt: skip


def test_on_signal_hears_what_the_end_threw_away() -> None:
    heard: list[object] = []
    events, _, _ = listen(Server(stream(b"data: a\n\ndata: torn\n", b"dat")), on_signal=heard.append)
    assert events == [Event("a")]
    assert [signal.line for signal in heard if isinstance(signal, Ignored)] == ["dat", "torn"]


def test_wpt_incomplete_block_lost_across_reconnect() -> None:
    server = Server(*[stream(b"data: test1\n\nid:test\ndata:test2\n") for _ in range(2)])
    assert listen(server)[0] == [Event("test1")] * 2


def test_wpt_state_persists_over_streams() -> None:
    server = Server(stream(b"id: 42\nretry: 9\ndata: first\n\n"), stream(b"data: after-reconnect\n\n"))
    events, source, sleeps = listen(server)
    assert events[1] == Event("after-reconnect", last_event_id="42")
    assert (source.reconnection_ms, sleeps) == (9, [0.009] * 2)


def test_a_block_does_not_go_on_over_connections() -> None:
    server = Server(stream(b"event: t\ndata: a\n"), stream(b"data: b\n\n"))
    assert listen(server)[0] == [Event("b")]


@pytest.mark.parametrize(
    "problem, says",
    [
        (httpx.ReadTimeout(""), "no byte for 45 s, not even a heartbeat"),
        (httpx.ReadError("reset"), "the connection broke (reset)"),
        (httpx.RemoteProtocolError("incomplete chunked read"), "the connection broke in mid-response"),
    ],
)
def test_a_stream_that_breaks_is_reconnected(problem: Exception, says: str) -> None:
    states: list[str] = []
    server = Server(stream(b"id: 1\ndata: a\n\n", problem), stream(b"data: b\n\n"))
    events, _, _ = listen(server, on_state=lambda state, why: states.append(why))
    assert [event.data for event in events] == ["a", "b"]
    assert server.sent("last-event-id")[1] == b"1"
    assert states[1].startswith(says)


@pytest.mark.parametrize(
    "problem", [httpx.ReadTimeout(""), httpx.ConnectTimeout(""), httpx.RemoteProtocolError("x"), httpx.ConnectError("")]
)
def test_an_answer_that_does_not_come_is_asked_for_again(problem: Exception) -> None:
    assert listen(Server(problem, stream(b"data: a\n\n")))[0] == [Event("a")]


def test_a_body_that_cannot_be_decompressed_is_a_labkit_error_or_a_reconnect() -> None:
    broken = httpx.Response(
        200, headers={"Content-Type": STREAM, "Content-Encoding": "gzip"}, stream=Body((b"not gzip",))
    )
    assert listen(Server(broken, stream(b"data: a\n\n")))[0] == [Event("a")]


def test_close_while_reading_ends_the_iteration() -> None:
    async def main() -> None:
        server = Server(stream(b"data: a\n\n", None))
        source, _ = source_of(server)
        seen: list[str] = []

        async def read() -> None:
            async for event in source:
                seen.append(event.data)

        reading = asyncio.create_task(read())
        await soon(lambda: seen)
        await source.close()
        await reading
        assert (seen, source.state) == (["a"], "closed")
        assert server.bodies[0].closed

    run(main)


def test_close_while_waiting_ends_the_iteration() -> None:
    async def main() -> None:
        clock = VirtualClock()  # its waits do not end by themselves
        server = Server(stream(b"data: a\n\n"))
        source, _ = source_of(server, clock=clock)
        reading = asyncio.create_task(drain(source))
        await soon(lambda: clock.sleeps)
        await source.close()
        assert [event.data for event in await reading] == ["a"]
        assert (source.state, len(server.requests)) == ("closed", 1)

    run(main)


async def drain(source: EventSource) -> list[Event]:
    return [event async for event in source]


def test_wpt_close_before_open_cancels() -> None:
    class Deaf(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            await gone.wait()
            raise httpx.ReadError("closed")

        async def aclose(self) -> None:
            gone.set()

    asked, gone = asyncio.Event(), asyncio.Event()

    async def main() -> None:
        heard: list[object] = []
        source, _ = source_of(Deaf(), on_state=lambda state, why: heard.append(state))
        reading = asyncio.create_task(drain(source))
        await asked.wait()
        await source.close()
        assert await reading == []
        assert heard == ["closed"]

    run(main)


def test_close_before_the_first_event_was_asked_for() -> None:
    async def main() -> None:
        server = Server(stream(b"data: a\n\n"))
        source, _ = source_of(server)
        await source.close()
        await source.close()
        assert await drain(source) == []
        assert server.requests == []

    run(main)


def test_async_with_closes_the_connection() -> None:
    async def main() -> None:
        server = Server(stream(b"data: a\n\ndata: b\n\n", None))
        source, _ = source_of(server)
        async with source:
            async for event in source:
                assert event.data == "a"
                break
            assert source.state == "open"
        assert source.state == "closed"
        assert server.bodies[0].closed
        assert await drain(source) == []

    run(main)


def test_iteration_can_stop_and_go_on() -> None:
    async def main() -> None:
        source, _ = source_of(Server(stream(b"data: a\n\ndata: b\n\ndata: c\n\n")))
        async for event in source:
            assert event.data == "a"
            break
        assert [event.data async for event in source] == ["b", "c"]

    run(main)


def test_wpt_close_then_204_closes() -> None:
    states: list[str] = []
    server = Server(stream(b"data: 1\n\n"), stream(b"data: 2\n\n"), stream(b"data: 3\n\n", status=204))
    events, _, _ = listen(server, on_state=lambda state, why: states.append(state))
    assert [event.data for event in events] == ["1", "2"]
    assert states == ["open", "connecting", "open", "connecting", "closed"]


def test_what_it_says_of_itself() -> None:
    async def main() -> None:
        source, _ = source_of(Server(), last_event_id="7")
        assert repr(source) == "<EventSource connecting http://test/events last_event_id='7'>"
        await source.close()

    run(main)


# --- over real sockets ---


@pytest.mark.live
def test_a_silent_socket_is_given_up_after_the_read_timeout() -> None:
    async def main() -> None:
        why: list[str] = []
        async with (
            raw_server([b"data: 1\n\n"], [b"data: 2\n\n"], stay=True) as url,
            EventSource(
                url, read_timeout_s=0.2, reconnection_ms=1, on_state=lambda _, text: why.append(text)
            ) as source,
        ):
            assert [(await anext(source)).data for _ in range(2)] == ["1", "2"]
        assert why[1].startswith("no byte for 0.2 s, not even a heartbeat")

    run(main)


@pytest.mark.live
def test_heartbeats_keep_a_silent_stream_alive() -> None:
    async def main() -> None:
        channel = Channel(heartbeat_s=0.05)
        async with serve(channel) as server, EventSource(server.url, read_timeout_s=0.5, last_event_id="x-1") as source:
            await anext(source)  # the gap: the stream is open
            asyncio.get_running_loop().call_later(1.5, channel.publish, "late")
            assert (await anext(source)).data == "late"
            assert source.connections == 1

    run(main)


@pytest.mark.live
@pytest.mark.parametrize(
    "script", [[b"data: 1\n\n"], [b": only a comment\n\n"], []], ids=["reading", "silent", "empty"]
)
def test_close_ends_an_iteration_elsewhere(script: list[bytes]) -> None:
    async def main() -> None:
        async with raw_server(script, stay=True) as url:
            source = EventSource(url)
            reading = asyncio.create_task(drain(source))
            await soon(lambda: source.state == "open")
            await source.close()
            assert [event.data for event in await reading] == ["1"][: len(script) * (script[:1] == [b"data: 1\n\n"])]

    run(main)


@pytest.mark.live
def test_close_ends_an_iteration_that_still_connects() -> None:
    async def main() -> None:
        async with raw_server([], head=b"", stay=True) as url:
            source = EventSource(url)
            reading = asyncio.create_task(drain(source))
            await asyncio.sleep(0.1)
            await source.close()
            assert await reading == []

    run(main)


@pytest.mark.live
def test_a_connection_that_breaks_in_mid_response_says_so() -> None:
    async def main() -> None:
        why: list[str] = []
        channel = Channel()
        async with (
            serve(channel) as server,
            EventSource(server.url, on_state=lambda _, text: why.append(text)) as source,
        ):
            reading = asyncio.create_task(drain(source))
            await soon(lambda: channel.clients == 1 and source.state == "open")
            channel.cut()
            await soon(lambda: source.state == "connecting")
            assert why[1].startswith("the connection broke in mid-response")
            await source.close()
            await reading

    run(main)


@pytest.mark.live
@pytest.mark.parametrize("id", [" leading", "form\x0cfeed", "tab\tinside"])
def test_an_odd_id_does_not_lock_the_client_out(id: str) -> None:
    async def main() -> None:
        script = [f"id: {id}\ndata: 1\n\n".encode()]
        async with raw_server(script, [b"data: 2\n\n"]) as url, EventSource(url, reconnection_ms=1) as source:
            seen = []
            with contextlib.suppress(StreamLost, StreamRejected):  # to stop and say why is fine too
                while len(seen) < 2:
                    seen.append((await anext(source)).data)

    run(main)


def test_deduplicate_drops_what_came_before_and_counts_it() -> None:
    async def main() -> tuple[list[Event], int]:
        server = Server(
            stream(b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n"), stream(b"id: 1\ndata: a\n\nid: 3\ndata: c\n\n")
        )
        source, _ = source_of(server, deduplicate=True)
        return [event async for event in source], source.duplicates

    events, duplicates = asyncio.run(main())
    assert [event.data for event in events] == ["a", "b", "c"]
    assert duplicates == 1


def test_deduplicate_lets_events_without_an_id_through_and_loses_those_that_share_one() -> None:
    async def main(body: bytes) -> list[str]:
        source, _ = source_of(Server(stream(body)), deduplicate=True)
        return [event.data async for event in source]

    assert asyncio.run(main(b"data: a\n\ndata: a\n\n")) == ["a", "a"]
    assert asyncio.run(main(b"id: 1\ndata: a\n\ndata: b\n\n")) == ["a"]  # the docstring says so, and lesson 04 shows it


def test_deduplicate_remembers_so_many_ids_and_no_more() -> None:
    async def main() -> int:
        body = b"".join(b"id: %d\ndata: x\n\n" % number for number in [*range(1001), 0, 1000])
        source, _ = source_of(Server(stream(body)), deduplicate=True)
        return len([event async for event in source])

    assert asyncio.run(main()) == 1002  # 0 was forgotten, 1000 was not


def test_the_resilient_waits_as_long_as_retry_after_asks() -> None:
    async def main() -> list[float]:
        busy = stream(status=503, content_type=None)
        busy.headers["Retry-After"] = "7"
        source, clock = source_of(Server(busy, stream(b"data: a\n\n")), policy=RESILIENT, reconnection_ms=0)
        assert [event.data async for event in source] == ["a"]
        return clock.sleeps

    assert asyncio.run(main())[0] >= 7.0


def test_retry_in_s_is_the_wait_and_nothing_once_it_is_over() -> None:
    async def main() -> None:
        told: list[tuple[str, float]] = []
        server = Server(stream(b"retry: 700\n\n"), httpx.ConnectError("no"), stream())
        source, _ = source_of(server, on_state=lambda state, why: told.append((state, source.retry_in_s)))
        assert [event async for event in source] == []
        assert told == [
            ("open", 0.0),
            ("connecting", 0.7),
            ("connecting", 0.7),
            ("open", 0.0),
            ("connecting", 0.7),
            ("closed", 0.0),
        ]

    run(main)


@pytest.mark.parametrize("id", [" 7", "7 ", "\t7 \t", " a b "])
def test_the_id_goes_out_without_blanks_at_its_ends_and_stays_as_it_came(id: str) -> None:
    server = Server(stream(f"id: {id}\ndata: x\n\n".encode()))
    events, source, _ = listen(server)
    assert server.sent("last-event-id") == [None, id.strip().encode()], "no header may begin or end with a blank"
    assert source.last_event_id == events[0].last_event_id == id
