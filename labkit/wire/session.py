"""Decides when to reconnect: a state machine of pure values.

The outcome of an attempt goes in (Ended, Unreachable, Answered); the next step comes out (Connect, Wait, Stop). It
has no socket and no clock, and the caller brings the random number.

Source: WHATWG HTML 9.2.2 and 9.2.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.errors import counted
from labkit.wire.media_type import extract_media_type
from labkit.wire.values import Event, Retry, Signal

#: The standard leaves the first reconnection time to the browser, "probably in the region of a few seconds".
#: Precedent: Chromium 156 waits 3 s, Firefox 153 waits 5 s (benchmarks/firefox.py, 2026-11-28).
DEFAULT_RECONNECTION_MS = 3000


#: Longer than that nobody waits on a server's word alone. Precedent: urllib3's retry_after_max is six hours.
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Connect:
    """The next step: send the request now, with this Last-Event-ID; "" sends no such header."""

    last_event_id: str


@dataclass(frozen=True, slots=True)
class Wait:
    """The next step: wait so many seconds, then connect."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The next step: never connect again. `error` is False where the server asked for it with status 204, and where an
    answer that is asked for once ended in good order."""

    why: str
    error: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """An outcome: the stream had opened and came to its end. `broken`: not in good order."""

    why: str = "the response ended"
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An outcome: there was no answer (refused, reset, no such host, timed out). `sent`: the request had gone out, and
    may have been acted on."""

    why: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """An outcome: the answer does not open a stream. `retry_after_s` is what its Retry-After asks for, in seconds."""

    status: int
    content_type: str | None
    retry_after_s: float = 0.0


Outcome = Ended | Unreachable | Answered


@dataclass(frozen=True, slots=True)
class Policy:
    """When a client reconnects, and when it gives up.

    Args:
        name: what the policy is called.
        cap_s: the wait doubles with each failure in a row, up to so many seconds. None: it is always the
            reconnection time.
        retry_statuses: the statuses after which another attempt is worth it.
        max_failures: it gives up after so many failures in a row; None: never.
        must_open_first: it gives up if the server cannot be reached at the very first attempt.
        floor_ms: no wait is shorter, whatever the server asks for and whatever the jitter draws.
        jitter: with `cap_s`, waits a random time between `floor_ms` and that one ("full jitter"), so that clients do
            not come together.
        resend: whether the same request may be sent again that an answer had begun to, or that may have been acted on.
            Not where each costs (a POST to a model): RFC 9110, 9.2.2. What was refused with one of `retry_statuses`, or
            was never sent, may be sent again.
    """

    name: str
    cap_s: float | None = None
    retry_statuses: frozenset[int] = frozenset()
    max_failures: int | None = None
    must_open_first: bool = False
    floor_ms: int = 0
    jitter: bool = True
    resend: bool = True


#: A server that says `retry: 0` is not asked again at full speed, but ten times a second at most. Precedent for a
#: floor: Firefox, whose is 500 ms (Firefox 153, benchmarks/firefox.py, 2026-11-28).
FLOOR_MS = 100

#: What the standard asks for: the same wait for ever, and no second chance after any status but 200. There is no floor
#: either, as in Chromium: told `retry: 0` it came back at once, each time (after some 6 ms, Chromium 156 on Debian 12,
#: benchmarks/firefox.py, 2026-11-28).
STANDARD = Policy("standard")

#: What a deploy behind a proxy needs: back off, spread out, and outlive a 502. Precedent for capped exponential backoff
#: with full jitter: the AWS Architecture Blog, "Exponential Backoff And Jitter". The statuses below 500 say "later":
#: 408 and 425 that this attempt came to nothing, 429 that there were too many (RFC 9110, 15.5.9; RFC 8470; RFC 6585).
RESILIENT = Policy(
    "resilient", cap_s=30.0, retry_statuses=frozenset({408, 425, 429, *range(500, 600)}), floor_ms=FLOOR_MS
)


