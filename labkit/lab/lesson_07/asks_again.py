"""How often does one page ask? A client that reconnects as a browser does, before a server whose reply is yours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.client import EventSource
from labkit.errors import LabError
from labkit.server import serve
from labkit.server.handlers import StreamHandler
from labkit.wire import Frame, encode

#: From the Last-Event-ID ("" at first) to a status and what is to be sent.
Reply = Callable[[str], tuple[int, list[Frame]]]

RECONNECTION_MS = 50
#: For the first request: far more than a busy machine needs.
FIRST_REQUEST_S = 20.0


@dataclass
class PageQuestions:
    """`statuses` of the replies; `answers`: how many of them began the answer, which a model then has to generate;
    `whole`: the answer; `text`: what the page shows; `problem`: why the reply was none."""

    statuses: list[int] = field(default_factory=list)
    answers: int = 0
    whole: list[str] = field(default_factory=list)
    text: str = ""
    without_id: bool = False
    problem: str = ""

    def __repr__(self) -> str:
        if self.problem:
            return self.problem
        requests = "one request" if len(self.statuses) == 1 else f"{_many(len(self.statuses))} requests"
        answers = "one answer" if self.answers == 1 else f"{_many(self.answers)} answers"
        shown = "it whole" if self.text == "".join(self.whole) else f"{self.text[:40] + '…' * (len(self.text) > 40)!r}"
        last = f"; the last reply had status {self.statuses[-1]}" if self.statuses else ""
        ids = "; its events carry no id" if self.without_id else ""
        return f"{requests}, {answers} generated; the page shows {shown}{last}{ids}"

    def note(self, status: int, frames: list[Frame]) -> None:
        """Counts a reply."""
        texts = [frame.data for frame in frames if frame.data is not None and frame.event is None]
        self.whole = self.whole or texts
        self.statuses.append(status)
        self.answers += status == 200 and bool(texts) and texts[0] == self.whole[0]
        self.without_id |= any(frame.id is None for frame in frames if frame.event is None)


async def questions(
    reply: Reply, *, closes_on: str | None = None, cut_after: int | None = None, seconds: float = 0.8
) -> PageQuestions:
    """What a page asks within so many seconds, from its first request on. It closes when an event of the type
    `closes_on` comes, or never; with `cut_after` its first connection breaks after so many events."""
    asked, limit = PageQuestions(), asyncio.timeout(FIRST_REQUEST_S)

    class Replying(StreamHandler):
        async def get(self) -> None:
            if not asked.statuses:
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
            try:
                status, frames = _checked(reply(self.last_event_id))
            except Exception as problem:  # the learner's function: told, and not raised
                asked.problem = f"reply({self.last_event_id!r}) raised {type(problem).__name__}: {problem}"
                status, frames = 500, []
            asked.note(status, frames)
            self.set_status(status)
            if status != 200:
                self.clear_header("Content-Type")
                return
            breaks = cut_after is not None and len(asked.statuses) == 1
            self.write(
                b"".join(map(encode, [Frame(retry_ms=RECONNECTION_MS), *frames[: cut_after if breaks else None]]))
            )
            if breaks:
                await self.flush()
                self.take_stream().close()

    async with serve({"/answer": Replying}) as server:
        with contextlib.suppress(TimeoutError, LabError):
            async with limit:
                await _read(server.url, closes_on, asked)
    return asked


def _checked(returned: object) -> tuple[int, list[Frame]]:
    match returned:
        case (int() as status, [*parts]) if 200 <= status <= 599:
            frames = [part for part in parts if isinstance(part, Frame)]
            if len(frames) == len(parts):
                return status, frames
    raise TypeError(f'it returns a status and Frames, such as (200, [Frame(data="a")]), and not {returned!r:.60}')


async def _read(url: str, closes_on: str | None, asked: PageQuestions) -> None:
    async with EventSource(url) as source:
        async for event in source:
            if event.type == closes_on:
                return
            asked.text += event.data


def _many(count: int) -> str:
    return str(count) if count < 4 else "many"
