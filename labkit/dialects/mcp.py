"""MCP's messages: JSON-RPC 2.0, in the events of a stream.

Source: https://modelcontextprotocol.io/specification/2025-11-25/basic and .../2026-07-28/basic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_list, as_object, as_text
from labkit.dialects.parts import EndMark, Failed, Finish, Part, Text

#: What a result of MCP has, and one of another protocol over JSON-RPC has not.
_RESULT_FIELDS = frozenset({
    "protocolVersion", "supportedVersions", "content", "structuredContent", "contents", "messages", "tools",
    "resources", "resourceTemplates", "prompts", "completion", "resultType",
})  # fmt: skip
_QUESTIONS = ("sampling/createMessage", "elicitation/create", "roots/list")


def is_mcp(value: dict[str, Any]) -> bool:
    """Whether this is surely a message of MCP, and not of another protocol over JSON-RPC."""
    method = as_text(value.get("method"))
    return value.get("jsonrpc") == "2.0" and (
        method.startswith("notifications/") or method in _QUESTIONS or _is_result(as_object(value.get("result")))
    )


def mcp_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in a message: the text of a tool's result, and the end. Notifications and questions have none.

    An error of JSON-RPC is found where all errors are; one of the tool says isError.
    """
    if "method" in value or "result" not in value:
        return
    result = as_object(value.get("result"))
    texts = [as_text(as_object(block).get("text")) for block in as_list(result.get("content"))]
    if result.get("isError") is True:
        yield Failed(" ".join(filter(None, texts)) or "isError", "isError")
    else:
        yield from (Text(text) for text in texts if text)
        reason = as_text(result.get("resultType")) or "complete"
        yield Finish(ending_of(reason), reason)
    yield EndMark("result")


def _is_result(result: dict[str, Any]) -> bool:
    return not _RESULT_FIELDS.isdisjoint(result) and "kind" not in result  # A2A's results say what kind they are
