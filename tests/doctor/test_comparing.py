"""Two ways of one stream: what the hop between does, from recordings in virtual time and behind a real nginx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tornado.web import RequestHandler

from labkit.doctor import ComparedDiagnosis, Finding, FurtherAnswers, compare, examine_both, judge
from labkit.doctor.course import course_of
from labkit.doctor.examine import _compared
from labkit.faults import Fault, FillBuffers, HoldBytes, HoldTime, IdleTimeout, TotalTimeout
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import Nginx, nginx, relay
from labkit.recording import Arrival, Recording
from labkit.server import serve

from .test_judge import NOW_S, body, stream, tick, ticks

NO_CACHE = (("Cache-Control", "no-cache"),)
TOKEN = b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"delta":{"content":"%d"}}],"pad":"%s"}\n\n'


def tokens(count: int = 60, every_s: float = 0.04, first_s: float = 0.2) -> list[tuple[float, bytes]]:
    return [(first_s + n * every_s, TOKEN % (n, b"x" * 80)) for n in range(count)]


def later(recording: Recording, seconds: float) -> Recording:
    """The same, when all of it took so much longer."""
    arrivals = tuple(Arrival(arrival.at_s + seconds, arrival.data) for arrival in recording.arrivals)
    return replace(recording, arrivals=arrivals, head_s=recording.head_s + seconds, end_s=recording.end_s + seconds)


def asked_later(recording: Recording, seconds: float) -> Recording:
    """The same, when the connection alone took so much longer."""
    return replace(later(recording, seconds), sent_s=recording.sent_s + seconds)


def own(count: int = 20, every_s: float = 0.1, name: str = "a") -> list[tuple[float, bytes]]:
    """Events that carry a time, and that no other client gets."""
    return [
        (n * every_s, f'data: {{"for": "{name}{n}", "sent": {NOW_S + n * every_s}}}\n\n'.encode())
        for n in range(1, count + 1)
    ]


def batches(count: int = 40) -> list[tuple[float, bytes]]:
    """Events that the server itself sends once a second."""
    return [(n // 10 + 1.0, tick(n, n / 10)) for n in range(count)]


DIRECT = stream(tokens())
HELD: dict[str, tuple[Recording, Recording, bool]] = {
    "tokens of a model, in buffers": (DIRECT, stream(tokens(), HoldBytes(4096)), False),
    "tokens of a model, got by GET": (DIRECT, stream(tokens(), HoldBytes(4096)), True),
    "tokens of another answer": (DIRECT, stream(tokens(90, 0.03, 0.3), HoldBytes(4096)), False),
    "tokens 10 ms apart, to the end": (stream(tokens(99, 0.01)), stream(tokens(99, 0.01), HoldBytes(65536)), False),
    "buffers that nginx fills": (stream(ticks(40, 0.05, 400)), stream(ticks(40, 0.05, 400), FillBuffers()), True),
    "each client's own events": (stream(own(name="a")), stream(own(name="b"), HoldTime(2.5)), True),
    "a clock of another machine": (
        replace(stream(own(name="a")), url="https://far/", began_epoch_s=NOW_S + 900),
        replace(stream(own(name="b"), HoldTime(2.5)), url="https://far/", began_epoch_s=NOW_S + 900),
        True,
    ),
    "all events late by the same time": (stream(ticks()), replace(later(stream(ticks()), 2.0), head_s=0.0), True),
    "a cork, on events far apart": (
        stream(ticks(5, 0.9)),
        replace(later(stream(ticks(5, 0.9)), 0.205), sent_s=0.001),
        True,
    ),
    "a cork, on another answer": (DIRECT, stream(tokens(90, 0.033, 0.1), HoldTime(0.205)), False),
    "no event": (stream(ticks()), replace(body(), end_s=3.0), True),
    "not even a head": (stream(ticks()), Recording(0), True),
    "the head alone": (
        stream(own(3, 0.9)),
        replace(stream(own(3, 0.9)), head_s=0.9, arrivals=stream(own(3, 0.9)).arrivals[1:]),
        True,
    ),
}
FREE: dict[str, tuple[Recording, Recording, bool]] = {
    "the same": (DIRECT, DIRECT, False),
    "another answer, slower": (DIRECT, stream(tokens(40, 0.07, 0.9)), False),
    "another answer, at once and early": (DIRECT, stream(tokens(60, 0.001, 0.1)), False),
    "each client's own events": (stream(own(name="a")), stream(own(name="b")), True),
    "a way of 200 ms": (stream(ticks()), replace(later(stream(ticks()), 0.2), sent_s=0.2, head_s=0.4), True),
    "a way of 200 ms behind a near hop": (
        stream(ticks(30, 0.1)),
        replace(later(stream(ticks(30, 0.1)), 0.2), sent_s=0.001, head_s=0.4),
        True,
    ),
    "a connection that took 2 s": (stream(ticks(clock=False)), asked_later(stream(ticks(clock=False)), 2.0), True),
    "batches of the server": (stream(batches()), stream(batches()), True),
    "batches of each client's own": (
        stream([(n // 10 + 1.0, f'data: {{"a": "{n}", "sent": {NOW_S + n / 10}}}\n\n'.encode()) for n in range(40)]),
        stream(
            [(n // 10 + 1.4, f'data: {{"b": "{n}", "sent": {NOW_S + n / 10 + 0.4}}}\n\n'.encode()) for n in range(40)]
        ),
        True,
    ),
    "held before both": (stream(ticks(), HoldBytes(65536)), stream(ticks(), HoldBytes(65536)), True),
    "one hiccup": (
        stream(ticks(50, 0.05)),
        stream([(max(at_s, 1.4) if at_s > 1 else at_s, piece) for at_s, piece in ticks(50, 0.05)]),
        True,
    ),
    "the first event at the very end": (stream([(2.9, tick(1, 2.9))]), replace(body(), end_s=3.0), True),
    "another status": (stream(ticks()), replace(body(), status=502), True),
    "a page": (stream(ticks()), replace(body(), headers={"content-type": "text/html"}), True),
}


@pytest.mark.parametrize("name", HELD)
def test_a_hop_that_holds_is_found(name: str) -> None:
    held, sentence = compare(*HELD[name])
    assert held and "The hop between them h" in sentence


@pytest.mark.parametrize("name", FREE)
def test_a_hop_that_holds_nothing_is_not_blamed(name: str) -> None:
    held, sentence = compare(*FREE[name])
    assert not held, sentence


def test_what_is_no_stream_behind_the_hop_is_said() -> None:
    assert "answers 200, and through the hop came 502" in compare(*FREE["another status"]).sentence
    assert "sends text/event-stream, and through the hop came text/html" in compare(*FREE["a page"]).sentence


def test_the_numbers_of_a_course() -> None:
    straight, held = course_of(DIRECT, 0.02), course_of(stream(tokens(), HoldBytes(65536)), 0.02)
    assert (straight.burst_count, held.burst_count) == (61, 1)  # the retry line comes before
    assert straight.early_share > 0.9 and held.early_share < 0.01
    assert held.largest_burst_bytes > 50 * straight.largest_burst_bytes
    assert held.first_event_s is not None and held.first_event_s > 2.4
    assert course_of(Recording(200)).text.startswith("head after 0 ms; no event")
    assert json.loads(json.dumps(straight.as_json()))["first_event_ms"] == 200


def both(direct: Recording, through: Recording, further: FurtherAnswers | None = None) -> ComparedDiagnosis:
    return _compared(judge(through, further), judge(direct), ())


def findings_through(direct: Recording, through: Recording) -> tuple[Finding, ...]:
    found = both(direct, through).through
    assert found is not None
    return found.findings


def test_a_hold_that_the_hop_alone_shows_has_a_cause() -> None:
    found = both(stream(own(name="a")), replace(later(stream(own(name="b")), 2.0), head_s=0.0))
    assert found.through is not None and found.through.first == "held-between"
    assert found.held and not found.healthy


@pytest.mark.parametrize(
    "fault, cause", [(HoldBytes(65536), "held-to-the-end"), (HoldTime(0.7), "held"), (FillBuffers(), "full-buffers")]
)
def test_the_cause_of_the_plain_run_is_kept_and_told_whose_it_is(fault: object, cause: str) -> None:
    pieces = ticks(40, 0.1, 400)
    through = stream(pieces, fault)  # type: ignore[arg-type]
    found = both(stream(pieces), through).through
    assert found is not None and found.first == judge(through).first == cause
    assert found.findings[0].severity == "error" and "at the server itself it is not so" in found.findings[0].evidence
    alike = both(through, through).through
    assert alike is not None and alike.first == cause and "the server itself sends it so" in alike.findings[0].evidence


def test_a_head_that_the_hop_alone_holds_is_no_hold_of_events() -> None:
    direct, through, _ = HELD["the head alone"]
    found = both(direct, through).through
    assert found is not None and found.first == "head-late" and "held-between" not in repr(found)
    made = [(2.0 + n // 4 * 2, tick(n, 0.1 + n * 0.5)) for n in range(8)]
    late_head = replace(stream(made), head_s=2.0, arrivals=stream(made).arrivals[1:])
    batches_ = next(item for item in findings_through(stream(made), late_head) if item.name == "held")
    assert "the server itself sends it so" in batches_.evidence, "the batches are the server's, the head is the hop's"


def test_a_timer_of_the_hop_is_named_as_by_the_plain_run() -> None:
    pieces = [*ticks(5), (30.0, tick(6, 5.0))]
    found = both(stream(pieces), stream(pieces, IdleTimeout(20))).through
    assert found is not None and found.first == "idle-timeout"
    assert "the server itself went on: the hop between cuts" in found.findings[0].evidence


def test_no_advice_names_what_is_running() -> None:
    pieces = ticks(40)
    told = json.dumps(both(stream(pieces), stream(pieces, HoldTime(1.0))).as_json())
    assert "--compare" not in told and '"cause": "held"' in told
    told = json.dumps(both(stream(ticks(), HoldBytes(65536)), stream(ticks(), HoldBytes(65536))).as_json())
    assert "--compare" not in told and '"cause": "held-to-the-end"' in told


# The case for which it was made: nginx as it comes, before a model that streams its tokens.


class Model(RequestHandler):
    """As tornado's users write it."""

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        for _, piece in tokens(30):
            self.write(piece)
            await self.flush()
            await asyncio.sleep(0.04)
        self.write("data: [DONE]\n\n")


