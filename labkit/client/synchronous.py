"""Iterating without an event loop: for scripts."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from labkit.client.facts import CLOSED
from labkit.client.source import Source
from labkit.errors import LabError
from labkit.system.background import Background
from labkit.wire import Event


class SynchronousSource(Source):
    """A Source that a script can iterate over as well: `with EventSource(url) as source: for event in source: ...`.

    It runs on a thread of its own, with the same promises: a wait that Ctrl-C ends loses no event. The thread ends with
    the `with` block, and with the stream. on_state and its like are called on that thread.
    """

    _thread: Background | None = None
    _waiting: concurrent.futures.Future[Event | None] | None = None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        if self._thread is None:
            if self.state == CLOSED:
                raise StopIteration
            if self._reader.begun:
                raise LabError("this source is read by `async for` already: iterate over it in one way only")
            self._thread = Background(type(self).__name__)
        if self._waiting is None:
            self._waiting = self._thread.submit(self._next_or_none())
        try:
            event = self._waiting.result()
        except Exception:
            self._end_thread()
            raise
        self._waiting = None
        if event is None:
            self._end_thread()
            raise StopIteration
        return event

    async def _next_or_none(self) -> Event | None:
        return await anext(self, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.run(self.close())
        self._set_state(CLOSED, "closed by the caller")
        self._end_thread()

    def _end_thread(self) -> None:
        thread, self._thread, self._waiting = self._thread, None, None
        if thread is not None:
            thread.end()
