"""An answer as its events come in: its texts, its tool calls, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from labkit.dialects.characters import mended
from labkit.dialects.endings import ENDING_SENTENCES, worst_ending
from labkit.dialects.parts import (
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
    ToolResult,
)  # fmt: skip
from labkit.dialects.reading import Dialect, Reading, reading_of
from labkit.errors import counted
from labkit.wire import Event

#: Tool calls come whole in these, and several of them may bear one number.
_WHOLE_CALLS = ("gemini", "ollama")
#: Here each piece names its call, and the pieces of several calls may come in turn.
_CALLS_BY_ID = ("ag-ui",)
#: Here the last event has a reason, and nothing comes behind it.
_WITHOUT_END_MARK = ("gemini",)
MAX_MESSAGE_LENGTH = 500


@dataclass
class AnswerChoice:
    """One of the answers to a question. `ending` and `reason` are "" until its end is known."""

    index: int = 0
    ending: Ending | Literal[""] = ""
    reason: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list, repr=False)
    _thoughts: list[str] = field(default_factory=list, repr=False)
    _refusals: list[str] = field(default_factory=list, repr=False)
    _places: dict[int, int] = field(default_factory=dict, repr=False)
    _answered_ids: set[str] = field(default_factory=set, repr=False)

    @property
    def text(self) -> str:
        """The answer so far."""
        return mended("".join(self._texts))

    @property
    def reasoning(self) -> str:
        """What the model thought so far."""
        return mended("".join(self._thoughts))

    @property
    def refusal(self) -> str:
        """The sentence with which the model refuses; "" where it does not."""
        return mended("".join(self._refusals))

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come of it, not even a thought."""
        return not (self._texts or self._thoughts or self._refusals or self.tool_calls)

    def add(self, part: Text | Reasoning | Refusal | ToolCall | Finish, dialect: Dialect) -> Part | None:
        """Takes the next part of this answer, and gives it back: a piece of a tool call with the number of that call in
        `tool_calls`, or None where it belongs to none of them."""
        match part:
            case Text(text):
                self._texts.append(text)
            case Reasoning(text):
                self._thoughts.append(text)
            case Refusal(text):
                self._refusals.append(text)
            case ToolCall():
                return self._add_call(part, dialect)
            case Finish(ending, reason):
                if not self.ending or worst_ending((self.ending, ending)) == ending:
                    self.ending, self.reason = ending, reason
        return part

    def settle(self, default: Ending) -> None:
        """Decides how it ended, now that nothing more comes: `default` where it gave no reason."""
        if not self.ending:
            self.ending = default
        if self.ending == "finished":  # many a server says stop here too
            waiting = any(call.id not in self._answered_ids for call in self.tool_calls)
            self.ending = "refused" if self._refusals else "tool_calls" if waiting else "finished"

    def note_result(self, result: ToolResult) -> None:
        """Notes that a tool was called where the model runs: nobody waits for its result."""
        self._answered_ids.add(result.id)

    def _add_call(self, piece: ToolCall, dialect: Dialect) -> ToolCall | None:
        place = self._place_of(piece, dialect)
        if place is None:
            if not (piece.id or piece.name):  # it belongs to a tool that the provider calls itself
                return None
            place = self._places[piece.number] = len(self.tool_calls)
            self.tool_calls.append(replace(piece, number=place))
        else:
            known = self.tool_calls[place]
            self._places[piece.number] = place
            # Some servers repeat id and name in every piece.
            piece = replace(piece, id="" if known.id else piece.id, name="" if known.name else piece.name)
            id, name, arguments = known.id + piece.id, known.name + piece.name, known.arguments + piece.arguments
            self.tool_calls[place] = replace(known, id=id, name=name, arguments=arguments)
        return replace(piece, number=place)

    def _place_of(self, piece: ToolCall, dialect: Dialect) -> int | None:
        """The place in `tool_calls` of the call that this is a piece of; None for a new call."""
        if dialect in _CALLS_BY_ID and piece.id:
            return next((place for place, call in enumerate(self.tool_calls) if call.id == piece.id), None)
        place = self._places.get(piece.number)
        if place is None or self._is_another(self.tool_calls[place], piece, dialect):
            return None
        return place

    def _is_another(self, known: ToolCall, piece: ToolCall, dialect: Dialect) -> bool:
        return dialect in _WHOLE_CALLS or (piece.id != "" and known.id != "" and piece.id != known.id)


