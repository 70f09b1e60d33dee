"""Asking a language model over HTTP: what a reader sees of its answer, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from labkit.client import ResponseRecorder, watch
from labkit.dialects import Ending, ModelAnswer, Part, Text, mended
from labkit.errors import counted
from labkit.recording import Recording


@dataclass(frozen=True)
class Streamed:
    """An answer as it came: `pieces` of its text, and when each came, in seconds after the request.

    `ending` says how it ended ("stopped" if we left), `complete` whether it is whole, `error` the error that came as an
    event, if one did; `answer` has the rest: its reasoning, its tool calls, its choices.
    """

    recording: Recording
    pieces: list[str]
    at_s: list[float]
    complete: bool
    error: str
    ending: Ending | Literal[""] = ""
    answer: ModelAnswer = field(default_factory=ModelAnswer, repr=False)

    @property
    def text(self) -> str:
        """The answer."""
        return mended("".join(self.pieces))

    def __repr__(self) -> str:
        if not self.at_s:
            return f"no piece of an answer (status {self.recording.status})"
        state = "whole" if self.complete else f"not whole: {self.ending}" if self.ending else "not whole"
        return (
            f"{counted(len(self.pieces), 'piece')}: the first after {self.at_s[0]:.2f} s, "
            f"the last after {self.at_s[-1]:.2f} s; {state}"
        )


def streamed(recording: Recording) -> Streamed:
    """The answer in a recording, in whatever dialect it is; of several answers the first."""
    answer, pieces = ModelAnswer(), []
    readable = recording.decompressed
    for at_s, parts in _timed_parts(readable, answer):
        pieces += [(at_s, part.text) for part in parts if isinstance(part, Text) and part.choice == 0]
    if readable.ended or readable.broken:
        answer.close(broken=bool(readable.broken))
    return Streamed(
        recording,
        [text for _, text in pieces],
        [at_s for at_s, _ in pieces],
        answer.ending == "finished",
        "" if answer.failure is None else answer.failure.message,
        answer.ending or ("failed" if answer.failure else "stopped"),
        answer,
    )


def _timed_parts(recording: Recording, answer: ModelAnswer) -> Iterator[tuple[float, list[Part]]]:
    if "json" not in recording.headers.get("content-type", ""):
        for at_s, event in recording.timed_events:
            yield at_s, answer.feed_event(event)
        return
    rest = b""
    for arrival in recording.arrivals:  # lines of JSON
        *lines, rest = (rest + arrival.data).split(b"\n")
        for line in lines:
            yield arrival.at_s, answer.feed_line(line.decode("utf-8", "replace"))
    yield recording.end_s, answer.feed_line(rest.decode("utf-8", "replace"))


async def ask(
    url: str, prompt: str = "Who are you?", *, leave_after: int | None = None, seconds: float = 30
) -> Streamed:
    """Asks by POST, in whatever dialect the URL speaks, and reads to the end, or leaves after so many pieces.

    Raises:
        httpx.TransportError: nothing answered.
    """

    def enough(watching: ResponseRecorder) -> bool:
        return leave_after is not None and len(streamed(watching.recording).pieces) >= leave_after

    messages = [{"role": "user", "content": prompt}]
    request: dict[str, object] = {"model": "any", "max_tokens": 4096, "stream": True, "messages": messages}
    request["stream_options"] = {"include_usage": True}  # OpenAI's dialect tells the bill only if asked to
    headers = {"Content-Type": "application/json"}
    content = json.dumps(request).encode()
    return streamed(await watch(url, seconds, stop_when=enough, method="POST", headers=headers, content=content))
