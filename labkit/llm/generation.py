"""An answer that is generated once, independent of its readers: they may leave, come back, or be many."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.dialects import (
    ENDING_SENTENCES,
    Ending,
    EndMark,
    Failed,
    Finish,
    Oddity,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenCounts,
    ToolCall,
    mended,
    worst_ending,
)
from labkit.errors import LabError
from labkit.llm.heartbeats import Beats
from labkit.llm.model_request import ModelRequest, question
from labkit.log.ids import number_of

GenerationState = Literal["running", "finished", "cancelled", "failed"]

#: More than any answer here has: a reader who comes back late still gets all of it.
MAX_TOKENS = 100_000
#: Of all tokens together: ten times a book's chapter. An upstream decides how long its tokens are.
MAX_CHARACTERS = 1_000_000
ABANDONED_AFTER_S = 10.0
#: What was odd is told once each, and not a thousand times.
MAX_NOTES = 20


class AnswerStopped(LabError):
    """The parts of an answer end here, because it was stopped where they are made."""


class Token(NamedTuple):
    """A part of the answer, and the id from which a reader resumes after it."""

    id: str
    part: Part

    @property
    def text(self) -> str:
        """Its text, where it is one; "" for reasoning, a tool call, and all that is no part of the answer's text."""
        return self.part.text if isinstance(self.part, Text) else ""


