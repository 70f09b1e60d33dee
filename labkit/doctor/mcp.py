"""Findings about an MCP endpoint: its greeting, its session, its streams, and whom it lets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from labkit.dialects.json_values import as_object, as_text
from labkit.doctor.body import shorten
from labkit.doctor.diagnosis import Finding
from labkit.doctor.mcp_loss import look_at_posted, lost_session
from labkit.doctor.mcp_visit import (
    DISCOVER,
    INITIALIZE,
    OLD_TRANSPORT,
    PING,
    McpVisit,
    answer_of,
    is_stream,
    messages_in,
    result_of,
)  # fmt: skip
from labkit.doctor.reason import reason_of
from labkit.recording import Recording
from labkit.wire.media_type import extract_media_type

#: What is said of a stream for a browser, and means nothing here: no EventSource reads this one.
UNFIT = {
    "quiet", "six-connections", "retry-missing", "ids-missing", "asks-again", "preflight-refused", "head-late",
    "empty-messages", "resume-ignored", "resume-refused", "replayed",
}  # fmt: skip
READ_TYPES = ("application/json", "text/event-stream")


def look_at_mcp(stream: Recording, visit: McpVisit) -> Iterator[Finding]:
    """The findings about a visit to an MCP endpoint.

    Args:
        stream: the answer that was watched longest.
        visit: all that was answered.

    Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports and 2026-07-28 likewise.
    """
    yield from _greeting(visit)
    lost = lost_session(visit)
    if lost is not None:  # what its requests got is no answer of this server, and says no more
        yield lost
    elif visit.handshake:
        yield from _handshake(visit)
        yield from _session(visit)
    yield from _rebinding(visit)
    if lost is None:
        yield from look_at_posted(visit)
        yield from _errors(stream)
    yield from _subscription(visit)
    yield from _foreign_events(stream)
    if visit.transport == OLD_TRANSPORT:
        yield Finding("mcp-old-transport", "the first event is 'endpoint', and names where messages are posted")


def mcp_facts(visit: McpVisit) -> tuple[str, ...]:
    """The sentences about what answers there: its name, its revisions, its session, its stream."""
    found = visit.handshake or visit.discovery
    meta = as_object(found.get("_meta"))
    server = as_object(found.get("serverInfo")) or as_object(meta.get("io.modelcontextprotocol/serverInfo"))
    name = f"{as_text(server.get('name'))} {as_text(server.get('version'))}".strip()
    named = f"it is {shorten(name)}" if name else "it says no name"
    facts = [f"MCP over {visit.transport}, {' and '.join(visit.revisions) or 'no revision agreed upon'}; {named}"]
    if visit.handshake and visit.transport != OLD_TRANSPORT:
        facts.append(_session_fact(visit))
    if visit.listening is not None and visit.listening.status == 405:
        facts.append("GET says 405: it offers no stream of its own, as it may")
    if visit.subscribed is not None and visit.subscribed.status and not is_stream(visit.subscribed):
        facts.append("it offers no subscriptions")
    return tuple(facts)


def _session_fact(visit: McpVisit) -> str:
    if not visit.session:
        return "it keeps no session"
    ended = visit.ended
    if ended is not None and 200 <= ended.status <= 299:
        return "it keeps a session, which was closed"
    answered = f"status {ended.status}" if ended is not None and ended.status else "no answer"
    return f"it keeps a session, which could not be closed: DELETE got {answered}"


def _greeting(visit: McpVisit) -> Iterator[Finding]:
    answer = visit.initialized
    if visit.transport == OLD_TRANSPORT and not visit.endpoint:
        yield Finding("mcp-endpoint-elsewhere", "the event 'endpoint' leads to another origin, or to no URL")
    elif answer is not None and answer.status and (visit.handshake or visit.discovery):
        media_type = extract_media_type(answer.headers.get("content-type", ""))
        if visit.handshake and visit.transport != OLD_TRANSPORT and _essence(media_type) not in READ_TYPES:
            said = answer.headers.get("content-type") or "none"
            yield Finding("mcp-greeting", f"initialize is answered with Content-Type: {said}, which no client reads")
    elif answer is None or not (visit.handshake or visit.discovery):
        yield _missing(answer, visit)


def _missing(answer: Recording | None, visit: McpVisit) -> Finding:
    if answer is None:
        return Finding("mcp-greeting", "POST initialize: the connection was closed without an answer")
    waited_s = answer.end_s - answer.sent_s
    if answer.status == 0:
        return Finding("mcp-held", f"POST initialize: no head in {waited_s:.2g} s")
    if visit.transport == OLD_TRANSPORT and answer.status in (404, 405):
        path = urlsplit(visit.endpoint).path  # its query has the session
        return Finding(
            "mcp-endpoint-elsewhere", f"the event 'endpoint' names {path}; POST there: status {answer.status}"
        )
    error = as_object(answer_of(answer, INITIALIZE).get("error"))
    if not error and is_stream(answer) and not answer.ended:
        return Finding("mcp-held", f"POST initialize: the head of a stream, and no answer in {waited_s:.2g} s")
    if visit.transport == OLD_TRANSPORT and 200 <= answer.status <= 299:
        return Finding("mcp-held", f"POST initialize: {answer.status}, and no answer in the open stream")
    if error:
        return Finding("mcp-greeting", f"POST initialize: status {answer.status}, {_error_text(error)}")
    if answer.status == 200:
        said = answer.headers.get("content-type") or "no Content-Type"
        return Finding("mcp-greeting", f"POST initialize: 200, {said}, and no JSON-RPC answer with its id")
    reason = reason_of(answer)
    return Finding(
        "mcp-greeting", f"POST initialize: status {answer.status}{f', it says {reason!a}' if reason else ''}"
    )


def _essence(media_type: Any) -> str:
    return media_type.essence if media_type is not None else ""


def _handshake(visit: McpVisit) -> Iterator[Finding]:
    """What follows the greeting: the notification, a ping, and the session's stream."""
    noted, pinged, listening = visit.noted, visit.pinged, visit.listening
    if noted is not None and noted.status not in (0, 202):
        yield Finding(
            "mcp-notification-refused",
            f"POST notifications/initialized: status {noted.status}, where 202 stands for yes",
            "error" if noted.status >= 400 else "note",
        )
    seen = listening if visit.transport == OLD_TRANSPORT else pinged
    answer = answer_of(seen, PING)
    if "error" in answer:
        yield Finding("mcp-error", f"ping: {_error_text(as_object(answer['error']))}", "warning")
    elif pinged is not None and not answer:
        what = "no head" if pinged.status == 0 else f"status {pinged.status}, and no answer with its id"
        yield Finding("mcp-held", f"POST ping: {what} in {pinged.end_s - pinged.sent_s:.2g} s")
    if listening is None or visit.transport == OLD_TRANSPORT:
        return
    if listening.status == 0:
        evidence = f"GET in the session: no head in {listening.end_s - listening.sent_s:.2g} s; POST was answered"
        yield Finding("mcp-held", evidence)
    elif listening.status != 405 and not is_stream(listening):
        said = listening.headers.get("content-type") or "no Content-Type"
        evidence = f"GET in the session: status {listening.status}, {said}; a stream or 405 would be right"
        yield Finding("mcp-stream-refused", evidence)


