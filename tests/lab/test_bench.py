"""The measurements of lesson 07, for real and short; a transport that dies is told, and nothing is averaged away."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from labkit.client import Source
from labkit.lab import bench
from labkit.lab.bench import clients, latency, unfair
from labkit.lab.bench.origin import Origin, event, sent_ms

pytestmark = pytest.mark.live


def test_an_event_says_when_it_was_sent_and_has_its_size() -> None:
    assert len(event(64)) == 64 and sent_ms(event(64)) > 0 and sent_ms(event(1)) > 0


def test_every_transport_is_measured_in_each_round() -> None:
    result = asyncio.run(bench.delivery(per_s=100, events=5, rounds=2, transports=[*bench.ALL, *bench.BARE]))
    assert result.missing == {} and result.subjects == [*bench.ALL, *bench.BARE]
    assert all([len(one) for one in rounds] == [5, 5] for rounds in result.rounds.values())
    assert all(lag >= 0 for name in result.subjects for lag in result.samples(name))


def test_bytes_and_requests_are_those_of_the_protocols() -> None:
    costs = asyncio.run(bench.wire(per_s=40, events=8))
    assert (
        costs["SSE, data alone"].overhead_bytes == 14
    )  # data: , two line breaks, the chunk's size and two line breaks
    assert costs["WebSocket, data alone"].overhead_bytes == 2  # RFC 6455, 5.2
    assert costs["SSE"].requests == 0 and costs["long polling"].requests > 0.3
    assert costs["long polling"].overhead_bytes > 5 * costs["SSE"].overhead_bytes


def test_round_trips_and_outages() -> None:
    trips = asyncio.run(bench.first_event(delay_s=0.05, rounds=1))
    assert {name: round(trips.median(name)) for name in trips.subjects} == dict.fromkeys(bench.PUSHING, 1)
    broken = asyncio.run(bench.outage(per_s=50, events=20))
    assert {(one.lost, one.doubled) for one in broken.values()} == {(0, 0)}
    assert broken["SSE"].connections == broken["WebSocket"].connections == 2


def test_cost_break_even_and_the_way_up() -> None:
    costs = asyncio.run(bench.cost(connections=20, events=5, per_s=50))
    assert set(costs) == {"SSE", "WebSocket", "long polling", "SSE, a thread each"}
    assert all(one.connections == 20 and one.cpu_us_per_event >= 0 for one in costs.values())
    even = asyncio.run(bench.break_even(questions=3))
    assert 100 < even.poll_bytes < 2000 and even.heartbeat_bytes == 18
    trips = asyncio.run(bench.round_trips(messages=3, rounds=1))
    assert [len(trips.samples(name)) for name in trips.subjects] == [3, 3]


def test_a_transport_that_dies_is_missing_and_not_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(origin: Origin, url: str, since: str) -> Source:
        source = clients.TRANSPORTS["SSE"](origin, url, since)
        asyncio.get_running_loop().call_later(0.1, lambda: asyncio.ensure_future(source.close()))
        return source

    monkeypatch.setitem(clients.TRANSPORTS, "dying", dying)
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


@pytest.mark.skipif(os.name != "posix" or not hasattr(signal, "SIGKILL"), reason="delayed acknowledgements of Linux")
def test_each_mistake_of_the_unfair_benchmark_costs_something_and_mended_there_is_no_difference() -> None:
    async def main() -> tuple[dict[str, float], ...]:
        return (
            await unfair(),
            await unfair(warm_up=1, one_clock=True),
            await unfair(one_clock=True, nodelay=True),
            await unfair(warm_up=1, nodelay=True),
            await unfair(warm_up=1, one_clock=True, nodelay=True),
        )

    everything, nagle, cold, clock, mended = asyncio.run(main())
    assert everything["SSE"] > 30 and min(nagle["SSE"], cold["SSE"], clock["SSE"]) > 8
    assert mended["SSE"] < 5 and mended["WebSocket"] < 5
