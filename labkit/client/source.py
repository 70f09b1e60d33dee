"""The base of all clients: iterating, the state, and closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from types import TracebackType
from typing import Any, Literal, Self

from labkit.wire import Event

State = Literal["connecting", "open", "closed"]
CONNECTING: State = "connecting"
OPEN: State = "open"
CLOSED: State = "closed"

#: Three heartbeats of 15 s: a stream that misses all three is dead. (Chromium notices a silent peer after 450 s.)
READ_TIMEOUT_S = 45.0
CONNECT_TIMEOUT_S = 10.0


class Source:
    """The base of EventSource, Polling and WebSocketSource: iterate over it to get Events.

    `state` is "connecting", "open" or "closed"; `connections` counts the attempts to connect. One task iterates at a
    time; any task of the same loop may close it.

    Args:
        url: what it connects to.
        on_state: called with the new state and the reason.
    """

    def __init__(self, url: str, on_state: Callable[[State, str], object] | None = None) -> None:
        self.url = url
        self.state: State = CONNECTING
        self.connections = 0
        self._on_state = on_state
        self._events: AsyncGenerator[Event, None] | None = None
        self._reader: asyncio.Task[Any] | None = None  # who awaits the next event
        self._interrupted = False  # close() has cancelled that wait

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if self._events is None:
            self._events = self._run()
        self._reader = asyncio.current_task()
        try:
            return await anext(self._events)
        except asyncio.CancelledError:
            # By close(), and by nobody else? For the reader that is the end of the stream.
            if self._interrupted and self._reader is not None and self._reader.uncancel() == 0:
                raise StopAsyncIteration from None
            raise
        finally:
            self._reader = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection for good. A task that waits for the next event sees the end of the stream."""
        self._set_state(CLOSED, "closed by the caller")
        if self._reader is not None and self._reader is not asyncio.current_task():
            if not self._interrupted:  # two cancels would be one too many to take back
                self._interrupted = True
                self._reader.cancel()
        elif self._events is not None:
            await self._events.aclose()
        await self._release()

    def _run(self) -> AsyncGenerator[Event, None]:
        """All events, over as many connections as it takes."""
        raise NotImplementedError

    async def _release(self) -> None:
        """Gives back what it holds."""

    def _set_state(self, state: State, why: str) -> None:
        # Each failed attempt is told, not only the first.
        if self.state != CLOSED and (state != self.state or state == CONNECTING):
            self.state = state
            if self._on_state is not None:
                self._on_state(state, why)
