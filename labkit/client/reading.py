"""Handing out what a client fetches: one wait at a time, and none that is cancelled loses an event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator
from itertools import chain
from typing import Any

from labkit.errors import LabError
from labkit.wire import Event

Batches = AsyncGenerator[Iterable[Event], None]


class BatchReader:
    """The events of one client, for one task at a time.

    A task of its own fetches the next batch (the events that come at once); whoever waits, waits for that task. So a
    wait that is cancelled ends nothing.

    Args:
        begin: begins to fetch; called again after leave().
        on_left: called when the task that was reading is cancelled as a whole: nobody may ever ask again.
    """

    def __init__(self, begin: Callable[[], Batches], on_left: Callable[[], object]) -> None:
        self._begin, self._on_left = begin, on_left
        self._ready: Iterator[Event] = iter(())  # events that have come, and were not taken yet
        self._batches: Batches | None = None
        self._step: asyncio.Task[Iterable[Event] | None] | None = None  # fetches the next of the batches
        self._reader: asyncio.Task[Any] | None = None  # the task that waits for an event, or was the last to do so
        self._has_reader = False  # one waits now
        self._ended = False

    @property
    def begun(self) -> bool:
        """Whether a task has ever asked for an event."""
        return self._reader is not None

    async def next(self) -> Event | None:
        """The next event; None at the end.

        Raises:
            LabError: another task waits already.
        """
        while True:
            for event in self._ready:
                return event
            batch = await self._next_batch()
            if batch is None:
                return None
            self._ready = iter(batch)

    async def _next_batch(self) -> Iterable[Event] | None:
        if self._has_reader:
            raise LabError("two tasks wait for the next event: one task iterates over a source at a time")
        while not self._ended:
            if self._step is None:
                self._step = asyncio.ensure_future(self._fetch())
            step, self._has_reader = self._step, True
            self._watch_reader()
            try:
                await _wait_for(step)
            finally:
                self._has_reader = False
            if self._step is step:
                self._step = None
            if not step.cancelled():  # by leave()
                return step.result()
        return None

    async def _fetch(self) -> Iterable[Event] | None:
        if self._batches is None:
            self._batches = self._begin()
        return await anext(self._batches, None)

    def leave(self, then: Batches | None = None) -> Coroutine[Any, Any, None]:
        """Leaves the connection, which the result, awaited, ends. The events that have come stay ready to be taken;
        after them come those of `then`, or what begin() gives."""
        step, batches = self._step, self._batches
        self._step, self._batches = None, then
        has_come = step is not None and step.done() and not (step.cancelled() or step.exception())
        if step is not None and has_come and not self._has_reader:  # else its reader takes them
            self._ready = chain(self._ready, step.result() or ())
        return _end(step, batches)

    def end(self) -> Coroutine[Any, Any, None]:
        """Leaves for good; what was not taken is dropped."""
        self._ended, self._ready = True, iter(())
        ending = self.leave()
        self._ready = iter(())
        return ending

    def _watch_reader(self) -> None:
        reader = asyncio.current_task()
        if reader is not self._reader and reader is not None:
            self._reader = reader
            if not _is_one_wait(reader):
                reader.add_done_callback(self._note_end)

    def _note_end(self, reader: asyncio.Task[Any]) -> None:
        if reader.cancelled() and self._reader is reader and not self._ended:
            self._on_left()


def _is_one_wait(task: asyncio.Task[Any]) -> bool:
    """Whether the task does nothing but wait for one event: asyncio.wait_for of Python 3.11 makes such tasks."""
    return getattr(task.get_coro(), "__qualname__", "") in ("Source.__anext__", "_wrap_awaitable")


async def _wait_for(step: asyncio.Task[Any]) -> None:
    """Waits until it is done. A cancellation ends this wait, and not what it waits for, as with asyncio.wait, which
    takes any number of tasks, and 4 µs more for each event."""
    waiter = asyncio.get_running_loop().create_future()

    def wake(step: asyncio.Task[Any]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    step.add_done_callback(wake)
    try:
        await waiter
    finally:
        step.remove_done_callback(wake)


async def _end(step: asyncio.Task[Any] | None, batches: AsyncGenerator[Any, None] | None) -> None:
    if step is not None and step is not asyncio.current_task():
        step.cancel()
        await asyncio.wait([step])
        if not step.cancelled():
            step.exception()  # has been seen, though nobody asks for it any more
    if batches is not None:
        with contextlib.suppress(RuntimeError):  # a callback of its own asks for it, in the middle of it
            await batches.aclose()