class ModelAnswer:
    """An answer to one question, read event by event, in whatever dialect it is.

    `choices` has the answers by their index, `token_counts` what the provider bills, `dialect` the name of the
    dialect once an event has told it ("" before). `ending` is "" until the answer has ended. After the end mark nothing
    is read.

    >>> answer = ModelAnswer()
    >>> answer.feed_event(Event('{"choices": [{"delta": {"content": "Yes"}, "finish_reason": "length"}]}'))
    [Text(text='Yes', choice=0), Finish(ending='length', reason='length', choice=0)]
    >>> answer.close()
    >>> answer.text, answer.ending, answer.notes
    ('Yes', 'length', ['the end mark is missing'])
    """

    def __init__(self) -> None:
        self.choices: dict[int, AnswerChoice] = {}
        self.token_counts = TokenCounts(None, None)
        self.dialect: Dialect = ""
        self.end_mark = ""
        self.failure: Failed | None = None
        self.ending: Ending | Literal[""] = ""
        self._oddities: Counter[str] = Counter()
        self._end_notes: list[str] = []

    @property
    def text(self) -> str:
        """The text of the first answer."""
        return self._first.text

    @property
    def reasoning(self) -> str:
        """What the model thought before the first answer."""
        return self._first.reasoning

    @property
    def refusal(self) -> str:
        """The sentence with which the model refuses the first answer; "" where it does not."""
        return self._first.refusal

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls of the first answer, each put together from its pieces, and numbered from 0."""
        return self._first.tool_calls

    @property
    def reason(self) -> str:
        """The dialect's word for the ending; "" where it gave none."""
        if self.failure is not None:
            return self.failure.kind
        return next((choice.reason for choice in self._in_order() if choice.ending == self.ending), "")

    @property
    def why(self) -> str:
        """A sentence for the page that says how the answer ended; "" while it runs, and for one that is whole."""
        if not self.ending or self.ending == "finished":
            return ""
        if self.failure is not None and self.ending == "failed":
            message = mended(self.failure.message)[:MAX_MESSAGE_LENGTH]
            return message if self.dialect == "labkit" else f"the model says: {message}"
        sentence, reason = ENDING_SENTENCES[self.ending], self.reason
        if len(self.choices) > 1:
            concerned = sum(choice.ending == self.ending for choice in self.choices.values())
            sentence += f" (so it is with {concerned} of {counted(len(self.choices), 'answer')})"
        return f"{sentence}: {mended(reason)[:60]}" if reason and self.ending in ("failed", "other") else sentence

    @property
    def notes(self) -> list[str]:
        """What was odd about the stream, and harmed nothing: a sentence each."""
        said = [f"{counted(count, 'event')} left out: {why}" for why, count in self._oddities.items()]
        return [*said, *self._end_notes]

    def feed_event(self, event: Event) -> list[Part]:
        """The parts of the next event, which are taken into the answer; none after the end mark.

        They are those of read_event(), but tool calls are numbered as `tool_calls` has them, and text that the event
        only repeats is left out.
        """
        return self._feed(reading_of(event.data, event.type))

    def feed_line(self, line: str) -> list[Part]:
        """The parts of the next line of JSON, as Ollama sends them; none for an empty line."""
        return self._feed(reading_of(line)) if line.strip() else []

    def close(self, *, broken: bool = False) -> None:
        """Tells that the stream has ended; `broken` where the connection broke, or was cut. It may be told twice."""
        if not self.ending:
            self._settle(broken)

    @property
    def _first(self) -> AnswerChoice:
        """The choice 0. Once all has come, the lowest: a server may count from 1."""
        index = min(self.choices, default=0) if self.ending else 0
        return self.choices.get(index, AnswerChoice())

    def _in_order(self) -> list[AnswerChoice]:
        return [self.choices[index] for index in sorted(self.choices)]

    def _feed(self, reading: Reading) -> list[Part]:
        if self.ending:
            return []
        if not self.dialect:
            self.dialect = reading.dialect
        parts = list(reading.parts)
        parts[:0] = [part for part in reading.whole if self._is_news(part)]
        return [taken for part in parts if (taken := self._take(part)) is not None]

    def _is_news(self, part: Part) -> bool:
        choice = self.choices.get(getattr(part, "choice", 0))
        return choice is None or choice.is_empty

    def _take(self, part: Part) -> Part | None:
        match part:
            case Failed():
                self.failure = self.failure or part
            case TokenCounts(prompt, answer):
                old = self.token_counts
                self.token_counts = TokenCounts(
                    old.prompt_tokens if prompt is None else prompt, old.answer_tokens if answer is None else answer
                )
            case EndMark(mark):
                self.end_mark = mark
                self._settle(broken=False)
            case Oddity(_, why):
                self._oddities[why] += 1
            case ToolResult():
                self._choice(0).note_result(part)
                return None
            case Finish() if self.dialect == "labkit":  # it tells one ending for all
                for index in self.choices or [0]:
                    self._choice(index).add(part, self.dialect)
            case _:
                return self._choice(part.choice).add(part, self.dialect)
        return part

    def _choice(self, index: int) -> AnswerChoice:
        return self.choices.setdefault(index, AnswerChoice(index))

    def _settle(self, broken: bool) -> None:
        some_finished = any(choice.ending for choice in self.choices.values())
        default: Ending = "broken" if broken else "unfinished"
        if self.failure is not None:
            default = "failed"
        elif self.end_mark and not some_finished:
            default = "finished"
            self._end_notes.append("no reason was given for the end")
        elif some_finished and not self.end_mark and self.dialect not in _WITHOUT_END_MARK:
            lacking = "the connection broke before the end mark" if broken else "the end mark is missing"
            self._end_notes.append(lacking)
        for choice in self.choices.values():
            choice.settle(default)
        endings = [choice.ending for choice in self.choices.values() if choice.ending]
        self.ending = "failed" if self.failure is not None else worst_ending(endings or [default])
