"""The dialect of Ollama's own API: lines of JSON, and no events at all.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import datetime
import json
from typing import Any

PATH = "/api/chat"
CONTENT_TYPE = "application/x-ndjson"


def line(model: str, text: str, at: datetime.datetime) -> bytes:
    """One piece of the answer."""
    return _line({**_head(model, at), "message": {"role": "assistant", "content": text}, "done": False})


def last_line(model: str, at: datetime.datetime, tokens: int, took_s: float) -> bytes:
    """The end, with its figures; durations are in nanoseconds."""
    return _line(whole(model, "", at, tokens, took_s))


def whole(model: str, text: str, at: datetime.datetime, tokens: int, took_s: float) -> dict[str, Any]:
    """The answer in one, for those who ask with "stream": false."""
    return {
        **_head(model, at),
        "message": {"role": "assistant", "content": text},
        "done": True,
        "done_reason": "stop",
        "total_duration": round(took_s * 1e9),
        "eval_count": tokens,
    }


def error(message: str) -> dict[str, Any]:
    """The body of an error answer, and a line in mid-stream."""
    return {"error": message}


def _head(model: str, at: datetime.datetime) -> dict[str, Any]:
    return {"model": model, "created_at": at.isoformat().replace("+00:00", "Z")}


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
