"""Greets an MCP endpoint as a client does, listens in its session, asks what has no effect, and closes the session.

initialize, ping, server/discover and the notification behind the handshake change nothing but the session, which is
closed again: so they are sent without leave. No tool is called, no resource is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from labkit.dialects.json_values import as_object, as_text, object_in
from labkit.doctor.mcp_exchange import CLIENT, AnswerSeen, McpExchanges
from labkit.doctor.mcp_old_transport import OldMcpGuest, is_old_transport
from labkit.doctor.mcp_visit import (
    DISCOVER,
    HANDSHAKE,
    INITIALIZE,
    LISTEN,
    PING,
    STATELESS,
    McpVisit,
    is_stream,
    message_text,
    messages_in,
)  # fmt: skip
from labkit.doctor.request import Request
from labkit.recording import Recording

META = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
DISCOVER_HEADERS = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "server/discover"}
HELLO = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": CLIENT}
#: The methods of MCP, but for the greetings themselves.
METHODS = ("tools/", "resources/", "prompts/", "completion/", "logging/", "subscriptions/", "ping")
GREETINGS = ("initialize", "server/discover")
WHY_RESUME = "whether an MCP stream resumes after an id"


def says_mcp(request: Request) -> bool:
    """Whether the request itself says that MCP is there: by the method in its body, or by a path that ends so."""
    if request.content is None:
        return urlsplit(request.url).path.rstrip("/").rpartition("/")[2].lower() == "mcp"
    body = object_in(request.content.decode("utf-8", "replace")) or {}
    method = as_text(body.get("method"))
    return body.get("jsonrpc") == "2.0" and (method in GREETINGS or method.startswith(METHODS))


def answers_like_mcp(first: Recording) -> bool:
    """Whether the answer to a plain GET is that of an MCP endpoint: the event endpoint, a session, JSON-RPC's error."""
    if is_old_transport(first) or any(name in first.headers for name in ("mcp-session-id", "mcp-protocol-version")):
        return True
    return 400 <= first.status <= 499 and any("error" in message for message in messages_in(first))


async def visit_mcp(
    request: Request,
    waited_s: tuple[float, float],
    may_open_more: Callable[[str], bool],
    checks: bool,
    first: Recording | None = None,
) -> tuple[McpVisit, Recording, tuple[str, ...]] | None:
    """What the endpoint answered, the answer that was watched longest, and what was not asked; None if it is no MCP.

    Args:
        request: the request. What it would post is posted once, in the session.
        waited_s: how long to listen, and how much longer to wait where not even a head comes.
        may_open_more: called with the reason before a third stream is opened.
        checks: False only greets and listens.
        first: what a plain GET brought, if it was sent.
    """
    if first is not None and is_old_transport(first):
        guest = OldMcpGuest(request, *waited_s)
        visit = await guest.visit(first, checks)
        return visit, visit.listening or first, ()
    guest_of = _Guest(request, waited_s, may_open_more)
    visit, stream = await guest_of.visit(checks)
    if visit.handshake or visit.discovery or visit.speaks_json_rpc:
        return visit, stream or Recording(0, url=request.url), tuple(guest_of.skipped)
    return (visit, stream or first, ()) if first is not None else None


