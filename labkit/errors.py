"""The errors of labkit, and how a sentence counts. Each message says what happened, why, and what to do now."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number and its noun, in the singular for one.

    >>> counted(1, "event"), counted(0, "event"), counted(1200, "byte")
    ('1 event', '0 events', '1,200 bytes')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


#: What json.loads raises for a text that is no JSON, or that nests too deeply to be read (or to be written again).
NOT_JSON = (ValueError, RecursionError)


class LabError(Exception):
    """The base of all errors that labkit raises."""


class EncodeError(LabError, ValueError):
    """A field's value cannot be sent on the wire. It is refused and not cleaned: a cleaned id is another id."""

    def __init__(self, field: str, value: object, why: str) -> None:
        self.field, self.value, self.why = field, value, why
        super().__init__(f"{field}={_shorten(value)} cannot be sent: {why}")


class LimitExceeded(LabError):
    """One event, or one answer, is larger than the limit. The stream cannot be read further."""

    def __init__(self, item: str, limit_bytes: int, advice: str = "") -> None:
        self.item, self.limit_bytes = item, limit_bytes
        advice = advice or (
            "Either the sender forgot its blank lines, or the events are this large: then raise max_event_bytes"
        )
        super().__init__(f"{item} grew past {limit_bytes:,} bytes. {advice}")


class DecompressionBomb(LimitExceeded):
    """A compressed body holds far more than it seems to. The stream cannot be read further."""

    def __init__(self, limit_bytes: int) -> None:
        advice = "No stream shrinks so much; a decompression bomb does. Without compression: Accept-Encoding: identity"
        super().__init__("what one piece of the body decompresses to", limit_bytes, advice)


class StreamRejected(LabError):
    """The server answered, but not with an event stream. Asking again would not help."""

    def __init__(self, url: str, status: int, content_type: str | None) -> None:
        self.url, self.status, self.content_type = url, status, content_type
        super().__init__(f"{url} is not an event stream: it answered {self._answer()}. {self._advice()}")

    def _answer(self) -> str:
        return f"status {self.status} with Content-Type {self.content_type or '(none)'}"

    def _advice(self) -> str:
        if self.status == 200:
            return "An event stream has Content-Type: text/event-stream. Is this the URL of a page?"
        if self.status in (401, 403):
            return "Does it need a header, such as Authorization?"
        if self.status == 404:
            return "Is the path right?"
        if self.status >= 500:
            return "The server, or a proxy in front of it, is in trouble: look at its log"
        return "Only status 200 opens a stream"


class StreamLost(LabError):
    """The connection broke, or could not be made."""


class StreamStalled(StreamLost):
    """No byte arrived for too long, not even a heartbeat."""

    def __init__(self, idle_s: float) -> None:
        self.idle_s = idle_s
        super().__init__(f"no byte for {idle_s:g} s, not even a heartbeat: the peer may be gone without a word")


class RetriesExhausted(StreamLost):
    """The policy allows no further attempt to connect."""

    def __init__(self, attempts: int, last_error: str = "") -> None:
        self.attempts = attempts
        super().__init__(
            f"gave up after {counted(attempts, 'failed attempt')}{': ' + last_error if last_error else ''}"
        )


class NotServing(LabError):
    """The server that was called has been stopped."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"nothing serves on port {port}: the server was stopped. Run the cell that launches it again")


class LoopBlocked(LabError):
    """A loop in the background does not answer. `line` is where its thread stands; "" where that says nothing."""

    def __init__(self, who: str, waited_s: float, line: str) -> None:
        self.line = line
        why = (
            f"its thread has stood still at {line}. In `async def`, what waits must be awaited "
            "(`await asyncio.sleep(1)`, not `time.sleep(1)`), or nobody else is served meanwhile. "
            "Mend that line and launch again: the same port is served by a new thread"
            if line
            else "what was asked takes longer. Ask again, or launch again"
        )
        super().__init__(f"the {who} has not answered for {waited_s:g} s: {why}")


class ChannelStopped(LabError):
    """The channel that somebody waited for is no longer served."""

    def __init__(self) -> None:
        super().__init__("the channel's server has stopped")


class LogFailed(LabError):
    """The file of a log, or its Redis, could not be read or written. The event that was to be kept is not kept.

    `for_good` says whether this log can never append again; else it may be tried again later. `is_away` says that a
    server did not answer: then it may have kept the event all the same.
    """

    def __init__(
        self, path: object, action: str, cause: object, advice: str, *, for_good: bool = False, is_away: bool = False
    ) -> None:
        self.path, self.cause, self.for_good, self.is_away = path, cause, for_good, is_away
        super().__init__(f"the log {path} could not be {action}: {cause}. {advice}")


class PortInUse(LabError):
    """Another program listens on that port."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(f"port {port} on {host} is taken by another program. Stop that one, or choose another port")


def _shorten(value: object, max_length: int = 60) -> str:
    text = ascii(value)
    return text if len(text) <= max_length else text[: max_length - 3] + "..."
