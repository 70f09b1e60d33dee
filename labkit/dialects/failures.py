"""Errors under status 200, in the shapes that model servers give them."""

from __future__ import annotations

from typing import Any

from labkit.dialects.json_values import as_count, as_list, as_object, as_text
from labkit.dialects.parts import Failed

_MESSAGES = ("message", "detail", "error_msg", "msg", "error", "text")
_KINDS = ("type", "code", "status", "error_type", "error_code")


def failure_in(event_type: str, value: dict[str, Any]) -> Failed | None:
    """The error that this JSON tells; None where it tells none.

    It stands in `error` (an object in OpenAI's and Anthropic's dialects, a text in Ollama's), beside `choices` too
    (OpenRouter), in an object that says of itself that it is one (Responses; LMDeploy), in an event named error, or in
    a code that is not 0 (Baidu, MiniMax).
    """
    error = value.get("error")
    if isinstance(error, dict) and error:
        return _failed(error)
    if error:
        return Failed(as_text(error) or str(error), as_text(value.get("error_type")))
    if "error" in (event_type, value.get("type"), value.get("object")):
        return _failed({name: said for name, said in value.items() if said not in ("error", None)})
    if value.get("error_code") and value.get("error_msg"):
        return _failed(value)
    base = as_object(value.get("base_resp"))
    if code := as_count(base.get("status_code")):
        return Failed(as_text(base.get("status_msg")) or f"status {code}", str(code))
    return None


def failure_in_list(value: object) -> Failed | None:
    """The error in a list of one object: Gemini sends it so where nobody asked for events."""
    items = as_list(value)
    return failure_in("", as_object(items[0])) if len(items) == 1 else None


def _failed(error: dict[str, Any]) -> Failed:
    message = next((error[name] for name in _MESSAGES if isinstance(error.get(name), str) and error[name]), "")
    kind = next((error[name] for name in _KINDS if isinstance(error.get(name), str | int) and error[name]), "")
    return Failed(message or str(kind) or str(error)[:200], str(kind) if message else "")
