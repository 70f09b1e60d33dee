"""Findings about requests to an MCP endpoint that went to somebody who does not know them, or stayed unanswered."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.dialects.json_values import as_object
from labkit.doctor.diagnosis import Finding
from labkit.doctor.mcp_visit import McpVisit, is_stream, messages_in
from labkit.doctor.reason import reason_of
from labkit.recording import Recording

NO_SUCH_METHOD = -32601


def lost_session(visit: McpVisit) -> Finding | None:
    """The finding that the session, which the greeting began, was unknown to a request in it; None if all knew it."""
    if not visit.session:
        return None
    questions = {"POST notifications/initialized": visit.noted, "POST ping": visit.pinged, "GET": visit.listening,
                 "what was posted": visit.posted}  # fmt: skip
    asked = {what: answer for what, answer in questions.items() if answer is not None}
    lost = [what for what, answer in asked.items() if _is_unknown(answer, what == "GET")]
    if not lost:
        return None
    answer = asked[lost[0]]
    reason = reason_of(answer)
    told = f", it says {reason!a}" if reason else ""
    count = f"so it was with {len(lost)} of {len(asked)} requests"
    return Finding("mcp-session-lost", f"{lost[0]} in the session: status {answer.status}{told}; {count}")


def look_at_posted(visit: McpVisit) -> Iterator[Finding]:
    """The finding about the answer to the user's own message, if there is no message of JSON-RPC in it.

    Until 2025-11-25 a stream may end so, if its events have ids: the client is to ask on, with the last of them.
    """
    posted = visit.posted
    if posted is None or any("method" not in message for message in messages_in(posted)):
        return
    took_s = posted.end_s - posted.sent_s
    if posted.status == 0:
        waited = f"no head in {took_s:.2g} s" if took_s else "no answer: the connection was closed"
        yield Finding("mcp-unanswered", f"what was posted got {waited}")
    elif not is_stream(posted):
        reason = reason_of(posted)
        said = f"it says {reason!a}" if reason else "and no message of JSON-RPC"
        yield Finding("mcp-unanswered", f"what was posted got status {posted.status}, {said}")
    elif posted.ended:
        resumes = bool(visit.handshake) and _has_ids(posted)
        how = "; its events have ids, to ask on with" if resumes else ""
        yield Finding(
            "mcp-unanswered",
            f"the stream ended after {took_s:.2g} s without the answer{how}",
            "note" if resumes else None,
        )
    elif not posted.broken:  # which is found as what it is
        yield Finding("mcp-unanswered", f"the stream is open, and has no answer after {took_s:.2g} s", "note")


def _is_unknown(answer: Recording, by_get: bool) -> bool:
    """Whether the answer says that there is no such session. 404 may also say: no such method, or GET is not known."""
    codes = [as_object(message.get("error")).get("code") for message in messages_in(answer)]
    if answer.status not in (400, 404) or NO_SUCH_METHOD in codes:
        return False
    return "session" in reason_of(answer).lower() or (answer.status == 404 and not by_get)


def _has_ids(stream: Recording) -> bool:
    try:
        return any(event.last_event_id for event in stream.decompressed.events)
    except ValueError:
        return False
