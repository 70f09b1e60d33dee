"""Readers of an app's stream: one that is cut off at random places, and the requests of a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.faults import Cut, First, OneOf
from labkit.proxy import relay
from labkit.wire import Event

from ..helpers import DEADLINE_S

CUTS = 50
_page = httpx.Client(trust_env=False, verify=False)  # one: to make ready for TLS takes longer than a request


def asked(url: str, path: str, **values: Any) -> httpx.Response:
    """The answer to what a page asks by POST."""
    return _page.post(f"{url}/{path}", json=values)


async def read_events(url: str, enough: Callable[[list[Event]], object]) -> list[Event]:
    """The events of a stream, up to the one with which it is enough. It waits for no reconnection time."""
    seen: list[Event] = []
    async with asyncio.timeout(DEADLINE_S), EventSource(url, clock=ImpatientClock()) as source:
        async for event in source:
            seen.append(event)
            if enough(seen):
                break
    return seen


async def read_through_cuts(
    url: str, path: str, enough: Callable[[list[Event]], object], most_bytes: int = 300, seed: int = 7
) -> list[Event]:
    """The events that a reader gets whose first CUTS connections break, each at a place drawn by chance.

    It fails where the stream was enough before all cuts took place.
    """
    chance = OneOf(tuple(Cut(bytes=place) for place in range(1, most_bytes)))
    async with relay(url, First(CUTS, chance), seed=seed) as proxy:
        seen = await read_events(proxy.url + path, enough)
        ended = [passage.ended for passage in proxy.passages]
    assert sum("cut" in end for end in ended) == CUTS, ended
    return seen


def values_of(events: list[Event], type: str) -> list[Any]:
    """The JSON of all events of a type."""
    return [json.loads(event.data) for event in events if event.type == type]
