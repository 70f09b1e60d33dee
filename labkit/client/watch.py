"""Records one HTTP response for a while: which bytes arrived when."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping

import httpx

from labkit.client.httpx_client import import_transport, new_client, send_request
from labkit.recording import Arrival, Recording

#: No watched stream is kept beyond this: a body without an end must not fill the memory.
MAX_BYTES = 4 * 1024 * 1024
#: What came after the time that was asked for is watched for so long: a buffer that was full stops, a stream goes on.
GOES_ON_S = 1.0


class ResponseRecorder:
    """Records a response while it arrives.

    `connected` tells whether the connection was made, `bytes` counts the body so far, `newest` is the piece of it that
    came last, `ended` tells whether it is complete; `broken` is why it is not ("" if there is no reason).

    Args:
        join_s: pieces that arrive within this time of each other are recorded as one.
        on_sent: called when the request has gone out; after a redirect, once more.
    """

    def __init__(self, join_s: float = 0.0, on_sent: Callable[[], object] = lambda: None) -> None:
        self._join_s, self._on_sent = join_s, on_sent
        self._sent_s = 0.0
        self.connected = False
        self._start_s = time.monotonic()
        self._start_epoch_s = time.time()
        self._arrivals: list[Arrival] = []
        self._response: httpx.Response | None = None
        self._head_s = 0.0
        self.bytes, self.newest = 0, b""
        self.ended, self.broken = False, ""

    async def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Called by httpx at each step; notes when the connection was made and when the request was sent."""
        self.connected = self.connected or event.endswith("connect_tcp.complete")
        if event.endswith("send_request_headers.complete"):
            self._sent_s = self._now_s()
            self._on_sent()

    def record_head(self, response: httpx.Response) -> None:
        """Notes the response's head, and when it arrived."""
        self._response, self._head_s = response, self._now_s()

    def record_bytes(self, data: bytes) -> None:
        """Notes a piece of the body, and when it arrived."""
        self.bytes += len(data)
        self.newest = data
        now_s = self._now_s()
        if self._arrivals and now_s - self._arrivals[-1].at_s < self._join_s:
            data = self._arrivals.pop().data + data
        self._arrivals.append(Arrival(now_s, data))

    @property
    def recording(self) -> Recording:
        """Everything that was recorded until now."""
        response = self._response
        headers = response.headers.items() if response is not None else ()
        return Recording(
            status=response.status_code if response is not None else 0,
            headers={name.lower(): value for name, value in headers},
            arrivals=tuple(self._arrivals),
            ended=self.ended,
            broken=self.broken,
            sent_s=self._sent_s,
            head_s=self._head_s,
            end_s=self._now_s(),
            began_epoch_s=self._start_epoch_s,
            url=str(response.url) if response is not None else "",
            redirects=tuple(str(redirect.url) for redirect in response.history) if response is not None else (),
            http_version=response.http_version if response is not None else "",
        )

    def _now_s(self) -> float:
        return time.monotonic() - self._start_s


async def watch(
    url: str,
    seconds: float = 2.0,
    *,
    stop_when: Callable[[ResponseRecorder], bool] = lambda recorder: False,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    on_answer: Callable[[httpx.Response], object] = lambda response: None,
    content: bytes | None = None,
    verify: bool = True,
    http2: bool = False,
    max_bytes: int = MAX_BYTES,
    join_s: float = 0.0,
    patience_s: float = 0.0,
    enough: Callable[[ResponseRecorder], bool] = lambda recorder: True,
) -> Recording:
    """Records a response for `seconds`, or until `stop_when` is true, or until `max_bytes` have arrived.

    The time counts from the moment when the request was sent; the connection may take as long. A status of 0 in the
    Recording means that no head came in time; `broken` says then how far it went.

    Args:
        url: what is requested. Redirects are followed.
        seconds: how long it records at most.
        stop_when: asked after each piece.
        method, headers, content: the request. Accept is exactly text/event-stream unless `headers` has another; header
            values go out as UTF-8, as a browser sends them.
        on_answer: called when the head has arrived.
        verify: whether the server's certificate is checked.
        http2: whether HTTP/2 is offered.
        max_bytes: how much of the body is kept.
        join_s: pieces that arrive within this time of each other count as one.
        patience_s: how much longer it records, in seconds, where after `seconds` there is not yet `enough`.
        enough: asked when `seconds` are over, and then after each piece; a second later it ends.

    Raises:
        httpx.TransportError: nothing answered, or something that is not HTTP.
        httpx.TooManyRedirects: they lead in a circle.
    """
    request = {"Accept": "text/event-stream", **(headers or {})}
    fields = [(name.encode("ascii"), value.encode()) for name, value in request.items()]
    import_transport()
    async with new_client(url, verify=verify, http2=http2) as client:
        window = _Window(seconds, patience_s, lambda: enough(recorder))
        recorder = ResponseRecorder(join_s, window.restart)
        extensions = {"trace": recorder.trace}
        try:
            async with window.limit, contextlib.AsyncExitStack() as stack:
                asked = client.build_request(
                    method, url, headers=fields, content=content, timeout=None, extensions=extensions
                )
                response = await send_request(client, asked)
                stack.push_async_callback(response.aclose)
                recorder.record_head(response)
                on_answer(response)
                async for data in response.aiter_raw():
                    recorder.record_bytes(data)
                    window.note_piece()
                    if stop_when(recorder) or recorder.bytes >= max_bytes:
                        return recorder.recording
                recorder.ended = True
        except TimeoutError:
            if not recorder.recording.status:
                recorder.broken = "connected, and no head came" if recorder.connected else "no connection was made"
        except httpx.TransportError as problem:
            if not recorder.recording.status:
                raise
            recorder.broken = str(problem) or type(problem).__name__
        finally:
            window.close()
        return recorder.recording


class _Window:
    """The time in which a response is recorded: its `limit`, which moves when the request is sent."""

    def __init__(self, seconds: float, patience_s: float, is_enough: Callable[[], bool]) -> None:
        self._seconds, self._patience_s, self._is_enough = seconds, patience_s, is_enough
        self._loop = asyncio.get_running_loop()
        self._end_s = self._loop.time() + seconds
        self._look: asyncio.TimerHandle | None = None
        self._sent = False
        self.limit = asyncio.timeout(seconds)

    def restart(self) -> None:
        """Begins anew, once: a chain of redirects makes it no longer."""
        if self._sent:
            return
        self._sent = True
        self._end_s = self._loop.time() + self._seconds
        self.limit.reschedule(self._end_s + self._patience_s)
        if self._patience_s:
            self._look = self._loop.call_at(self._end_s, self._end_if_enough)

    def note_piece(self) -> None:
        """Called after each piece: what came late ends the waiting, but for a moment that shows how it goes on."""
        now_s, limit_s = self._loop.time(), self.limit.when()
        if now_s >= self._end_s and limit_s is not None and self._is_enough():
            self._is_enough = lambda: False
            self.limit.reschedule(min(limit_s, now_s + GOES_ON_S))

    def close(self) -> None:
        """Ends what looks at the clock."""
        if self._look is not None:
            self._look.cancel()

    def _end_if_enough(self) -> None:
        if self._is_enough():
            with contextlib.suppress(RuntimeError):  # it is over already, on a machine that is late
                self.limit.reschedule(self._loop.time())