class Generation:
    """One answer: it generates its parts once, and keeps them for every reader. It belongs to one event loop.

    It stops when cancel() is called, and when nobody has read for `abandoned_after_s` (None: never).
    `token_count` is the number of tokens so far, read or not; `readers` that of the readers now; `state` is "running",
    "finished", "cancelled" or "failed", and `why` says more. An answer ends as failed at MAX_TOKENS, and at
    MAX_CHARACTERS. `notes` are sentences about what was odd, or not forwarded; `token_counts` is what an upstream
    counted, and `extras` belongs to the dialect that was asked.

    Args:
        parts: makes the parts; a text alone is a Text. An error that it raises ends the answer as failed, or with the
            error's own `ending`.
        request: what was asked.
        prompt: what was asked, where it is one text.
        abandoned_after_s: how long it goes on without a reader.
        clock: replaced in tests.
        epoch: what its ids begin with, random unless given.
    """

    def __init__(
        self,
        parts: AsyncIterator[Part | str],
        *,
        request: ModelRequest | None = None,
        prompt: str = "",
        abandoned_after_s: float | None = ABANDONED_AFTER_S,
        clock: Clock = SYSTEM_CLOCK,
        epoch: str = "",
    ) -> None:
        self.request = question(prompt) if request is None else request
        self.epoch = epoch or secrets.token_hex(4)
        self.parts: list[Part] = []
        self.state: GenerationState = "running"
        self.why = ""
        self.token_count = self.reasoning_count = 0
        self.token_counts: TokenCounts | None = None
        self.notes: list[str] = []
        self.extras: dict[str, Any] = {}
        self.readers = 0
        self._finishes: dict[int, Finish] = {}
        self._failed_ending: Ending = "failed"
        self._abandoned_after_s, self._clock = abandoned_after_s, clock
        self._changed = asyncio.Event()
        self._cuts = 0
        self._task = asyncio.ensure_future(self._make(parts))
        self._abandon_task: asyncio.Task[None] | None = None
        self._wait_for_a_reader()  # the first one may never come

    @property
    def prompt(self) -> str:
        """The text of the last turn that asks."""
        return self.request.prompt

    @property
    def text(self) -> str:
        """The text of the first choice so far."""
        return "".join(part.text for part in self.parts if isinstance(part, Text) and part.choice == 0)

    @property
    def ending(self) -> Ending | None:
        """How the answer ended, or the worst of its choices did; None while it runs."""
        if self.state == "running":
            return None
        if self.state == "finished":
            return worst_ending(finish.ending for finish in self._finishes.values()) if self._finishes else "finished"
        return "stopped" if self.state == "cancelled" else self._failed_ending

    @property
    def reason(self) -> str:
        """Why the model stopped, in the words of its dialect; "" if it gave no reason."""
        found = (finish for finish in self._finishes.values() if finish.ending == self.ending)
        return next((finish.reason for finish in found), "")

    @property
    def start(self) -> str:
        """The id before the first part: reading from it gives the whole answer."""
        return f"{self.epoch}-0"

    def cancel(self, why: str = "cancelled") -> None:
        """Stops generating. The tokens so far stay; `why` is the reason that readers are given."""
        if self.state == "running":
            self._end("cancelled", why)
            self._task.cancel()

    async def stop(self, why: str) -> None:
        """Stops generating, wherever that is done."""
        self.cancel(why)

    def keep_alive(self) -> None:
        """Begins again to count how long nobody has read: somebody reads on another server."""
        if self._abandon_task is not None:
            self._abandon_task.cancel()
            self._wait_for_a_reader()

    @property
    def changed(self) -> asyncio.Event:
        """It is set, and replaced by another, when there is a new part, or the answer ends."""
        return self._changed

    def cut(self) -> None:
        """Cuts the connection of every reader. Generating goes on."""
        self._cuts += 1
        self._wake()

    async def read(self, last_event_id: str = "") -> AsyncGenerator[Token, None]:
        """The parts after this id, or with "" all of them; then each new one, to the end of the answer.

        With the id of another answer it gives all of them.

        Raises:
            ConnectionAbortedError: cut() was called.
        """
        async with contextlib.aclosing(self._read(last_event_id, None)) as tokens:
            async for token in tokens:
                if token is not None:
                    yield token

    def read_with_heartbeats(self, every_s: float, last_event_id: str = "") -> AsyncGenerator[Token | None, None]:
        """The same as read() gives, and None after each `every_s` in which nothing came."""
        return self._read(last_event_id, every_s)

    async def _read(self, last_event_id: str, every_s: float | None) -> AsyncGenerator[Token | None, None]:
        self.readers += 1
        cuts = self._cuts
        if self._abandon_task is not None:
            self._abandon_task.cancel()
            self._abandon_task = None
        number = number_of(last_event_id, self.epoch) or 0
        beats = None if every_s is None else Beats(every_s, self._clock, self._wake)
        try:
            while True:
                changed, running = self._changed, self.state == "running"
                while number < len(self.parts):
                    number += 1
                    yield Token(f"{self.epoch}-{number}", self.parts[number - 1])
                    if beats is not None:
                        beats.note()
                if not running:
                    return
                await changed.wait()
                if self._cuts != cuts:
                    raise ConnectionAbortedError("cut, as somebody asked")
                if beats is not None and beats.take():
                    yield None
        finally:
            if beats is not None:
                beats.stop()
            self.readers -= 1
            if self.readers == 0:
                self._wait_for_a_reader()

    async def _make(self, parts: AsyncIterator[Part | str]) -> None:
        left_characters = MAX_CHARACTERS
        try:
            async for part in parts:
                part = Text(part) if isinstance(part, str) else part
                left_characters -= _length(part)
                if left_characters < 0:
                    raise LabError(f"an answer has at most {MAX_CHARACTERS:,} characters here")
                self._add(part)
                if self.token_count == MAX_TOKENS:
                    raise LabError(f"an answer has at most {MAX_TOKENS:,} tokens here")
            self._end("finished", "")
        except asyncio.CancelledError:
            self._end("cancelled", self.why or "cancelled")
        except AnswerStopped as problem:
            self._end("cancelled", str(problem))
        except Exception as problem:  # whatever a model raises: its readers are told, and the server lives on
            self._failed_ending = getattr(problem, "ending", "failed")
            self._end("failed", str(problem) or type(problem).__name__)
        finally:
            if isinstance(parts, AsyncGenerator):
                await parts.aclose()

    def _add(self, part: Part) -> None:
        match part:
            case Oddity():
                self._note(part.why)
            case TokenCounts():
                self.token_counts = part
            case Failed():
                raise LabError(part.message)
            case EndMark():
                pass  # how an answer ends is said by its dialect
            case _:
                if isinstance(part, Finish):
                    self._finishes[part.choice] = part
                else:
                    part = _writable(part)
                    self.token_count += 1
                    self.reasoning_count += isinstance(part, Reasoning)
                self.parts.append(part)
                self._wake()

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(sentence)

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
            if self.ending is not None and self.ending != "finished" and state == "finished":
                self.why = ENDING_SENTENCES[self.ending]
            if self._abandon_task is not None:
                self._abandon_task.cancel()
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _writable(part: Part) -> Part:
    """The part with an id and a name that can be written: half a character in them becomes U+FFFD."""
    if isinstance(part, ToolCall) and (part.id or part.name):
        return replace(part, id=mended(part.id), name=mended(part.name))
    return part


def _length(part: Part) -> int:
    """The number of characters that a part adds to an answer."""
    if isinstance(part, Text | Reasoning | Refusal):
        return len(part.text)
    return len(part.id) + len(part.name) + len(part.arguments) if isinstance(part, ToolCall) else 0
