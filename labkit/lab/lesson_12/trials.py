"""Each app and its naive version, in four kinds of trouble: does a reader have everything at the end?"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labkit.apps.relayed import WAYS, RelayedApp
from labkit.client import EventSource
from labkit.clock import ImpatientClock, wait_until
from labkit.errors import LabError, counted
from labkit.faults import FailFirst
from labkit.lab.lesson_12.stories import STORIES, THINGS, Story
from labkit.wire import Event

TROUBLES = ("the line is cut", "the server restarts", "the page is loaded again", "a proxy buffers")
#: Trouble begins with this thing, and is over before that one.
BEGIN, OVER = 3, 6
#: So many apps run at the same time. All of them share one process with their readers.
AT_ONCE = 4
#: So long what was begun may take to end, on a busy machine.
SETTLE_S = 30.0
#: A reader whose stream is open waits for what it lacks until nothing has come for so long, and no longer than this
#: where something always comes. What is there comes within a tenth of it.
QUIET_S, LONGEST_S = 2.0, 4.0


@dataclass(frozen=True)
class Trial:
    """What a reader of an app had at the end of one kind of trouble: how many `lost` and `doubled`, of `things`."""

    app: str
    naive: bool
    trouble: str
    things: int
    lost: int
    doubled: int

    @property
    def held(self) -> bool:
        """Whether the reader had each thing once."""
        return self.lost == self.doubled == 0

    def __repr__(self) -> str:
        version = "naive" if self.naive else "whole"
        result = "all there" if self.held else f"{self.lost} of {counted(self.things, 'thing')} lost"
        twice = f", {self.doubled} twice" if self.doubled else ""
        return f"<{self.app}, {version}: {self.trouble}: {result}{twice}>"


def lost_by(trials: Iterable[Trial]) -> dict[str, dict[str, tuple[int, int]]]:
    """App -> trouble -> how many things the naive version lost, and how many the whole one; both were tried."""
    lost = {(trial.app, trial.trouble, trial.naive): trial.lost for trial in trials}
    apps, troubles = dict.fromkeys(app for app, _, _ in lost), dict.fromkeys(trouble for _, trouble, _ in lost)
    return {
        app: {trouble: (lost[app, trouble, True], lost[app, trouble, False]) for trouble in troubles} for app in apps
    }


class _Reader:
    """A page's stream, as openStream() reads it: it comes back whatever happens, and keeps all events."""

    def __init__(self, url: str, confirm: Callable[[Sequence[Event]], None] | None = None) -> None:
        self.url, self.events, self._confirm = url, list[Event](), confirm
        self.opened_s = self.heard_s = 0.0
        self._task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        last_event_id = ""
        while True:  # what ends an EventSource for good, such as a 502, does not end a page
            source = EventSource(self.url, last_event_id=last_event_id, clock=ImpatientClock(), on_state=self._note)
            with contextlib.suppress(LabError):
                async with source:
                    async for event in source:
                        self.events.append(event)
                        self.heard_s = time.monotonic()
                        if self._confirm is not None:
                            await asyncio.to_thread(self._confirm, self.events)
            last_event_id = source.last_event_id
            await asyncio.sleep(0.02)

    def _note(self, state: str, reason: object) -> None:
        if state == "open":
            self.opened_s = self.heard_s = time.monotonic()

    @property
    def waits_for_nothing(self) -> bool:
        """Whether its stream is open, and what was on its way would be here: nothing has come for long enough."""
        now_s = time.monotonic()
        return bool(self.opened_s) and (now_s - self.heard_s > QUIET_S or now_s - self.opened_s > LONGEST_S)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def try_app(name: str, naive: bool = False, troubles: Iterable[str] = TROUBLES) -> list[Trial]:
    """Runs the story of an app once in each kind of trouble, each time with an app that is new.

    Raises:
        LabError: there is no such app.
    """
    return [await _try(name, STORIES[name], naive, trouble) for trouble in troubles]


async def try_all(names: Sequence[str] = tuple(STORIES), troubles: Sequence[str] = TROUBLES) -> list[Trial]:
    """All these apps, whole and naive, some at the same time: each is a server of its own."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def try_in_turn(name: str, naive: bool) -> list[Trial]:
        async with turn:
            return await try_app(name, naive, troubles)

    trials = [try_in_turn(name, naive) for name in names for naive in (False, True)]
    return [trial for some in await asyncio.gather(*trials) for trial in some]


async def _try(name: str, story: Story, naive: bool, trouble: str) -> Trial:
    with tempfile.TemporaryDirectory(prefix="labkit-trial-", ignore_cleanup_errors=True) as folder:
        app = await asyncio.to_thread(RelayedApp, name, naive, Path(folder), label=f"{name} {naive} {trouble}")
        try:
            return await _story(app, story, trouble)
        finally:
            await asyncio.to_thread(app.stop)


async def _story(app: RelayedApp, story: Story, trouble: str) -> Trial:
    url = await asyncio.to_thread(story.url, app)
    if trouble == "a proxy buffers":
        app.relay.set(*WAYS["a proxy that buffers"])
    confirm = None if story.confirm is None else partial(story.confirm, app)
    reader = _Reader(url, confirm)

    def has_all(reader: _Reader) -> bool:
        return set(story.things) <= set(story.seen(reader.events))

    try:
        await _is_read(app, reader)
        for n in range(THINGS):
            await _disturb(app, reader, story, trouble, n)
            await asyncio.to_thread(story.act, app, n)
            await asyncio.sleep(0.01)
        await wait_until(lambda: story.settled(app.app), SETTLE_S)
        if trouble == "the page is loaded again":
            await reader.stop()
            reader = _Reader(url, confirm)
        # Who has nothing lost may take its time on a busy machine. Of a naive one we wait until nothing more is coming.
        await wait_until(lambda: has_all(reader) or (app.naive and reader.waits_for_nothing), SETTLE_S)
    finally:
        await reader.stop()
    seen = Counter(story.seen(reader.events))
    lost, doubled = sum(not seen[thing] for thing in story.things), sum(seen[thing] > 1 for thing in story.things)
    return Trial(app.name, app.naive, trouble, len(story.things), lost, doubled)


async def _disturb(app: RelayedApp, reader: _Reader, story: Story, trouble: str, n: int) -> None:
    """Between BEGIN and OVER the reader is away, as a page is that waits before it comes back."""
    if trouble not in ("the line is cut", "the server restarts"):
        return
    if n == BEGIN:
        app.relay.set(FailFirst(1_000_000))
        app.cut()
        if trouble == "the server restarts":
            await asyncio.to_thread(app.restart)
    if n == OVER:
        await wait_until(lambda: story.settled(app.app), SETTLE_S)
        app.relay.set()
        reader.opened_s = 0.0
        await _is_read(app, reader)


async def _is_read(app: RelayedApp, reader: _Reader) -> None:
    """Waits until the server has its reader. Behind a buffer the head itself may be held, and the connection tells."""
    await wait_until(lambda: bool(reader.opened_s) or app.relay.open > 0, SETTLE_S)
    await wait_until(lambda: bool(reader.opened_s), 1)
    await asyncio.sleep(0.1)
