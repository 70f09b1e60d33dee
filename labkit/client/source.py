"""The base of all clients: iterating, connecting again, giving up, and closing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Self

from labkit.client.facts import CLOSED, CONNECTING, OPEN, State, StateReason
from labkit.client.reading import BatchReader
from labkit.client.recent import RecentIds
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import LabError, RetriesExhausted, StreamLost, StreamStalled
from labkit.system.secrets import hidden, secrets_of, shown_url
from labkit.wire import Event
from labkit.wire.session import (
    DEFAULT_RECONNECTION_MS,
    STANDARD,
    Answered,
    Ended,
    Outcome,
    Policy,
    Session,
    Stop,
    Unreachable,
)

#: Three heartbeats of 15 s: a stream that misses all three is dead. (Chromium notices one that vanished after 450 s.)
READ_TIMEOUT_S = 45.0
CONNECT_TIMEOUT_S = 10.0

OnState = Callable[[State, StateReason], object]


class AttemptOver(Exception):
    """How an attempt to connect came to its end, unless that was in good order. `error` says it to the caller."""

    def __init__(self, outcome: Outcome, error: LabError | None = None) -> None:
        super().__init__(outcome)
        self.outcome, self.error = outcome, error


class Source:
    """The base of EventSource, Polling and WebSocketSource: iterate over it to get Events.

    `state` is "connecting", "open" or "closed"; `connections` counts the attempts to connect; `last_event_id` is what
    the next one would send; `retry_in_s` is how long it waits before the next; `duplicates` counts the events that
    were dropped; `status` is that of the response to the newest attempt, None as long as there is none.

    One task iterates at a time; any task of the same loop may close it or restart it. A wait for an event that is
    cancelled, as asyncio.wait_for does when its time is up, loses nothing: the next wait gets that event. When the
    task itself that iterates is cancelled, the connection is closed; who iterates on connects again, and resumes.

    Args:
        url: what it connects to.
        last_event_id: where an earlier client ended.
        policy: when to reconnect.
        reconnection_ms: the wait before a reconnection.
        deduplicate: drops an event whose id was among the newest 1000.
        on_state: called with the new state and the StateReason.
        clock, rng: replaced in tests.
    """

    def __init__(
        self,
        url: str,
        *,
        last_event_id: str = "",
        policy: Policy = STANDARD,
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        deduplicate: bool = False,
        on_state: OnState | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        self.url = url
        self.state: State = CONNECTING
        self.connections = 0
        self.retry_in_s = 0.0
        self.status: int | None = None
        self._session = Session(last_event_id, reconnection_ms)
        self._policy = policy
        self._recent_ids = RecentIds() if deduplicate else None
        self._on_state = on_state
        self._clock, self._rng = clock, rng or random.Random()
        self._secrets = secrets_of(url)
        self._opened = False  # by the attempt in hand
        self._reader = BatchReader(self._run, self._leave)

    @property
    def last_event_id(self) -> str:
        """The id that the next request would send; "" before the first."""
        return self._session.last_event_id

    @property
    def reconnection_ms(self) -> int:
        """The wait before a reconnection, as the server's last `retry` has set it."""
        return self._session.reconnection_ms

    @property
    def duplicates(self) -> int:
        """How many events were dropped because their id was among the newest."""
        return self._recent_ids.dropped if self._recent_ids is not None else 0

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            while (event := await self._reader.next()) is not None:
                if self._recent_ids is None or self._recent_ids.is_new(event):
                    return event
        except Exception:
            await self._finish()
            raise
        await self._finish()
        raise StopAsyncIteration

    async def _run(self) -> AsyncGenerator[Iterable[Event], None]:
        """All batches, over as many connections as it takes."""
        while self.state != CLOSED:
            outcome: Outcome = Ended()
            error: LabError | None = None
            self._opened, self.status = False, None
            self.connections += 1
            try:
                async with aclosing(self._connect()) as batches:
                    async for batch in batches:
                        yield batch
                        if self.state == CLOSED:  # by an event that ends the stream
                            return
            except AttemptOver as over:
                outcome, error = over.outcome, over.error
            if self.state != CLOSED:
                await self._wait_or_stop(outcome, error)

    def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        """The events of one connection, as many at once as came at once. It calls _open(), and ends when the response
        ends in good order.

        Raises:
            AttemptOver: there is no stream, or it broke.
        """
        raise NotImplementedError

    def _open(self, why: str) -> None:
        self._opened = True
        self._session = self._session.with_open_stream()
        self._set_state(OPEN, why)

    def _broken(self, why: str, error: LabError | None = None, sent: bool = True) -> AttemptOver:
        """The end of an attempt that broke, or to which nobody answered; `sent`: the request may have been acted on."""
        outcome = Ended(why, broken=True) if self._opened else Unreachable(why, sent)
        return AttemptOver(outcome, error or StreamLost(f"{shown_url(self.url)}: {why}"))

    async def _wait_or_stop(self, outcome: Outcome, error: LabError | None) -> None:
        self._session, step = self._session.next_step(outcome, self._policy, self._rng.random())
        if isinstance(step, Stop):
            final = self._final_error(step, outcome, error) if step.error else None
            self._set_state(CLOSED, step.why, final)
            if final is not None:
                raise final
            return
        self.retry_in_s = step.seconds
        self._set_state(CONNECTING, f"{step.why}; next attempt in {step.seconds:.3g} s", error)
        await self._clock.sleep_s(step.seconds)
        self.retry_in_s = 0.0

    def _final_error(self, step: Stop, outcome: Outcome, error: LabError | None) -> LabError:
        refused = isinstance(outcome, Answered) and outcome.status not in self._policy.retry_statuses
        acted_on = isinstance(outcome, Ended) or (isinstance(outcome, Unreachable) and outcome.sent)
        if error is not None and (refused or (acted_on and not self._policy.resend)):
            return error
        why = hidden(step.why, self._secrets)
        if self._session.failures > 1 or self._session.opened_once:
            return RetriesExhausted(self._session.failures, why)
        if isinstance(error, StreamStalled):
            return error
        return StreamLost(f"{shown_url(self.url)} cannot be reached: {why}")

    async def restart(self) -> None:
        """Leaves the connection and makes a new one at once, without a wait; it resumes where this one ended. A request
        that costs is sent again: that is what restart() asks for."""
        if self.state != CLOSED:
            self._session = self._session.with_success()  # the next wait begins anew
            self.retry_in_s = 0.0
            self._set_state(CONNECTING, "restarted by the caller")
            await self._reader.leave()

    async def close(self) -> None:
        """Closes the connection for good. A task that waits for the next event sees the end of the stream."""
        self._set_state(CLOSED, "closed by the caller")
        await self._finish()

    async def _finish(self) -> None:
        self._set_state(CLOSED, "finished")
        await self._reader.end()
        await self._release()

    def _leave(self) -> None:
        self._set_state(CONNECTING, "the task that was reading was cancelled")
        then = None
        if not self._policy.resend:
            then = _lost("the task that was reading was cancelled, and what costs is not asked for again")
        self._leaving = asyncio.ensure_future(self._reader.leave(then))  # kept: a loop does not keep its tasks

    async def _release(self) -> None:
        """Gives back what it holds."""

    def _set_state(self, state: State, why: str, error: LabError | None = None) -> None:
        # Each failed attempt is told, not only the first.
        if self.state == CLOSED or (state == self.state and state != CONNECTING):
            return
        self.state = state
        if self._on_state is not None:
            sentence = hidden(why, self._secrets)
            reason = StateReason(sentence, self.connections, self.status, error, self.retry_in_s)
            self._on_state(state, reason)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state} {shown_url(self.url)} last_event_id={self.last_event_id!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _lost(why: str) -> AsyncGenerator[Iterable[Event], None]:
    raise StreamLost(why)
    yield ()
