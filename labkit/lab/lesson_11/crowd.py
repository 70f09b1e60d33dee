"""A crowd of readers in front of a cluster, numbered events for them, and a count of what each of them got."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from labkit.client import EventSource
from labkit.clock import wait_until
from labkit.cluster import Cluster
from labkit.errors import LabError, counted
from labkit.wire import Decoder, Event

END = "end"
GRACE_S = 8.0


@dataclass(frozen=True)
class CrowdTally:
    """What a crowd got of events that are numbered 0, 1, 2, ...

    Args:
        readers: how many readers there were.
        published: how many events.
        lost: how many events did not reach a reader, of all readers together.
        doubled: how many came once more than once.
        disordered: how many came behind a later one, for the first time.
        gaps: how often a server said that it no longer knew what was missed.
        unfinished: how many readers had not got the last event when they were no longer waited for.
    """

    readers: int
    published: int
    lost: int
    doubled: int
    disordered: int
    gaps: int
    unfinished: int = 0

    @property
    def exact(self) -> bool:
        """Whether each reader got each event once, in order."""
        return not (self.lost or self.doubled or self.disordered or self.unfinished)

    @property
    def in_brief(self) -> str:
        """What went wrong, in a few words."""
        return f"{self.lost:,} lost, {self.doubled:,} doubled"

    def __str__(self) -> str:
        return (
            f"{counted(self.readers, 'reader')}, {counted(self.published, 'event')}: {self.lost:,} lost, "
            f"{self.doubled:,} doubled, {self.disordered:,} out of order, {counted(self.gaps, 'gap')}"
        )


@dataclass
class Collected:
    """What one reader got: the numbers in the order in which they came, and how many gaps."""

    numbers: list[int] = field(default_factory=list)
    gaps: int = 0
    finished: bool = False
    is_there: bool = False

    def take(self, event: Event) -> bool:
        """Notes the event. True for the last one."""
        if event.type == "gap":
            self.gaps += 1
        elif event.data == END:
            self.finished = True
        else:
            self.numbers.append(int(event.data))
        return self.finished


def tally(collected: Sequence[Collected], published: int) -> CrowdTally:
    """Counts what the readers got.

    >>> tally([Collected([0, 1, 1, 3, 2], finished=True)], 5)
    CrowdTally(readers=1, published=5, lost=1, doubled=1, disordered=1, gaps=0, unfinished=0)
    """
    counts = [Counter(one.numbers) for one in collected]
    return CrowdTally(
        readers=len(collected),
        published=published,
        lost=sum(published - len(count) for count in counts),
        doubled=sum(sum(count.values()) - len(count) for count in counts),
        disordered=sum(_disordered(one.numbers) for one in collected),
        gaps=sum(one.gaps for one in collected),
        unfinished=sum(not one.finished for one in collected),
    )


def _disordered(numbers: Sequence[int]) -> int:
    highest, seen, behind = -1, set[int](), 0
    for number in numbers:
        behind += number < highest and number not in seen
        seen.add(number)
        highest = max(highest, number)
    return behind


Story = Callable[[Cluster], Awaitable[object]]


async def crowd_reads(
    cluster: Cluster,
    story: Story,
    *,
    readers: int = 20,
    events: int = 200,
    per_s: float = 100.0,
    cookies: bool = False,
    grace_s: float = GRACE_S,
) -> CrowdTally:
    """Lets a crowd read while numbered events are published, and something happens to the cluster.

    Args:
        cluster: where they read, through its balancer.
        story: what happens meanwhile; called with the cluster once all readers are there.
        readers: how many readers, each with a connection of its own.
        events, per_s: how many events are published, and how many a second. More follow, at the same rate, until the
            story is over.
        cookies: whether readers keep cookies, which sticky sessions need.
        grace_s: how long readers are waited for, in seconds, after the last event: they may be coming back just then.

    Raises:
        LabError: not all readers get in.
    """
    collected = [Collected() for _ in range(readers)]
    reading = [_read(cluster.url, one, cookies) for one in collected]
    published = await _tell_story(cluster, story, collected, reading, events, per_s, grace_s)
    return tally(collected, published)


async def two_crowds_read(
    cluster: Cluster, story: Story, *, readers: int = 20, events: int = 200, per_s: float = 100.0
) -> tuple[CrowdTally, CrowdTally]:
    """Like crowd_reads(), with half of the readers that take what one response brings, as a plain `fetch` does.

    Returns:
        What those got that come back, and what those got that do not.
    """
    collected = [Collected() for _ in range(readers)]
    staying, leaving = collected[: readers // 2], collected[readers // 2 :]
    reading = [_read(cluster.url, one, False) for one in staying] + [_read_once(cluster.url, one) for one in leaving]
    published = await _tell_story(cluster, story, collected, reading, events, per_s, GRACE_S)
    return tally(staying, published), tally(leaving, published)


async def _tell_story(
    cluster: Cluster, story: Story, collected: Sequence[Collected], reading: Sequence[Coroutine[Any, Any, None]],
    events: int, per_s: float, grace_s: float,
) -> int:  # fmt: skip
    """How many events were published."""
    tasks = [asyncio.create_task(work) for work in reading]
    try:
        if not await wait_until(lambda: all(one.is_there for one in collected), 60.0):
            raise LabError(
                f"not all of {counted(len(collected), 'reader')} got in. Is the machine very busy? Run it again"
            )
        happening = asyncio.ensure_future(story(cluster))
        published = await _publish_numbers(cluster, events, per_s, happening)
        await happening
        await asyncio.to_thread(cluster.publish, END)
        await asyncio.wait(tasks, timeout=grace_s)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return published


async def _read(url: str, collected: Collected, cookies: bool) -> None:
    def note(state: str, why: object) -> None:
        collected.is_there |= state == "open"

    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False)) if cookies else None
        async for event in await stack.enter_async_context(EventSource(url, client=client, on_state=note)):
            if collected.take(event):
                return


async def _read_once(url: str, collected: Collected) -> None:
    decoder = Decoder()
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client, client.stream("GET", url) as response:
        collected.is_there = True
        with contextlib.suppress(httpx.TransportError):
            async for piece in response.aiter_raw():
                for item in decoder.feed(piece):
                    if isinstance(item, Event):
                        collected.take(item)


async def _publish_numbers(cluster: Cluster, events: int, per_s: float, happening: asyncio.Future[object]) -> int:
    loop = asyncio.get_running_loop()
    began_s, number = loop.time(), 0
    while number < events or not happening.done():
        await asyncio.sleep(max(0.0, began_s + number / per_s - loop.time()))
        await asyncio.to_thread(cluster.publish, str(number))
        number += 1
    return number
