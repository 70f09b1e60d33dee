"""What an event of a model's answer says, and how an answer ends: the same words for every dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: How an answer ended. The page, the upstream, the doctor and the lessons use these words, and no others.
#: Only "finished" is whole; with "tool_calls" the model waits for the result of a tool, with "paused" it wants to be
#: asked to go on. "other" is any other reason. "unfinished" is a stream that ended in good order before the answer did,
#: "broken" a connection that broke, "stopped" an answer that its reader stopped.
Ending = Literal[
    "finished", "length", "filtered", "refused", "tool_calls", "paused", "failed", "other", "unfinished", "broken",
    "stopped",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer. `choice` tells which answer, where one request asked for several."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of what the model thinks before it answers: no part of the answer."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A piece of the sentence with which the model refuses. It stands in the place of an answer."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A piece of a request to call a tool: `arguments` is a part of a JSON text, and no JSON by itself.

    `number` tells the calls of one answer apart; `id` and `name` come with the first piece, and are "" in the others.
    """

    number: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool that was called where the model runs: nobody else waits for the call with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """The token counts, by which a provider bills. None is a number that the event does not tell."""

    prompt_tokens: int | None
    answer_tokens: int | None


@dataclass(frozen=True, slots=True)
class Finish:
    """Why the model stopped: `ending`, and `reason` in the words of its dialect."""

    ending: Ending
    reason: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """An error that came under status 200. `kind` is the dialect's name for it, or ""."""

    message: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class EndMark:
    """The event that says that nothing follows: [DONE], message_stop, response.completed, or "done": true."""

    mark: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """An event that says nothing in any dialect, and harms nobody: empty data, or a keep-alive that is no JSON."""

    data: str
    why: str


Part = Text | Reasoning | Refusal | ToolCall | ToolResult | TokenCounts | Finish | Failed | EndMark | Oddity
