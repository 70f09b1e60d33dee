"""What stands in JSON from a stranger, taken for what it should be, or for nothing."""

from __future__ import annotations

import json
from typing import Any

from labkit.errors import NOT_JSON


def object_in(text: str) -> dict[str, Any] | None:
    """The JSON object that the text is; None where it is none, or nests too deeply to be read."""
    try:
        value = json.loads(text)
    except NOT_JSON:
        return None
    return value if isinstance(value, dict) else None


def as_object(value: object) -> dict[str, Any]:
    """The value, if it is a JSON object; else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value, if it is a JSON array; else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """The value, if it is a text; else ""."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int | None:
    """The value, if it is a whole number, and not negative; else None. (In Python True is a number too.)"""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_json(value: object) -> str:
    """The arguments of a tool call, which some dialects give as an object: as JSON without blanks, "" for nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
