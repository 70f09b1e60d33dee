"""Asking a language model over HTTP: what a reader sees of its answer, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from labkit.client import ResponseRecorder, watch
from labkit.errors import NOT_JSON, counted
from labkit.recording import Recording
from labkit.wire import Event


class Piece(NamedTuple):
    """What one event says: some text, that the answer is whole, or an error."""

    text: str = ""
    end: bool = False
    error: str = ""


def json_object(text: str) -> dict[str, Any]:
    """The object that the text is in JSON; an empty one where it is none."""
    try:
        value = json.loads(text)
    except NOT_JSON:
        return {}
    return value if isinstance(value, dict) else {}


def piece(event: Event) -> Piece:
    """The event in OpenAI's dialect, in Anthropic's, or in the lab's own ({"text": ...})."""
    if event.data == "[DONE]":
        return Piece(end=True)
    value = json_object(event.data)
    error = value.get("error")
    if error:
        return Piece(error=str(error.get("message", error) if isinstance(error, dict) else error))
    deltas = [choice.get("delta") for choice in value.get("choices") or [] if isinstance(choice, dict)]
    text = "".join(delta.get("content") or "" for delta in deltas if isinstance(delta, dict))
    own = value.get("delta")
    text += (own.get("text") if isinstance(own, dict) else value.get("text")) or ""
    return Piece(text, end=value.get("type") == "message_stop" or event.type == "done")


@dataclass(frozen=True)
class Streamed:
    """An answer as it came: `pieces` of text, when each came in seconds after the request, whether its end mark was
    there, and the error that came as an event, if one did."""

    recording: Recording
    pieces: list[str]
    at_s: list[float]
    complete: bool
    error: str

    @property
    def text(self) -> str:
        """The answer."""
        return "".join(self.pieces)

    def __repr__(self) -> str:
        if not self.at_s:
            return f"no piece of an answer (status {self.recording.status})"
        state = "whole" if self.complete else "not whole"
        return (
            f"{counted(len(self.pieces), 'piece')}: the first after {self.at_s[0]:.2f} s, "
            f"the last after {self.at_s[-1]:.2f} s; {state}"
        )


def streamed(recording: Recording) -> Streamed:
    """The answer in a recording."""
    pieces = [(at_s, piece(event)) for at_s, event in recording.decompressed.timed_events]
    return Streamed(
        recording,
        [part.text for _, part in pieces if part.text],
        [at_s for at_s, part in pieces if part.text],
        any(part.end for _, part in pieces),
        next((part.error for _, part in pieces if part.error), ""),
    )


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
