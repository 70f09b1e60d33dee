"""The measurements of lesson 08, for real and short; a transport that dies is told, and nothing is averaged away."""

from __future__ import annotations

import asyncio
import importlib
import json
import signal
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from labkit import bench
from labkit.bench import clients, latency
from labkit.bench.connection_costs import SERVERS
from labkit.bench.origin import START, Origin
from labkit.bench.plain_readers import listens
from labkit.bench_servers.payload import event, sent_ms
from labkit.check import solution
from labkit.check.exercises.how_late import measures
from labkit.client import Source
from labkit.errors import LabError
from labkit.lab.lesson_08.claims import c38_lower_latency
from labkit.system.child import Child

pytestmark = pytest.mark.live
origin_module = importlib.import_module(bench.Origin.__module__)


def test_an_event_says_when_it_was_sent_and_has_its_size() -> None:
    assert len(event(64)) == 64 and sent_ms(event(64)) > 0 and sent_ms(event(1)) > 0


def test_no_padding_flatters_a_compressor() -> None:
    texts = [event(64) for _ in range(100)]
    assert json.loads(json.dumps(texts)) == texts and not {'"', "\\"} & set("".join(texts))
    assert len(zlib.compress("\n".join(texts).encode(), 9)) > 0.4 * 6400


def test_every_transport_is_measured_in_each_round() -> None:
    result = asyncio.run(bench.delivery(per_s=100, events=5, rounds=2, transports=[*bench.ALL, *bench.BARE]))
    assert result.missing == {} and result.subjects == [*bench.ALL, *bench.BARE]
    assert all([len(one) for one in rounds] == [5, 5] for rounds in result.rounds.values())
    assert all(lag >= 0 for name in result.subjects for lag in result.samples(name))


@pytest.mark.parametrize("size_bytes", [125, 126, 70_000])  # RFC 6455, 5.2 writes each of these lengths in its own way
def test_nulls_carry_an_event_of_any_size_as_plainly_as_their_protocol_can(size_bytes: int) -> None:
    names = ["null", *bench.LIBRARIES]
    result = asyncio.run(bench.delivery(per_s=200, events=3, rounds=1, transports=names, size_bytes=size_bytes))
    assert result.missing == {} and [len(result.samples(name)) for name in names] == [3, 3, 3]


@pytest.mark.alone
def test_events_come_at_uneven_times_if_asked() -> None:
    async def gaps_ms(jitter: float) -> list[float]:
        async with bench.origin() as server, bench.TRANSPORTS["SSE"](server, server.url, "") as source:
            reading = asyncio.ensure_future(taken(source, 12))
            await latency.opened(source, reading)
            await server.play(12, 50.0, jitter=jitter)
            sent = [sent_ms(text) for text in await reading]
            return [after - before for before, after in pairwise(sent)]

    even, uneven = asyncio.run(gaps_ms(0.0)), asyncio.run(gaps_ms(1.0))
    assert statistics.pstdev(uneven) > 4 > statistics.pstdev(even)


async def taken(source: Source, count: int) -> list[str]:
    texts = []
    async for one in source:
        texts.append(one.data)
        if len(texts) == count:
            break
    return texts


SLOWLY = 10.0  # events a second: each long poll brings one, also where the machine hesitates for a moment


def test_bytes_and_requests_are_those_of_the_protocols() -> None:
    costs = asyncio.run(bench.wire(SLOWLY, events=6))
    # data: , two line breaks, the chunk's size and two line breaks
    assert costs["SSE, data alone"].overhead_bytes == costs["SSE, data alone"].framing_bytes == 14
    assert costs["WebSocket, data alone"].overhead_bytes == 2  # RFC 6455, 5.2
    assert costs["SSE"].requests == costs["SSE"].head_bytes == costs["WebSocket"].head_bytes == 0
    assert 0 < costs["long polling"].requests <= 1.0  # on a busy machine some events come with one answer
    assert costs["long polling"].head_bytes > 5 * costs["SSE"].overhead_bytes
    polling = costs["polling"]
    assert polling.up_bytes < polling.head_bytes < polling.total_bytes - 64  # requests are heads, answers are not only


