"""An answer that is generated once, independent of its readers: they may leave, come back, or be many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Literal, NamedTuple

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import LabError
from labkit.log import MemoryLog
from labkit.wire import Frame

GenerationState = Literal["running", "finished", "cancelled", "failed"]

#: More than any answer here has: a reader who comes back late still gets all of it.
MAX_TOKENS = 100_000
#: Of all tokens together: ten times a book's chapter. An upstream decides how long its tokens are.
MAX_CHARACTERS = 1_000_000
ABANDONED_AFTER_S = 10.0


class Token(NamedTuple):
    """A piece of the answer, and the id from which a reader resumes after it."""

    id: str
    text: str


class Generation:
    """One answer: it generates its tokens once, and keeps them for every reader. It belongs to one event loop.

    It stops when cancel() is called, and when nobody has read for `abandoned_after_s` (None: never).
    `token_count` is the number of tokens so far, read or not; `readers` that of the readers now; `state` is "running",
    "finished", "cancelled" or "failed", and `why` says more. An answer ends as failed at MAX_TOKENS, where the
    first ones would be forgotten, and at MAX_CHARACTERS.

    Args:
        tokens: makes the texts of the tokens; an error that it raises ends the answer as failed.
        prompt: what was asked, for pages that show it.
        abandoned_after_s: how long it goes on without a reader.
        clock: replaced in tests.
    """

    def __init__(
        self,
        tokens: AsyncIterator[str],
        *,
        prompt: str = "",
        abandoned_after_s: float | None = ABANDONED_AFTER_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.log = MemoryLog(MAX_TOKENS)
        self.prompt = prompt
        self.state: GenerationState = "running"
        self.why = ""
        self.token_count = 0
        self.readers = 0
        self._abandoned_after_s, self._clock = abandoned_after_s, clock
        self._changed = asyncio.Event()
        self._cuts = 0
        self._task = asyncio.ensure_future(self._make(tokens))
        self._abandon_task: asyncio.Task[None] | None = None
        self._wait_for_a_reader()  # the first one may never come

    @property
    def text(self) -> str:
        """The text of all tokens so far."""
        return "".join(frame.data or "" for frame in self.log.since(self.start).frames)

    @property
    def start(self) -> str:
        """The id before the first token: reading from it gives the whole answer."""
        return f"{self.log.epoch}-0"

    def cancel(self, why: str = "cancelled") -> None:
        """Stops generating. The tokens so far stay; `why` is the reason that readers are given."""
        if self.state == "running":
            self._end("cancelled", why)
            self._task.cancel()

    def cut(self) -> None:
        """Cuts the connection of every reader. Generating goes on."""
        self._cuts += 1
        self._wake()

    async def read(self, last_event_id: str = "") -> AsyncGenerator[Token, None]:
        """The tokens after this id, or with "" all of them; then each new one, to the end of the answer.

        Raises:
            ConnectionAbortedError: cut() was called.
        """
        self.readers += 1
        cuts = self._cuts
        if self._abandon_task is not None:
            self._abandon_task.cancel()
            self._abandon_task = None
        last_id = last_event_id or self.start
        try:
            while True:
                changed, running = self._changed, self.state == "running"
                for frame in self.log.since(last_id).frames:
                    last_id = frame.id or last_id
                    yield Token(last_id, frame.data or "")
                if not running:
                    return
                await changed.wait()
                if self._cuts != cuts:
                    raise ConnectionAbortedError("cut, as somebody asked")
        finally:
            self.readers -= 1
            if self.readers == 0:
                self._wait_for_a_reader()

    async def _make(self, tokens: AsyncIterator[str]) -> None:
        left_characters = MAX_CHARACTERS
        try:
            async for text in tokens:
                left_characters -= len(text)
                if left_characters < 0:
                    raise LabError(f"an answer has at most {MAX_CHARACTERS:,} characters here")
                self.log.append(Frame(data=text))
                self.token_count += 1
                self._wake()
                if self.token_count == MAX_TOKENS:
                    raise LabError(f"an answer has at most {MAX_TOKENS:,} tokens here")
            self._end("finished", "")
        except asyncio.CancelledError:
            self._end("cancelled", self.why or "cancelled")
        except Exception as problem:  # whatever a model raises: its readers are told, and the server lives on
            self._end("failed", str(problem) or type(problem).__name__)

    def _wait_for_a_reader(self) -> None:
        if self._abandoned_after_s is not None and self.state == "running":
            self._abandon_task = asyncio.ensure_future(self._abandon(self._abandoned_after_s))

    async def _abandon(self, after_s: float) -> None:
        await self._clock.sleep_s(after_s)
        if self.readers == 0:
            self.cancel(f"nobody has read for {after_s:g} s")

    def _end(self, state: GenerationState, why: str) -> None:
        if self.state == "running":
            self.state, self.why = state, why
            if self._abandon_task is not None:
                self._abandon_task.cancel()
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