FRONTS = {
    "as it comes": Nginx(to_origin="1.0"),
    "gzip": Nginx(to_origin="1.1", gzip=True),
    "TLS": Nginx(to_origin="1.1", tls=True),
    "TLS and gzip": Nginx(to_origin="1.0", tls=True, gzip=True),
    "buffering off": Nginx(to_origin="1.0", buffering=False),
}


@pytest.mark.live
def test_a_default_nginx_before_a_model_is_found_by_comparing(tool: Callable[[str], str]) -> None:
    """Some 4 s: each nginx is asked for real, and all of them at the same time."""
    tool("nginx")

    async def one(origin: str, setup: Nginx) -> ComparedDiagnosis:
        with await asyncio.to_thread(nginx, origin, setup) as proxy:
            return await examine_both(proxy.url, origin, seconds=3, verify=False)

    async def main() -> dict[str, ComparedDiagnosis]:
        async with serve({"/chat": Model}) as server:
            found = await asyncio.gather(*(one(server.url, setup) for setup in FRONTS.values()))
            return dict(zip(FRONTS, found, strict=True))

    for name, found in asyncio.run(main()).items():
        assert found.through is not None and found.direct is not None
        assert found.held == (name != "buffering off"), (name, found.sentence)
        if found.held:
            holding = ("compression-holds", "held-to-the-end", "full-buffers", "held-between")
            assert found.through.first in holding, (name, found.through)
            assert found.courses[1].head_s > found.courses[0].head_s + 0.3, name