def test_a_long_poll_costs_the_same_however_many_are_measured() -> None:
    few, many = (
        asyncio.run(bench.wire(SLOWLY, events, transports=["long polling"]))["long polling"] for events in (2, 9)
    )
    few_bytes, many_bytes = (cost.head_bytes / cost.requests for cost in (few, many))
    assert few.requests <= 1.0 >= many.requests and abs(few_bytes - many_bytes) < 8


def test_a_compressor_for_the_whole_stream_saves_more_than_one_for_each_answer() -> None:
    transports = ["SSE", "SSE, compressed", "WebSocket, compressed", "long polling", "long polling, compressed"]
    costs = asyncio.run(bench.wire(SLOWLY, events=12, transports=transports))
    assert 40 < costs["SSE, compressed"].total_bytes < costs["SSE"].total_bytes - 20  # ids and types come again
    # Its extension leaves out the four bytes that each flush ends with. Source: RFC 7692, 7.2.1
    assert 4 <= costs["SSE, compressed"].total_bytes - costs["WebSocket, compressed"].total_bytes <= 12
    plain, packed = costs["long polling"], costs["long polling, compressed"]
    assert packed.framing_bytes < plain.framing_bytes and packed.up_bytes == plain.up_bytes
    head, packed_head = (cost.head_bytes / cost.requests for cost in (plain, packed))  # two events may share an answer
    assert 20 < packed_head - head < 30  # Content-Encoding: gzip
    assert packed.total_bytes > plain.total_bytes - 20  # a single answer is too small to gain


def test_polling_pays_less_for_an_event_the_more_there_are() -> None:
    slow, fast = (asyncio.run(bench.wire(rate, 40, transports=["polling"]))["polling"] for rate in (20, 200))
    assert fast.total_bytes < slow.total_bytes / 1.5 and fast.requests < slow.requests


def test_round_trips_and_outages() -> None:
    trips = asyncio.run(bench.first_event(delay_s=0.1, rounds=3))
    assert {name: round(trips.median(name)) for name in trips.subjects} == dict.fromkeys(bench.OVER_HTTP, 1)
    broken = asyncio.run(bench.outage(per_s=50, events=20))
    assert {(one.lost, one.doubled) for one in broken.values()} == {(0, 0)}
    assert broken["SSE"].connections == broken["WebSocket"].connections == 2


@pytest.mark.alone
def test_an_idle_connection_takes_what_it_takes() -> None:
    names = ["SSE", "SSE, compressed", "polling", "SSE, a thread each"]
    # With fewer, the pages that a process takes at its start count among what the connections take.
    costs = asyncio.run(bench.cost(connections=40, events=10, per_s=50, rounds=2, transports=names))
    assert costs.memory.subjects == names and [len(costs.events.samples(name)) for name in names] == [2] * 4
    assert all(abs(costs.descriptors.median(name) - 1) < 0.1 for name in names)
    # What else the process takes meanwhile adds to it, and takes nothing away: the lower of two rounds tells.
    assert 1 < min(costs.memory.samples("SSE")) < 6
    assert 15 < costs.memory.median("SSE, a thread each") < 60
    assert 150 < costs.memory.median("SSE, compressed") < 400  # the window and the tables of zlib
    assert costs.idle.median("polling") > 300 > costs.idle.median("SSE")  # it asks, and is answered
    assert costs.events.median("SSE, compressed") > 2 * costs.events.median("SSE") > 2
    rows = [line[:22].strip() for line in repr(costs).splitlines()]
    assert rows == ["each connection", *names] and max(map(len, repr(costs).splitlines())) <= 100


