"""Three nodes behind a balancer, a crowd and some browser tabs, and nodes that are killed: what is lost, what doubled?

uv run python benchmarks/cluster.py [--readers 200] [--tabs 4] [--per-s 200] [--kills 20]

The same is done with one log in Redis, with a memory for each node, and with Redis Pub/Sub. With the shared log
there follow a rolling restart, a Redis that is killed and started again with its append-only file, and one that is
emptied.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from playwright.async_api import Page, async_playwright

from labkit.cluster import Cluster
from labkit.lab.lesson_11 import CrowdTally, KillAtRandom, crowd_reads, rolling_deploy
from labkit.lab.lesson_11.crowd import Collected, tally

PAGE = """
(url) => {
  window.got = { numbers: [], gaps: 0, finished: false };
  const source = new EventSource(url);
  source.onmessage = ({ data }) => {
    window.got.finished = data === "end";
    if (window.got.finished) source.close();
    else window.got.numbers.push(Number(data));
  };
  source.addEventListener("gap", () => window.got.gaps++);
}
"""

Story = Callable[[Cluster], Awaitable[object]]


@contextlib.asynccontextmanager
async def open_tabs(url: str, count: int) -> AsyncIterator[list[Page]]:
    """Tabs of real Chromium, each with an EventSource on the stream. (Six streams fit into one profile.)"""
    if not count:
        yield []
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = await browser.new_context()
        tabs = [await context.new_page() for _ in range(count)]
        for tab in tabs:
            await tab.goto(url.removesuffix("/events") + "/node")
            await tab.evaluate(PAGE, url)
        yield tabs
        await browser.close()


async def one_run(cluster: Cluster, story: Story, options: argparse.Namespace) -> tuple[CrowdTally, CrowdTally]:
    """What the Python readers got, and what the tabs got."""
    async with open_tabs(cluster.url, options.tabs) as tabs:
        crowd = await crowd_reads(cluster, story, readers=options.readers, events=1, per_s=options.per_s, grace_s=30)
        await asyncio.sleep(2)
        got = [Collected(**json.loads(await tab.evaluate("JSON.stringify(window.got)"))) for tab in tabs]
    return crowd, tally(got, crowd.published)


async def restart_redis(cluster: Cluster) -> None:
    assert cluster.redis is not None
    for _ in range(3):
        await asyncio.sleep(1)
        await asyncio.to_thread(cluster.redis.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(cluster.redis.start)
    await asyncio.sleep(1)


async def empty_redis(cluster: Cluster) -> None:
    import redis

    assert cluster.redis is not None
    await asyncio.sleep(1)
    redis.Redis.from_url(cluster.redis.url).flushall()
    await asyncio.sleep(1)


def row(name: str, crowd: CrowdTally, tabs: CrowdTally, seconds: float) -> None:
    for who, told in (("Python", crowd), ("tabs", tabs)):
        if told.readers:
            print(
                f"| {name} | {told.readers} {who} | {told.published:,} | {told.lost:,} | {told.doubled:,} | "
                f"{told.disordered:,} | {told.gaps:,} | {told.unfinished} | {seconds:.0f} s |",
                flush=True,
            )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, number in (("readers", 200), ("tabs", 4), ("per-s", 200), ("kills", 20)):
        parser.add_argument(f"--{name}", type=int, default=number)
    options = parser.parse_args()
    kills: Story = KillAtRandom(options.kills)
    print("| arrangement | readers | events | lost | doubled | out of order | gaps | unfinished | took |")
    print("|---|---|---|---|---|---|---|---|---|")
    for log, stories in (
        ("redis", {f"{options.kills} nodes killed": kills, "rolling restart": rolling_deploy,
                   "Redis killed three times": restart_redis, "Redis emptied": empty_redis}),
        ("memory", {f"{options.kills} nodes killed": kills, "rolling restart": rolling_deploy}),
        ("pubsub", {f"{options.kills} nodes killed": kills, "rolling restart": rolling_deploy}),
    ):  # fmt: skip
        for name, story in stories.items():
            with await asyncio.to_thread(functools.partial(Cluster, 3, log)) as cluster:  # type: ignore[arg-type]
                started_s = time.monotonic()
                crowd, tabs = await one_run(cluster, story, options)
                row(f"{log}, {name}", crowd, tabs, time.monotonic() - started_s)


if __name__ == "__main__":
    asyncio.run(main())