@pytest.mark.live
def test_a_timer_of_the_hop_is_found_by_comparing() -> None:
    """Some 4 s: two real cuts of each, since a timer shows itself by the second one."""
    setups = {
        "total-timeout": (TotalTimeout(1.0), Ticks(200, 0.05, headers=NO_CACHE)),
        "idle-timeout": (IdleTimeout(0.8), Ticks(12, 0.05, silence_s=9, headers=NO_CACHE)),
    }

    async def one(fault: Fault, ticks_: Ticks) -> str:
        async with ticking(ticks_) as url, relay(url, fault) as proxy:
            found = await examine_both(proxy.url, url, seconds=2.5)
            assert found.through is not None and found.direct is not None
            assert found.direct.healthy and "the hop between cuts" in found.through.findings[0].evidence
            return found.through.first

    async def main() -> list[str]:
        return await asyncio.gather(*(one(*setup) for setup in setups.values()))

    assert asyncio.run(main()) == list(setups)


def test_events_that_never_come_through_are_held_and_a_stream_that_ended_holds_none() -> None:
    direct = replace(stream(ticks(40)), ended=False)
    stalled = replace(direct, arrivals=direct.arrivals[:10])
    assert compare(direct, stalled).held and "until the end" in compare(direct, stalled).sentence
    assert not compare(direct, replace(stalled, ended=True)).held
    assert not compare(direct, replace(direct, arrivals=direct.arrivals[:-3])).held, "they may be on the way"