class _Guest(McpExchanges):
    """A client of Streamable HTTP, for one visit. `skipped` says what was not asked."""

    def __init__(self, request: Request, waited_s: tuple[float, float], may_open_more: Callable[[str], bool]) -> None:
        super().__init__(request, *waited_s)
        self.may_open_more = may_open_more
        self.skipped: list[str] = []

    async def visit(self, checks: bool) -> tuple[McpVisit, Recording | None]:
        """All answers, and the one that was watched longest. The session is closed in any case."""
        initialized, discovered = await asyncio.gather(
            self.ask("initialize", INITIALIZE, HELLO, {}),
            self.ask("server/discover", DISCOVER, {"_meta": META}, DISCOVER_HEADERS),
        )
        session = session_of(initialized)
        visit = McpVisit(initialized=initialized, discovered=discovered, session=session)
        headers = {"MCP-Protocol-Version": as_text(visit.handshake.get("protocolVersion")) or HANDSHAKE}
        headers |= {"Mcp-Session-Id": session} if session else {}
        try:
            if visit.handshake:
                visit, stream = await self._in_session(visit, headers, checks)
            elif visit.discovery:
                visit, stream = await self._without_session(visit)
            else:
                stream = initialized
        finally:
            ended = await self.send(None, headers, method="DELETE") if session else None
        visit = replace(visit, ended=ended)
        if checks and ended is not None and 200 <= ended.status <= 299:
            visit = replace(visit, after_end=await self.ask("ping", PING, {}, headers))
        return replace(visit, rebound=await self._rebound(visit) if checks else None), stream

    async def _rebound(self, visit: McpVisit) -> Recording | None:
        """The answer to the greeting of a page elsewhere. If it gets a session, that is closed."""
        stranger = self.stranger
        if stranger is None:
            return None
        if not visit.handshake:
            return await stranger.ask("server/discover", DISCOVER, {"_meta": META}, DISCOVER_HEADERS)
        answer = await stranger.ask("initialize", INITIALIZE, HELLO, {})
        if session := session_of(answer):
            await stranger.send(None, {"Mcp-Session-Id": session}, method="DELETE")
        return answer

    async def _in_session(
        self, visit: McpVisit, headers: dict[str, str], checks: bool
    ) -> tuple[McpVisit, Recording | None]:
        noted = await self.send(message_text("notifications/initialized"), headers)
        watching = asyncio.ensure_future(self._watch(headers))
        try:
            pinged = await self.ask("ping", PING, {}, headers)
            stream = await watching
        finally:
            watching.cancel()
        visit = replace(visit, noted=noted, pinged=pinged)
        if self._posts is not None:
            visit = replace(visit, posted=stream or Recording(0))
        else:
            visit = replace(visit, listening=stream)
            if stream is None or (stream.status and not is_stream(stream)):  # no stream is offered: the ping's, then
                stream = pinged or visit.initialized
        return (await self._resumed(visit, headers) if checks else visit), stream

    async def _resumed(self, visit: McpVisit, headers: dict[str, str]) -> McpVisit:
        """Asks for what followed the first event of the ping's answer, where its events have ids."""
        with contextlib.suppress(ValueError):
            events = visit.pinged.decompressed.events if visit.pinged is not None else []
            first_id = events[0].last_event_id if len(events) > 1 else ""
            if not first_id.isascii() or not first_id.isprintable() or not first_id:
                return visit
            if not self.may_open_more(WHY_RESUME):
                self.skipped.append(WHY_RESUME)
                return visit
            asked = {**headers, "Accept": "text/event-stream", "Last-Event-ID": first_id}
            resumed = await self.send(None, asked, method="GET", stop_when=AnswerSeen(PING))
            return replace(visit, resumed=resumed, resumed_after=first_id)
        return visit

    async def _without_session(self, visit: McpVisit) -> tuple[McpVisit, Recording | None]:
        """The revision 2026-07-28 has no session, no GET and no resumption. Its long stream is a subscription's."""
        if self._posts is None:
            params: dict[str, Any] = {"_meta": META, "notifications": {"toolsListChanged": True}}
            headers = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "subscriptions/listen"}
            content = message_text("subscriptions/listen", LISTEN, params)
            subscribed = await self.send(content, headers, seconds=self.seconds)
            stream = subscribed if subscribed is not None and is_stream(subscribed) else visit.discovered
            return replace(visit, subscribed=subscribed), stream
        body = object_in(self._posts.decode("utf-8", "replace")) or {}
        params = as_object(body.get("params"))
        content = json.dumps(body | {"params": params | {"_meta": META | as_object(params.get("_meta"))}}).encode()
        named = as_text(params.get("name")) or as_text(params.get("uri"))
        names = {"Mcp-Name": named} if named.isascii() and named.isprintable() and named else {}
        headers = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": as_text(body.get("method")), **names}
        posted = await self.send(content, headers, seconds=self.seconds)
        return replace(visit, posted=posted or Recording(0)), posted

    @property
    def _posts(self) -> bytes | None:
        """What the user wants to post; None for a greeting, which is sent anyway."""
        content = self.request.content
        body = object_in(content.decode("utf-8", "replace")) or {} if content is not None else {}
        return None if body.get("method") in GREETINGS else content

    async def _watch(self, headers: dict[str, str]) -> Recording | None:
        """What is watched for the whole time: the answer to the user's own message, or else the session's stream."""
        if self._posts is not None:
            return await self.send(self._posts, headers, seconds=self.seconds)
        return await self.send(None, {**headers, "Accept": "text/event-stream"}, method="GET", seconds=self.seconds)


def session_of(answer: Recording | None) -> str:
    """The id of the session that a greeting got; "" for none."""
    return answer.headers.get("mcp-session-id", "") if answer is not None and 200 <= answer.status <= 299 else ""
