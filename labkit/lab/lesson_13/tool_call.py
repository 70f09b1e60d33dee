"""A client for one call of an MCP tool, in forty lines: EventSource brings what it needs to resume."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

from labkit.client import EventSource
from labkit.dialects.json_values import object_in
from labkit.errors import StreamLost
from labkit.wire import Event

RESUMES, STATELESS = "2025-11-25", "2026-07-28"
ASKED_S = 5.0
_BOTH = "application/json, text/event-stream"
_ME = {"name": "labkit", "version": "1"}


async def open_session(url: str) -> dict[str, str]:
    """The headers of a new session. Revisions up to 2025-11-25 want this greeting first; this server gives it an id."""
    hello = {"protocolVersion": RESUMES, "capabilities": {}, "clientInfo": _ME}
    async with httpx.AsyncClient(headers={"Accept": _BOTH}, timeout=ASKED_S) as client:
        answer = await client.post(url, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        session = {"Mcp-Session-Id": answer.headers["mcp-session-id"], "MCP-Protocol-Version": RESUMES}
        await client.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=session)
    return session


def call_of(tool: str, arguments: dict[str, Any], id: int, session: dict[str, str]) -> tuple[Any, dict[str, str]]:
    """The message of a call, and its headers. Without a session each call says all that a session would know."""
    meta: dict[str, Any] = {"progressToken": id}
    headers = {"Accept": _BOTH, **session}
    if not session:
        meta["io.modelcontextprotocol/protocolVersion"] = STATELESS
        meta["io.modelcontextprotocol/clientCapabilities"] = {}
        headers |= {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": tool}
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}, headers


async def call_tool(url: str, message: Any, headers: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Each message of the call, as it comes; the last one is its answer.

    Raises:
        StreamLost: the stream broke, and there was no id to resume after.
    """

    def is_answer(event: Event) -> bool:
        value = object_in(event.data) or {}
        return value.get("id") == message["id"] and "method" not in value

    posted = EventSource(url, method="POST", json=message, headers=headers, done=is_answer)
    answered = False
    with contextlib.suppress(StreamLost):  # a POST is sent once: what it does, it would do again
        async for event in posted:
            answered = is_answer(event)
            if event.data:  # the priming event has an id, and no data
                yield object_in(event.data) or {}
    if answered:
        return
    if not posted.last_event_id:
        raise StreamLost(f"{url}: the call broke before any id came. Ask again, and the tool works again")
    await asyncio.sleep(posted.reconnection_ms / 1000)  # who comes at once finds the old connection still in its place
    resumed = EventSource(url, headers=headers, last_event_id=posted.last_event_id, done=is_answer)
    async for event in resumed:  # a GET, as often as it takes
        if event.data:
            yield object_in(event.data) or {}