@dataclass(frozen=True, slots=True)
class Session:
    """What one client remembers between its connections. Its methods change nothing; they return a new Session.

    `failures` counts the attempts that have ended since the last event; `opened_once` tells whether a stream has ever
    opened.
    """

    last_event_id: str = ""
    reconnection_ms: int = DEFAULT_RECONNECTION_MS
    failures: int = 0
    opened_once: bool = False

    def connect(self) -> Connect:
        """The first step: connect, with the last event ID."""
        return Connect(self.last_event_id)

    def with_open_stream(self) -> Session:
        """The session after a stream has opened."""
        return replace(self, opened_once=True)

    def with_success(self) -> Session:
        """The session after an answer that proves that the server works, with or without an event."""
        return replace(self, failures=0)

    def with_signal(self, signal: Signal, last_event_id: str) -> Session:
        """The session after a signal. An event sets `failures` to 0: it proves that the server works."""
        failures = 0 if isinstance(signal, Event) else self.failures
        reconnection_ms = signal.ms if isinstance(signal, Retry) else self.reconnection_ms
        return replace(self, last_event_id=last_event_id, failures=failures, reconnection_ms=reconnection_ms)

    def with_last_event_id(self, last_event_id: str) -> Session:
        """The session after a block that changed the id and dispatched nothing."""
        return replace(self, last_event_id=last_event_id) if last_event_id != self.last_event_id else self

    def next_step(self, outcome: Outcome, policy: Policy, draw: float) -> tuple[Session, Wait | Stop]:
        """The session after an attempt has ended, and what to do next.

        Args:
            outcome: how the attempt ended.
            policy: when to reconnect.
            draw: a random number in [0, 1), which spreads clients in time.
        """
        failed_session = replace(self, failures=self.failures + 1)
        if isinstance(outcome, Answered):
            if outcome.status == 204:
                return self, Stop("the server answered 204: the stream is finished", error=False)
            if outcome.status not in policy.retry_statuses:
                return failed_session, Stop(
                    f"status {outcome.status}, {outcome.content_type or 'no Content-Type'}: not an event stream"
                )
        if not policy.resend and isinstance(outcome, Ended):
            return failed_session, Stop(outcome.why, error=outcome.broken)
        if isinstance(outcome, Unreachable) and (
            (outcome.sent and not policy.resend) or (policy.must_open_first and not self.opened_once)
        ):
            return failed_session, Stop(outcome.why)
        if policy.max_failures is not None and failed_session.failures >= policy.max_failures:
            return failed_session, Stop(
                f"{counted(failed_session.failures, 'failure')} in a row; the last: {_reason(outcome)}"
            )
        draw = draw if policy.jitter else 1.0
        seconds = wait_s(self.reconnection_ms, self.failures, policy.cap_s, draw, policy.floor_ms / 1000)
        if isinstance(outcome, Answered):
            # On top of the wait, so that a crowd that was told one moment does not come back as one. RFC 9110, 10.2.3.
            seconds += min(outcome.retry_after_s, MAX_RETRY_AFTER_S)
        return failed_session, Wait(seconds, _reason(outcome))


def wait_s(reconnection_ms: int, failures: int, cap_s: float | None, draw: float, floor_s: float = 0.0) -> float:
    """The seconds to wait before the next attempt.

    Args:
        reconnection_ms: the reconnection time in force.
        failures: the failures in a row before this one.
        cap_s: the longest wait; up to it each failure doubles the wait. None: always the reconnection time.
        draw: a number in [0, 1]: the place of the wait between the floor and the longest, if there is a cap.
        floor_s: no wait is shorter. Spread above it, since a crowd that is held at one floor comes back as one.

    >>> [wait_s(1000, failures, cap_s=5.0, draw=1.0) for failures in range(5)]
    [1.0, 2.0, 4.0, 5.0, 5.0]
    """
    base_s = max(floor_s, reconnection_ms / 1000)
    if cap_s is None:
        return base_s
    longest_s = max(floor_s, min(cap_s, base_s * 2.0 ** min(failures, 60)))
    return floor_s + (longest_s - floor_s) * draw


def opens_stream(status: int, content_type: str | None) -> bool:
    """Whether this answer opens a stream: status 200, and the media type text/event-stream, parameters aside.

    Args:
        status: the status of the answer.
        content_type: the value of Content-Type; where it was sent several times, all values with commas between.

    >>> opens_stream(200, "text/event-stream; charset=utf-8"), opens_stream(201, "text/event-stream")
    (True, False)
    >>> opens_stream(200, "text/html"), opens_stream(200, "text/html, text/event-stream")
    (False, True)

    Source: WHATWG HTML 9.2.2; WHATWG Fetch, "extract a MIME type".
    """
    media_type = extract_media_type(content_type) if status == 200 else None
    return media_type is not None and media_type.essence == "text/event-stream"


def _reason(outcome: Outcome) -> str:
    return f"status {outcome.status}" if isinstance(outcome, Answered) else outcome.why
