"""What a writer of each dialect has to do: parts of an answer in, bytes for the socket out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from labkit.dialects import Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.trouble import ErrorShape
from labkit.wire import Frame, encode

#: A comment, which no reader of events is told. OpenRouter and DeepSeek send such ones while a model thinks.
COMMENT = encode(Frame(comment="keep-alive"))


class Bill(NamedTuple):
    """The numbers of tokens by which a provider bills; those of reasoning are among those of the answer."""

    prompt_tokens: int
    answer_tokens: int
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """What every event of an answer repeats.

    Args:
        id: tells this answer from all others.
        model: the name of the model, as it was asked for.
        created: when it began, in whole seconds since 1970.
        prompt_tokens: the number of tokens in the request.
        choices: how many answers were asked for.
    """

    id: str
    model: str
    created: int
    prompt_tokens: int = 0
    choices: int = 1


@dataclass
class WholeChoice:
    """One answer, put together: its text, its tool calls by number, and why it ended.

    Each call has id, name and arguments, which are the JSON text that came.
    """

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finish: Finish | None = None


class DialectWriter(ABC):
    """Writes one answer in a dialect, from its parts. Every method gives bytes, of which none is no event.

    Args:
        head: what the events repeat.
    """

    #: What is sent while the model thinks; b"" where the dialect has nothing for it.
    heartbeat: ClassVar[bytes] = COMMENT

    def __init__(self, head: AnswerHead) -> None:
        self.head = head

    def opening(self) -> bytes:
        """What comes before the first part, at once."""
        return b""

    @abstractmethod
    def part(self, part: Part) -> bytes:
        """The events with this part."""

    def closing(self, bill: Bill) -> bytes:
        """What comes after the last part, up to the end mark."""
        return b""

    def end_mark(self, bill: Bill) -> bytes:
        """The end mark; b"" where the dialect has none."""
        return b""

    @abstractmethod
    def failure(self, message: str, shape: ErrorShape) -> bytes:
        """The events of an error in mid-stream, under status 200."""

    @abstractmethod
    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        """The whole answer as one JSON object, for a request without streaming."""


def gather(parts: Iterable[Part], choices: int = 1) -> dict[int, WholeChoice]:
    """The answers that these parts make, by the number of the choice; at least so many."""
    found = {number: WholeChoice() for number in range(choices)}
    for part in parts:
        if not isinstance(part, Text | Reasoning | Refusal | ToolCall | Finish):
            continue
        choice = found.setdefault(part.choice, WholeChoice())
        match part:
            case Text(text):
                choice.text += text
            case Reasoning(text):
                choice.reasoning += text
            case Refusal(text):
                choice.refusal += text
            case ToolCall():
                call = choice.calls.setdefault(part.number, {"id": "", "name": "", "arguments": ""})
                call["id"], call["name"] = call["id"] or part.id, call["name"] or part.name
                call["arguments"] += part.arguments
            case Finish():
                choice.finish = part
    return found
