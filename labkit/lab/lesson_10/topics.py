"""Many topics in one connection: what a reader of some topics gets, with a cut in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.client import EventSource
from labkit.log import MemoryLog
from labkit.server import Channel, multiplex, serve

TOPICS = ("prices", "news", "chat", "weather")


@dataclass(frozen=True, slots=True)
class TopicsHeard:
    """What came over one connection: topic -> how many events. `lost` and `doubled` count those of the topics named."""

    asked_for: tuple[str, ...]
    heard: dict[str, int]
    lost: int
    doubled: int


async def hear_topics(asked_for: Sequence[str] = TOPICS[:2], events: int = 40) -> TopicsHeard:
    """Publishes so many events of four topics in turns, to one reader of some topics; the reader leaves in the middle,
    and comes back with its last id.

    It is done on real sockets.
    """
    channel = Channel(MemoryLog())
    wanted = [str(number) for number in range(events) if TOPICS[number % len(TOPICS)] in asked_for]
    got: list[str] = []
    heard = dict.fromkeys(TOPICS, 0)
    last_event_id = channel.last_event_id
    async with serve({"/all": channel, "/topics": multiplex(channel)}) as server:
        for first in (0, events // 2):
            for number in range(first, first + events // 2):
                channel.publish(str(number), TOPICS[number % len(TOPICS)])
            half = sum(first <= int(number) < first + events // 2 for number in wanted)
            url = f"{server.base_url}/topics?topics={','.join(asked_for)}"
            async with EventSource(url, last_event_id=last_event_id) as source:
                for _ in range(half):
                    event = await anext(source)
                    got.append(event.data)
                    heard[event.type] = heard.get(event.type, 0) + 1
            last_event_id = source.last_event_id
    lost, doubled = len(set(wanted) - set(got)), len(got) - len(set(got))
    return TopicsHeard(tuple(asked_for), heard, lost, doubled)
