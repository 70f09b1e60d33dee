"""What a writer of each dialect has to do: parts of an answer in, bytes for the socket out."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

from labkit.dialects import Finish, Part, Reasoning, Refusal, Text, ToolCall, object_in
from labkit.llm.trouble import ErrorShape
from labkit.wire import Frame, encode

#: A comment, which no reader of events is told. OpenRouter and DeepSeek send such ones against time-outs.
COMMENT = encode(Frame(comment="keep-alive"))


def json_event(value: object, name: str | None = None) -> bytes:
    """The event of this type whose data is the value, as JSON without blanks."""
    return encode(Frame(event=name, data=json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


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


class CallsInOrder:
    """Puts the pieces of mixed tool calls in order: all of one, then all of the next. Other parts stay where they are.

    The pieces of a call wait while the one before is not whole, and no longer than to the next part that is no call.
    What comes for a call behind its end is dropped.
    """

    def __init__(self) -> None:
        self._open: dict[int, ToolCall] = {}  # by the number of the choice, with all of its arguments so far
        self._waiting: dict[int, dict[int, list[ToolCall]]] = {}
        self._ended: set[tuple[int, int]] = set()

    def feed(self, part: Part) -> list[Part]:
        """The parts whose turn it is now."""
        if not isinstance(part, ToolCall):
            return [*self._left(getattr(part, "choice", 0)), part]
        if (part.choice, part.number) in self._ended:
            return []
        first, waiting = self._open.get(part.choice), self._waiting.setdefault(part.choice, {})
        if first is None or first.number == part.number:
            return self._next([part], first)
        if whole_arguments(first.arguments) is None:
            waiting.setdefault(part.number, []).append(part)
            return []
        self._ended.add((part.choice, first.number))
        return self._next([*waiting.pop(part.number, []), part], None)

    def _next(self, pieces: list[ToolCall], first: ToolCall | None) -> list[Part]:
        arguments = "".join(piece.arguments for piece in pieces)
        so_far = "" if first is None else first.arguments
        self._open[pieces[0].choice] = replace(pieces[0], arguments=so_far + arguments)
        return list(pieces)

    def _left(self, choice: int) -> list[Part]:
        self._open.pop(choice, None)
        return [piece for pieces in self._waiting.pop(choice, {}).values() for piece in pieces]


def whole_arguments(arguments: str) -> dict[str, Any] | None:
    """The arguments of a tool call, where they are a whole JSON object; None where they are cut off."""
    return object_in(arguments) if arguments.rstrip().endswith("}") else None  # most pieces need not be read


class DialectWriter(ABC):
    """Writes one answer in a dialect, from its parts. Every method gives bytes, of which none is no event.

    Args:
        head: what the events repeat.
    """

    #: What is sent while the model thinks; b"" where the dialect has nothing for it.
    heartbeat: ClassVar[bytes] = COMMENT
    #: Whether one tool call stands behind the other. In the dialect of OpenAI's chat completions they may be mixed.
    calls_in_order: ClassVar[bool] = True

    def __init__(self, head: AnswerHead) -> None:
        self.head = head
        self._order = CallsInOrder()

    def write(self, part: Part) -> bytes:
        """The events with this part, and with those that waited for it."""
        if not self.calls_in_order:
            return self.part(part)
        return b"".join(map(self.part, self._order.feed(part)))

    def opening(self) -> bytes:
        """What comes before the first part, at once."""
        return b""

    @abstractmethod
    def part(self, part: Part) -> bytes:
        """The events with this part, whose turn it is."""

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
