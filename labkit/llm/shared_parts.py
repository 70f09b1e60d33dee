"""The parts of an answer as text, for another server: no more than these can come out of it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from labkit.dialects import Finish, Oddity, Part, Reasoning, Refusal, Text, TokenCounts, ToolCall, ToolResult
from labkit.errors import LabError

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Text, Reasoning, Refusal, ToolCall, ToolResult, Finish, TokenCounts, Oddity)
}


def parts_as_json(parts: list[Part]) -> list[list[Any]]:
    """The parts as values of JSON: each its kind's name, and its fields.

    >>> parts_as_json([Text("a")])
    [['Text', {'text': 'a', 'choice': 0}]]
    """
    return [[type(part).__name__, asdict(part)] for part in parts if type(part).__name__ in _KINDS]


def parts_from_json(values: list[list[Any]]) -> list[Part]:
    """The parts that parts_as_json() wrote.

    Raises:
        LabError: something else did.
    """
    try:
        return [_KINDS[kind](**fields) for kind, fields in values]
    except (KeyError, TypeError, ValueError):
        what = f"another server wrote {json.dumps(values)[:100]} as parts of an answer"
        raise LabError(f"{what}. Is its labkit as new as this one?") from None
