"""What a visit to an MCP endpoint brought: the answer to each request, and the JSON-RPC messages in it.

Source: https://modelcontextprotocol.io/specification/2025-11-25/basic/transports and
.../2026-07-28/basic/transports/streamable-http.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from labkit.dialects.json_values import as_list, as_object, as_text, object_in
from labkit.recording import Recording
from labkit.wire.media_type import extract_media_type

#: The newest revision with a handshake, and the one without.
HANDSHAKE, STATELESS = "2025-11-25", "2026-07-28"
OLD_TRANSPORT = "HTTP+SSE"
#: The ids of our requests.
DISCOVER, INITIALIZE, PING, LISTEN = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class McpVisit:
    """The answers at an MCP endpoint; None for a request that was not sent, or that nothing answered.

    `discovered`, `initialized`, `noted` and `pinged` answer server/discover, initialize, the notification behind it and
    ping. `listening` is the stream of the session, by GET; where there is no session, `subscribed` is that of
    subscriptions/listen. `posted` answers the user's own message. `resumed` answers a GET with `resumed_after` as its
    Last-Event-ID; `rebound` a greeting as a page elsewhere would send it; `after_end` a ping in the session that
    `ended` closed. `endpoint` is where the old transport says that messages are posted. `session` is its id.
    """

    transport: str = "Streamable HTTP"
    discovered: Recording | None = None
    initialized: Recording | None = None
    noted: Recording | None = None
    pinged: Recording | None = None
    listening: Recording | None = None
    subscribed: Recording | None = None
    posted: Recording | None = None
    resumed: Recording | None = None
    resumed_after: str = ""
    rebound: Recording | None = None
    ended: Recording | None = None
    after_end: Recording | None = None
    endpoint: str = ""
    session: str = field(default="", repr=False)

    @property
    def handshake(self) -> dict[str, Any]:
        """The result of initialize; empty if there is none."""
        return result_of(self.listening if self.transport == OLD_TRANSPORT else self.initialized, INITIALIZE)

    @property
    def discovery(self) -> dict[str, Any]:
        """The result of server/discover; empty if there is none."""
        return result_of(self.discovered, DISCOVER)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that were agreed upon, oldest first."""
        spoken = {as_text(self.handshake.get("protocolVersion"))}
        spoken |= {STATELESS} if STATELESS in as_list(self.discovery.get("supportedVersions")) else set()
        return tuple(sorted(spoken - {""}))

    @property
    def speaks_json_rpc(self) -> bool:
        """Whether any answer to a greeting was a message of JSON-RPC."""
        return any(messages_in(answer) for answer in (self.initialized, self.discovered, self.listening) if answer)


def messages_in(recording: Recording | None) -> list[dict[str, Any]]:
    """The JSON-RPC messages of an answer, whether it is JSON or an event stream."""
    if recording is None:
        return []
    try:
        readable = recording.decompressed
    except ValueError:
        return []
    if is_stream(recording):
        values: list[Any] = [object_in(event.data) for event in readable.events]
    else:
        values = _values_in(readable.body)
    return [value for value in values if isinstance(value, dict) and value.get("jsonrpc") == "2.0"]


def result_of(recording: Recording | None, number: int) -> dict[str, Any]:
    """The result that answers our request with this id; empty if it is not there."""
    return as_object(answer_of(recording, number).get("result"))


def answer_of(recording: Recording | None, number: int) -> dict[str, Any]:
    """The message that answers our request with this id, a result or an error; empty if it is not there."""
    answers = [message for message in messages_in(recording) if "method" not in message]
    return next((message for message in answers if message.get("id") == number), {})


def is_stream(recording: Recording) -> bool:
    """Whether the answer says that it is an event stream."""
    media_type = extract_media_type(recording.headers.get("content-type", ""))
    return recording.status == 200 and media_type is not None and media_type.essence == "text/event-stream"


def message_text(method: str, number: int | None = None, params: dict[str, Any] | None = None) -> bytes:
    """A request of JSON-RPC as it is sent; without a number a notification."""
    message: dict[str, Any] = {"jsonrpc": "2.0"} | ({"id": number} if number is not None else {}) | {"method": method}
    return json.dumps(message | ({"params": params} if params is not None else {})).encode()


def _values_in(body: bytes) -> list[Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else [value]  # 2025-03-26 had batches
