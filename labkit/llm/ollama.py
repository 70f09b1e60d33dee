"""The lines of a streamed answer in the format of Ollama's own API: JSON, and no events.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import datetime
import json
from typing import Any

PATH = "/api/chat"
CONTENT_TYPE = "application/x-ndjson"


def line(model: str, text: str, at: datetime.datetime) -> bytes:
    """The line with one piece of the answer. `at` is the time that it carries."""
    return _line({**_head(model, at), "message": {"role": "assistant", "content": text}, "done": False})


def last_line(model: str, at: datetime.datetime, tokens: int, took_s: float) -> bytes:
    """The last line, with the number of tokens and the duration (in nanoseconds on the wire)."""
    return _line(whole_answer(model, "", at, tokens, took_s))


def whole_answer(model: str, text: str, at: datetime.datetime, tokens: int, took_s: float) -> dict[str, Any]:
    """The whole answer as one JSON object, for a request with "stream": false."""
    return {
        **_head(model, at),
        "message": {"role": "assistant", "content": text},
        "done": True,
        "done_reason": "stop",
        "total_duration": round(took_s * 1e9),
        "eval_count": tokens,
    }


def error(message: str) -> dict[str, Any]:
    """The JSON of an error: the body of an error response, or a line in mid-stream."""
    return {"error": message}


def _head(model: str, at: datetime.datetime) -> dict[str, Any]:
    return {"model": model, "created_at": at.isoformat().replace("+00:00", "Z")}


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