@pytest.mark.parametrize(
    ("measure", "why"),
    [
        (lambda: bench.delivery(events=0), "events=0: it must be more than zero"),
        (lambda: bench.delivery(rounds=0), "rounds=0"),
        (lambda: bench.delivery(per_s=float("nan")), "per_s=nan"),
        (lambda: bench.delivery(size_bytes=5), "size_bytes=5: from 20 to 100000"),
        (
            lambda: bench.delivery(transports=["carrier pigeon"]),
            "'carrier pigeon': not known here. There are null, SSE",
        ),
        (lambda: bench.wire(transports=["null"]), "'null': not known here"),  # nothing counts what does not pass a pipe
        (lambda: bench.wire(events=0), "events=0"),
        (lambda: bench.cost(0), "connections=0"),
        (lambda: bench.cost(rounds=0), "rounds=0"),
        (lambda: bench.outage(transports=["null"]), "'null'"),
        (lambda: bench.first_event(delay_s=0), "delay_s=0"),
        (lambda: bench.talks(seconds=0), "seconds=0"),
        (lambda: bench.polling_break_even(0), "questions=0"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(measure: Callable[[], Coroutine[Any, Any, object]], why: str) -> None:
    with pytest.raises(LabError, match=why):
        asyncio.run(measure())


def test_bytes_are_not_told_where_events_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fewer(self: Origin, events: int, *asked: Any) -> None:
        await play(self, events - 2, *asked)

    play = Origin.play
    monkeypatch.setattr(Origin, "play", fewer)
    monkeypatch.setattr(importlib.import_module(bench.Wire.__module__), "GRACE_S", 0.3)
    with pytest.raises(LabError, match="not all of 5 events arrived in time: SSE 3"):
        asyncio.run(bench.wire(40, 4, transports=["SSE"]))


@pytest.mark.parametrize("name", ["null", "null, by httpx", "null, by tornado", "SSE"])
def test_a_server_that_is_killed_is_missing_in_the_result(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Child] = []
    play = Origin.play

    async def play_and_die(self: Origin, *asked: Any) -> None:
        await play(self, *asked)
        await asyncio.sleep(0.3)
        made[0].stop()

    monkeypatch.setattr(origin_module, "Child", lambda command: made.append(Child(command)) or made[-1])
    monkeypatch.setattr(Origin, "play", play_and_die)
    monkeypatch.setattr(latency, "GRACE_S", 0.5)
    result = asyncio.run(bench.delivery(per_s=20, events=30, rounds=1, transports=[name]))
    assert "events arrived in one round" in result.missing[name]


def test_more_connections_than_a_process_may_have_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module(bench.Costs.__module__), "allow_descriptors", lambda wanted: 200)
    with pytest.raises(
        LabError, match=r"100 connections to each of 2 servers need [23]\d\d open files, and .* may have 200"
    ):
        asyncio.run(bench.cost(25, rounds=3, transports=["SSE", "WebSocket"]))


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are not counted among the files")
def test_a_process_is_allowed_more_descriptors_up_to_its_hard_limit() -> None:
    code = """
import resource
from labkit.system.usage import allow_descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))
print(allow_descriptors(50), allow_descriptors(200), allow_descriptors(400), resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "100 200 300 (300, 300)\n"


def test_a_connection_that_ends_while_it_is_measured_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVERS, "gone", (START, listens("/nowhere", "Connection: close\r\n")))
    with pytest.raises(LabError, match="ended while they were measured"):
        asyncio.run(bench.cost(connections=4, events=1, per_s=50, transports=["gone"]))


def test_break_even_and_the_way_up() -> None:
    even = asyncio.run(bench.polling_break_even(questions=3))
    assert 100 < even.poll_bytes < 2000 and even.heartbeat_bytes == 18
    trips = asyncio.run(bench.round_trips(messages=3, rounds=1))
    assert [len(trips.samples(name)) for name in trips.subjects] == [3, 3]


def test_a_transport_that_dies_is_missing_and_not_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(origin: Origin, url: str, since: str) -> Source:
        source = clients.TRANSPORTS["SSE"](origin, url, since)
        asyncio.get_running_loop().call_later(0.1, lambda: asyncio.ensure_future(source.close()))
        return source

    monkeypatch.setitem(clients.CLIENTS, "dying", dying)
    monkeypatch.setattr(latency, "GRACE_S", 0.3)
    result = asyncio.run(bench.delivery(per_s=50, events=20, rounds=1, transports=["null", "dying"]))
    assert "of 23 events arrived in one round" in result.missing["dying"] and len(result.samples("dying")) < 20
    assert result.missing["dying"] in repr(result)


def test_the_server_of_the_measurements_ends_with_its_block() -> None:
    async def main() -> str:
        async with bench.origin() as server:
            assert (await server.usage())["memory_bytes"] > 0
        return server.url

    port = int(asyncio.run(main()).rpartition(":")[2])
    with pytest.raises(OSError):
        asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 5))


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="delayed acknowledgements of Linux")
def test_each_mistake_of_the_unfair_benchmark_costs_something_and_mended_there_is_no_difference() -> None:
    def only_the_websocket(name: str) -> bool:
        return name == "WebSocket"

    unfair = {
        "cold": measures(warm_up=lambda name: 0),
        "clock": measures(sign=0),
        "Nagle": measures(nodelay=only_the_websocket),
        "all": measures(warm_up=lambda name: 0, sign=0, nodelay=only_the_websocket),
    }

    def measured(how_late: Callable[[bench.Rivals, int], dict[str, float]]) -> dict[str, float]:
        with bench.Rivals() as servers:
            return how_late(servers, 15)

    # At once: each sleeps nearly all of its two seconds, and the other workers wait for all of them.
    with ThreadPoolExecutor(5) as threads:
        *each, mended = threads.map(measured, [*unfair.values(), solution("how_late")])
    late = dict(zip(unfair, each, strict=True))
    assert min(one["SSE"] for one in late.values()) > 8 and max(one["WebSocket"] for one in late.values()) < 5
    assert late["all"]["SSE"] > late["cold"]["SSE"] + 30
    assert mended["SSE"] < 5 and mended["WebSocket"] < 5


def test_rivals_say_what_their_clocks_are_ahead_and_send_when_they_are_asked() -> None:
    with bench.Rivals() as servers:
        both = {name: servers.connect(name, nodelay=True) for name in ("SSE", "WebSocket")}
        assert abs(both["SSE"].ahead_s + 0.015) < 0.003 and abs(both["WebSocket"].ahead_s) < 0.003
        both["SSE"].take(4)  # the other one waits meanwhile, and is not late for it
        assert all(came_s - sent_s < 0.03 for sent_s, came_s in both["WebSocket"].take(2))
        with pytest.raises(LabError, match="neither"):
            servers.connect("carrier pigeon")
    with pytest.raises(LabError, match="inside of the with block"):
        both["SSE"].take(1)
    with pytest.raises(LabError, match="inside of the with block"):
        servers.connect("SSE")


MEASURE = """
import asyncio, sys
from labkit.bench import BARE, delivery
asyncio.run(delivery(per_s=50, events=10, rounds=3, transports=["null", *BARE])).save(sys.argv[1])
"""


@pytest.mark.alone
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
def test_on_a_machine_that_stumbles_it_is_too_noisy_to_tell(tmp_path: Path) -> None:
    # As on a machine that is far too busy: who measures gets no time for 40 ms, again and again.
    with subprocess.Popen([sys.executable, "-c", MEASURE, tmp_path / "result.json"]) as measuring:
        while measuring.poll() is None:
            for signum, wait_s in ((signal.SIGSTOP, 0.04), (signal.SIGCONT, 0.02)):
                measuring.send_signal(signum)
                time.sleep(wait_s)
    result = bench.load(tmp_path / "result.json")
    assert result.missing == {} and result.noisy and "too noisy" in repr(result)
    assert result.lower("SSE, data alone", "WebSocket, data alone") is None
    verdict = c38_lower_latency(result)
    assert verdict.holds is None and "too busy" in verdict.because
