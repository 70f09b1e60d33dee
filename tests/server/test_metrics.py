from __future__ import annotations

import asyncio
import sys

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from labkit.asgi import asgi_app
from labkit.errors import LabError, LogFailed
from labkit.log import MemoryLog, Replay
from labkit.server import Channel, metrics, serve
from labkit.server.counts import ENDINGS, Counts
from labkit.wire import Frame

from ..asgi.servers import SERVERS, running
from ..helpers import after, request, soon

pytestmark = pytest.mark.live
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


async def scraped(url: str, accept: str = "*/*") -> dict[str, float]:
    """Every sample of the channels, by name and labels, as the official parser reads it."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(
        "application/openmetrics" if accept == OPENMETRICS else "text/plain"
    )
    families = (parse_openmetrics if accept == OPENMETRICS else parse)(answer.text)
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def test_prometheus_reads_what_a_channel_has_counted() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(3, epoch="e"))
        for text in "abcde":
            channel.publish(text)
        async with (
            serve({"/events": channel, "/metrics": metrics({"news": channel})}) as server,
            request(server.url) as one,
            request(server.url, after("e-3")) as two,
            request(server.url, after("e-1")) as three,
        ):
            await two.events(2)
            await three.events(4)  # the gap, and the three that are left
            await one.opening()
            channel.publish("f")
            channel.publish("g")
            for reply in (one, two, three):
                await reply.events(2)
            found = await scraped(server.base_url + "/metrics")
            assert found["labkit_streams news"] == 3
            assert found["labkit_streams_opened_total news"] == 3
            assert found["labkit_events_published_total news"] == 7
            assert found["labkit_events_passed_on_total news"] == 2
            assert found["labkit_events_delivered_total news"] == 6
            assert found["labkit_replays_total news"] == 2
            assert found["labkit_events_replayed_total news"] == 5
            assert found["labkit_gaps_total news"] == 1
            assert found["labkit_waiting_bytes news"] == 0
            assert found["labkit_writing_seconds_total news"] > 0
            assert "labkit_log_up news" not in found  # its log is its own
            channel.end()
            await soon(lambda: not channel.clients)
            found = await scraped(server.base_url + "/metrics", OPENMETRICS)
            assert found["labkit_streams_ended_total news ended"] == 3
            assert found["labkit_streams_ended_total news slow"] == 0
            assert found["labkit_streams news"] == 0
            if sys.platform == "linux":
                assert found["process_open_fds"] > 3

    asyncio.run(main())


def test_how_streams_end_is_counted() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"), room_bytes=1000)
        brief = Channel(max_age_s=0.01)
        async with serve({"/events": channel, "/brief": brief}) as server:
            async with request(server.url) as reply:
                await reply.opening()
            await soon(lambda: channel.counts.endings["left"] == 1)
            async with request(server.url) as slow:
                await slow.opening()
                for _ in range(100):  # it reads none of it, and the kernel takes no more than some of it
                    channel.publish("x" * 200_000)
                await soon(lambda: channel.counts.endings["slow"] == 1)
            async with request(server.url) as reply:
                await reply.opening()
                channel.cut()
                await soon(lambda: channel.counts.endings["cut"] == 1)
            async with request(server.base_url + "/brief") as reply:
                await reply.opening()
                await soon(lambda: brief.counts.endings["planned"] == 1)
            async with request(server.url) as reply:
                await reply.opening()
        await soon(lambda: channel.clients == 0)
        assert sum(channel.counts.endings.values()) == channel.counts.opened == 4

    asyncio.run(main())


@pytest.mark.parametrize("server", SERVERS)
def test_over_asgi_it_is_a_route_like_any_other(server: str) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with running(asgi_app({"/events": channel, "/metrics": metrics(channel)}), server) as base_url:
            channel.publish("a")
            found = await scraped(base_url + "/metrics")
            assert found["labkit_events_published_total events"] == 1

    asyncio.run(main())


@pytest.mark.parametrize(("said", "word"), ENDINGS)
def test_each_ending_has_a_word(said: str, word: str) -> None:
    counts = Counts()
    counts.note_ending(f"{said} for a reason")
    assert counts.endings == {word: 1}


class FarLog(MemoryLog):
    """A log that several servers share, and that may be away."""

    shared = blocking = True
    away = False

    def last_id(self) -> str:
        if self.away:
            raise LogFailed("far", "read", "refused", "Does it run?", is_away=True)
        return f"{self.epoch}-{self.last_number}"

    def wait_since(self, last_event_id: str, wait_s: float) -> Replay:
        return Replay(())  # its news come late

    def close(self) -> None:
        pass


def test_the_lag_of_a_shared_log_is_told_and_that_it_is_away() -> None:
    async def main() -> None:
        log = FarLog(epoch="e")
        channel = Channel(log)
        for text in "abc":
            log.append(Frame(data=text))
        async with serve({"/metrics": metrics(channel), "/events": channel}) as server:
            found = await scraped(server.base_url + "/metrics")
            assert (found["labkit_log_up events"], found["labkit_log_lag_events events"]) == (1, 3)
            log.away = True
            found = await scraped(server.base_url + "/metrics")
            assert found["labkit_log_up events"] == 0
            assert "labkit_log_lag_events events" not in found

    asyncio.run(main())


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(LabError, match="pip install"):
        metrics(Channel())