def _subscription(visit: McpVisit) -> Iterator[Finding]:
    """The stream of subscriptions/listen, whose first message comes at once: it says what was subscribed to."""
    opened = visit.subscribed
    if opened is None or (opened.status and not is_stream(opened)) or messages_in(opened):
        return
    what = "the head of a stream, and no acknowledgement" if opened.status else "no head"
    yield Finding("mcp-held", f"POST subscriptions/listen: {what} in {opened.end_s - opened.sent_s:.2g} s")


def _session(visit: McpVisit) -> Iterator[Finding]:
    gone, ended = visit.after_end, visit.ended
    if gone is not None and gone.status not in (0, 404) and ended is not None and 200 <= ended.status <= 299:
        evidence = f"after DELETE ({ended.status}) a ping in that session got status {gone.status}"
        yield Finding("mcp-session-not-404", evidence)
    if visit.resumed is None:
        return
    if visit.resumed.status != 200:
        evidence = f"GET with the Last-Event-ID of the ping's first event: status {visit.resumed.status}"
        yield Finding("mcp-resume-ignored", evidence)
    elif not answer_of(visit.resumed, PING):
        yield Finding(
            "mcp-resume-ignored", "GET with the Last-Event-ID of the ping's first event: no answer to it came"
        )


def _rebinding(visit: McpVisit) -> Iterator[Finding]:
    rebound = visit.rebound
    if rebound is None:
        return
    if visit.transport == OLD_TRANSPORT:
        greeted = is_stream(rebound) and b"event: endpoint" in rebound.body
    else:  # else it is the answer of another server, at the same address
        greeted = bool(result_of(rebound, INITIALIZE) or result_of(rebound, DISCOVER))
    if greeted:
        severe = is_local(rebound.url) and rebound.url.startswith("http:")
        where = "this machine or network, without TLS" if severe else "no private address, or behind TLS"
        evidence = f"a greeting with the Host and Origin of a page elsewhere got {rebound.status}; it is at {where}"
        yield Finding("mcp-rebinding", evidence, None if severe else "note")


def is_local(url: str) -> bool:
    """Whether the URL leads to this machine, or to a private network, as far as its name tells."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return address.is_loopback or address.is_private


def _errors(stream: Recording) -> Iterator[Finding]:
    """A JSON-RPC error in what was watched longest. (Errors of the greeting are found there.)"""
    for message in messages_in(stream):
        if "error" in message and message.get("id") not in (INITIALIZE, PING):
            where = "in the stream" if is_stream(stream) else "in the answer"
            yield Finding("mcp-error", f"{where}: {_error_text(as_object(message['error']))}")
            return
        result = as_object(message.get("result"))
        if result.get("isError") is True:
            yield Finding("mcp-error", f"the tool says isError: {shorten(str(result.get('content')), 80)}")
            return


def _foreign_events(stream: Recording) -> Iterator[Finding]:
    """Events that no MCP client reads: of another type than message, or no JSON-RPC."""
    if not is_stream(stream):
        return
    try:
        events = stream.decompressed.events
    except ValueError:
        return
    known = len(messages_in(stream))
    typed = [event for event in events if event.type not in ("message", "endpoint")]
    others = [event for event in events if event.type == "message" and event.data]
    if typed:
        yield Finding(
            "mcp-foreign-event", f"an event of the type {shorten(typed[0].type)}; clients read 'message' only"
        )
    elif len(others) > known:
        strange = next((event for event in others if '"jsonrpc"' not in event.data), others[-1])
        yield Finding("mcp-foreign-event", f"the data {shorten(strange.data)} is no message of JSON-RPC 2.0")


def _error_text(error: dict[str, Any]) -> str:
    return f"the JSON-RPC error {error.get('code')} {shorten(as_text(error.get('message')), 80)}"
