"""A question as OpenAI's chat completions want it, and what of it they cannot take."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from labkit.llm.model_request import ModelRequest, Turn

#: What the request decides by other means than its settings.
_OWN_NAMES = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens", "n", "stop", "tools"})
#: Hosts where max_tokens is refused by newer models, and max_completion_tokens taken by all. Others know the old name.
#: Source: https://platform.openai.com/docs/api-reference/chat/create
_NEW_NAME_HOSTS = ("api.openai.com", ".openai.azure.com")


def upstream_request(request: ModelRequest, model: str, base_url: str) -> tuple[dict[str, Any], list[str]]:
    """The JSON of the question to the upstream, and a sentence for each thing that it cannot hold.

    Args:
        request: what was asked here.
        model: the name of the upstream's model.
        base_url: that of the upstream, which decides how the longest answer is named.
    """
    body: dict[str, Any] = {name: value for name, value in request.settings.items() if name not in _OWN_NAMES}
    body |= {"model": model, "stream": True, "messages": [_message(turn) for turn in request.turns]}
    if request.max_tokens is not None:
        host = urlsplit(base_url).hostname or ""
        body["max_completion_tokens" if host.endswith(_NEW_NAME_HOSTS) else "max_tokens"] = request.max_tokens
    if request.choices > 1:
        body["n"] = request.choices
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [{"type": "function", "function": dict(tool)} for tool in request.tools]
    return body, list(_notes(request))


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "tool" and not turn.call_id:  # without the id of its call it is refused; the model has to read it
        return {"role": "user", "content": turn.text}
    message: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if turn.role == "tool":
        message["tool_call_id"] = turn.call_id
    if turn.calls:
        message["content"] = turn.text or None
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
            for call in turn.calls
        ]
    return message


def _notes(request: ModelRequest) -> list[str]:
    notes = [f"not forwarded: {name}" for name in request.ignored]
    if request.reasoning and "reasoning_effort" not in request.settings:
        notes.append("not forwarded: reasoning, for which each server has a name of its own")
    if any(turn.role == "tool" and not turn.call_id for turn in request.turns):
        notes.append("forwarded as the user's words: the result of a tool")
    return notes
