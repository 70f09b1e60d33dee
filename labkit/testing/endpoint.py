"""An endpoint to check: chainable assertions about an event stream, each of which fails with the doctor's sentence."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Coroutine, Mapping
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

from labkit.client import ResponseRecorder
from labkit.doctor import Diagnosis, Finding, NotExamined, examine, judge
from labkit.doctor.request import Request
from labkit.faults.fault import How
from labkit.recording import Recording
from labkit.system.secrets import hidden, secrets_of, shown_url
from labkit.testing.app_server import AppServer, frameworks_of, interface_of, serve_app
from labkit.testing.checks import (
    BEAT_MARGIN_S,
    EnoughPieces,
    find_no_end,
    find_no_stream,
    find_silence,
    find_unnoticed_leaving,
    leave_early,
    readable,
)
from labkit.testing.cuts import At
from labkit.testing.failure import CheckFailed, failure_of
from labkit.testing.own_loop import result_within
from labkit.testing.reader import Asked
from labkit.testing.surviving import find_loss
from labkit.wire import Event

T = TypeVar("T")
StopWhen = Callable[[ResponseRecorder], bool]

SECONDS = 3.0
PATIENCE_S = 1.0  # how much longer examine() waits for the first byte
SLACK_S = 10.0  # an examination that is bounded by its own times is not stopped before that


def sse_endpoint(
    target: str | Callable[..., Any],
    *,
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    content: bytes | str | None = None,
    verify: bool = True,
    seconds: float = SECONDS,
) -> Endpoint:
    """An endpoint to check: `sse_endpoint(app, path="/events").streams().resumes()`.

    An app is served on this machine, on a thread and an event loop of its own, from the first check to close(), or to
    the end of the `with` block, or until the endpoint is forgotten.

    Args:
        target: a URL, or an ASGI or WSGI app.
        path: the path of the stream, with its query. For a URL it is resolved against it.
        headers: headers to add, such as Authorization.
        content: the JSON body of a POST; None sends a GET.
        verify: False accepts any certificate.
        seconds: how long a check watches the stream, at most. Those that look twice take twice as long.

    Raises:
        LabError: it is neither a URL nor an app.
    """
    return Endpoint(target, path, dict(headers or {}), content, verify, seconds)


class Endpoint:
    """One event stream and its checks. Each returns the endpoint itself, or raises CheckFailed, an AssertionError.

    Checks are plain functions: they work in `async def` tests too, where they keep the test's own loop waiting. A
    server that runs on that loop needs `await asyncio.to_thread(endpoint.streams)`.

    Made by sse_endpoint().
    """

    def __init__(
        self,
        target: str | Callable[..., Any],
        path: str,
        headers: Mapping[str, str],
        content: bytes | str | None,
        verify: bool,
        seconds: float,
    ) -> None:
        self._target, self._path = target, path
        self._headers, self._verify, self._seconds = headers, verify, seconds
        self._content = content.encode() if isinstance(content, str) else content
        self._server: AppServer | None = None
        self._diagnosis: Diagnosis | None = None
        self._recording: Recording | None = None
        self._frameworks: tuple[str, ...] = ()
        if not isinstance(target, str):
            interface_of(target)
            self._frameworks = frameworks_of(target)

    @property
    def url(self) -> str:
        """The URL of the stream. An app is served from here on."""
        if isinstance(self._target, str):
            return self._target if self._path == "/" else urljoin(self._target, self._path)
        if self._server is None:
            self._server = serve_app(self._target)
            weakref.finalize(self, _stop_soon, self._server).atexit = False
        return urljoin(self._server.origin, self._path)

    @property
    def diagnosis(self) -> Diagnosis:
        """What labkit.doctor says of the stream, with all findings. It is examined once.

        Raises:
            CheckFailed: there is nothing to examine.
        """
        if self._diagnosis is None:
            examination = examine(
                self.url,
                seconds=self._seconds,
                headers=self._headers,
                content=self._content,
                verify=self._verify,
                patience_s=PATIENCE_S,
            )
            try:
                self._diagnosis = self._run(examination, 3 * self._seconds + SLACK_S)
            except NotExamined as problem:
                raise CheckFailed(f"{self} cannot be examined: {problem}") from None
        return self._diagnosis

    @property
    def events(self) -> list[Event]:
        """The events that came while the stream was watched, for assertions of your own."""
        return readable(self._recorded(self._seconds)).events

    def streams(self) -> Self:
        """Passes if it answers as an event stream whose events come one by one, while it is open."""
        __tracebackhide__ = True
        recording = self._recorded(self._seconds, EnoughPieces())
        self._fail_with("does not stream", find_no_stream(readable(recording), self._judged(recording)))
        return self

    def is_healthy(self, *, ignoring: Collection[str] = ()) -> Self:
        """Passes if labkit.doctor has nothing to mend: no finding above a note.

        Args:
            ignoring: names of causes that are known and accepted, such as "cacheable".
        """
        __tracebackhide__ = True
        bad = [finding for finding in self.diagnosis.findings if finding.severity != "note"]
        unhealthy = [finding for finding in bad if finding.name not in ignoring]
        if unhealthy:
            raise failure_of(f"{self} is not healthy", unhealthy[0], self._frameworks, unhealthy[1:])
        return self

    def beats(self, within_s: float = 15.0) -> Self:
        """Passes if no silence is longer than `within_s` seconds: an event or a heartbeat ends each.

        It watches a little longer than that. Source for 15 s: WHATWG HTML 9.2.7, "every 15 seconds or so".
        """
        __tracebackhide__ = True
        recording = self._recorded(max(self._seconds, within_s + BEAT_MARGIN_S))
        self._fail_with("is silent for too long", find_silence(readable(recording), self._judged(recording), within_s))
        return self

    def ends(self, with_event: str | None = None, *, within_s: float | None = None) -> Self:
        """Passes if the stream comes to its end by itself, in good order.

        Args:
            with_event: the type of its last event, or its data, such as "[DONE]"; None: any.
            within_s: how many seconds it may take; None: those of the endpoint.
        """
        __tracebackhide__ = True
        recording = self._recorded(self._seconds if within_s is None else within_s)
        self._fail_with(
            "does not end as it should", find_no_end(readable(recording), self._judged(recording), with_event)
        )
        return self

    def resumes(self) -> Self:
        """Passes if a client that was cut off, and comes back with Last-Event-ID, gets each event once.

        It is cut behind the first and behind the second event, and comes back when others were published meanwhile.
        """
        __tracebackhide__ = True
        return self._survive([1, 2], "fin", "does not resume", needs_all=False)

    def survives_cut(self, at: At = "every event", *, how: How = "fin") -> Self:
        """Passes if a client that is cut off there receives what one receives that is not, each event once.

        Events with an id are compared: what carries none comes again with each connection, as a greeting does.

        Args:
            at: an event's number, from 1 (the cut is behind it); labkit.testing.Cut(bytes=17), or
                Cut(events=2, into=5); several of these; "every event" (up to 20), or "every byte" (up to 100, from the
                first event on). Each is a reader of its own.
            how: "fin" cuts in mid-response, "rst" with a reset, "clean" ends the response.

        Raises:
            LabError: the relay, which does the cutting, cannot stand in front of it: it speaks no https.
        """
        __tracebackhide__ = True
        return self._survive(at, how, "does not survive a cut", needs_all=not isinstance(at, str))

    def notices_leaving(self) -> Self:
        """Passes if the app ends its answer within two seconds after the reader has left.

        Of a URL only a labkit server tells that.
        """
        __tracebackhide__ = True
        noticed = None
        if isinstance(self._target, str):
            noticed = self.diagnosis.further.leaving_noticed
            if noticed is None:
                raise CheckFailed(f"{self}: whether it notices who leaves cannot be told from outside. Give the app")
        else:
            self._run(leave_early(self._request, self._seconds), self._seconds + SLACK_S)
        self._fail_with("goes on for nobody", find_unnoticed_leaving(noticed, self._server))
        return self

    def close(self) -> None:
        """Stops what was served for it. A later check would serve it again."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    @property
    def _request(self) -> Request:
        return Request(self.url, self._headers, self._content, verify=self._verify)

    def _survive(self, at: At, how: How, what: str, needs_all: bool) -> Self:
        __tracebackhide__ = True
        body = readable(self._recorded(self._seconds)).body if isinstance(at, str) else b""
        asked = Asked(self.url, self._headers, self._content, self._verify)
        finding = self._run(find_loss(asked, at, body, how, self._seconds, needs_all), 2 * self._seconds + SLACK_S)
        if isinstance(finding, str):
            self.streams()  # says why nothing came
            raise CheckFailed(f"{self} {what}: {finding}")
        self._fail_with(what, finding)
        return self

    def _recorded(self, seconds: float, stop_when: StopWhen = lambda watching: False) -> Recording:
        """A recording of at least so many seconds, or to the end of the stream, or until `stop_when` is true.

        Raises:
            CheckFailed: nothing answers.
        """
        old = self._recording or (self._diagnosis.recording if self._diagnosis is not None else None)
        if old is None or not (old.ended or old.broken or old.end_s - old.sent_s >= seconds - 0.05):
            try:
                old = self._run(self._request.ask(seconds, stop_when=stop_when), seconds + SLACK_S)
            except NotExamined as problem:
                raise CheckFailed(f"{self}: {problem}") from None
            if not old.ended and not old.broken and old.end_s - old.sent_s < seconds - 0.05:
                return old  # it was enough for one check
            self._recording = old
        return old

    def _judged(self, recording: Recording) -> Diagnosis:
        if self._diagnosis is not None and self._diagnosis.recording is recording:
            return self._diagnosis
        return judge(recording).without(secrets_of(self.url, self._headers))

    def _fail_with(self, what: str, found: Finding | str | None) -> None:
        __tracebackhide__ = True
        if isinstance(found, str):
            raise CheckFailed(hidden(f"{self} {what}: {found}", secrets_of(self.url, self._headers)))
        if found is not None:
            raise failure_of(f"{self} {what}", found, self._frameworks)

    def _run(self, work: Coroutine[Any, Any, T], within_s: float) -> T:
        __tracebackhide__ = True
        try:
            return result_within(within_s, work)
        except TimeoutError:
            raise CheckFailed(f"{self}: the check was not over within {within_s:g} s") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __str__(self) -> str:
        if isinstance(self._target, str):
            return shown_url(self.url)
        return f"{urlsplit(self._path).path} of {getattr(self._target, '__name__', type(self._target).__name__)}"

    def __repr__(self) -> str:
        return f"<Endpoint {self}>"


def _stop_soon(server: AppServer) -> None:
    Thread(target=server.stop, daemon=True).start()
