"""The events of the lab's own /answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from labkit.dialects.json_values import as_count, as_object, as_text
from labkit.dialects.parts import Ending, EndMark, Failed, Finish, Part, Reasoning, Refusal, Text, ToolCall

_PIECES = frozenset({"text", "reasoning", "refusal", "tool_call"})
_STATES: dict[str, Ending] = {"finished": "finished", "cancelled": "stopped", "failed": "failed"}
_ENDINGS: dict[str, Ending] = {ending: ending for ending in get_args(Ending)}


def is_own_piece(value: dict[str, Any]) -> bool:
    """Whether this is a piece of an answer, and nothing else."""
    names = set(value) - {"choice"}
    return len(names) == 1 and names <= _PIECES


def is_own_end(event_type: str, value: dict[str, Any]) -> bool:
    """Whether this is the last event, named done, with a state of its own words."""
    return event_type == "done" and as_text(value.get("state")) in _STATES


def own_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The part in a piece of an answer."""
    index = as_count(value.get("choice")) or 0
    if text := as_text(value.get("text")):
        yield Text(text, index)
    if thought := as_text(value.get("reasoning")):
        yield Reasoning(thought, index)
    if refusal := as_text(value.get("refusal")):
        yield Refusal(refusal, index)
    if call := as_object(value.get("tool_call")):
        number, id, name = as_count(call.get("number")) or 0, as_text(call.get("id")), as_text(call.get("name"))
        yield ToolCall(number, id, name, as_text(call.get("arguments")), index)


def own_end_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in the last event. It tells one ending for all choices: the worst."""
    state, why = as_text(value.get("state")), as_text(value.get("why"))
    ending = _ENDINGS.get(as_text(value.get("ending")), _STATES.get(state, "other"))
    if ending == "failed" and why:
        yield Failed(why, as_text(value.get("reason")))
    yield Finish(ending, as_text(value.get("reason")) or ending)
    yield EndMark("done")
