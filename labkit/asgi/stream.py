"""The body of one ASGI response, as a Connection writes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.iostream import StreamBufferFullError, StreamClosedError

from labkit.server.framed import FramedStream

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

#: How long a server may take to accept the end of a response that was cut. It needs no room for that: it frames it.
LAST_WORD_S = 1.0


class AsgiStream(FramedStream):
    """Bytes wait here until the ASGI server takes them: its `send` returns late for a reader that is slow.

    Args:
        ends_cuts: a response that is cut gets an end all the same. In HTTP/2 and 3 an app has no other way to tell the
            client: a server there leaves a response open whose app has returned (hypercorn 0.18 does), and the client
            would wait for ever. In HTTP/1.1 the server closes the connection, and the client sees the cut.
        bodyless: whether the response has a head alone (HEAD), so that closing it is its end.
    """

    def __init__(self, ends_cuts: bool, bodyless: bool) -> None:
        self._ends_cuts, self._bodyless = ends_cuts, bodyless
        self._head: Message | None = None
        self._pending: list[bytes] = []
        self._written_bytes = self._taken_bytes = 0
        # Done when so many bytes were taken, and where it says so the end as well.
        self._waiting: deque[tuple[int, bool, asyncio.Future[None]]] = deque()
        self._finished = self._end_taken = self._closed = False
        self._changed = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._on_close: Callable[[], object] | None = None

    @property
    def waiting_bytes(self) -> int:
        return self._written_bytes - self._taken_bytes

    def writing(self) -> bool:
        return not self._closed and (self.waiting_bytes > 0 or (self._finished and not self._end_taken))

    def set_nodelay(self, value: bool) -> None:
        """Nothing: the socket is the server's."""

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Gives the response its head."""
        self._head = {"type": "http.response.start", "status": status, "headers": headers}
        self._changed.set()

    def write(self, data: bytes) -> asyncio.Future[None]:
        if self._closed:
            raise StreamClosedError
        room_bytes = self.max_write_buffer_size
        if self.waiting_bytes and data and room_bytes is not None and self.waiting_bytes + len(data) > room_bytes:
            raise StreamBufferFullError
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if data:
            self._pending.append(data)
            self._written_bytes += len(data)
            self._changed.set()
        if self.writing():
            self._waiting.append((self._written_bytes, self._finished, future))
        else:
            future.set_result(None)
        return future

    def finish(self) -> None:
        self._finished = True
        self._changed.set()

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        self._on_close = callback
        if callback is not None and self._closed:
            self._tell()

    def close(self) -> None:
        if self._bodyless:
            self.finish()
        if self._closed:
            return
        self._closed = True
        self._changed.set()
        if self._limit is not None and not self._bodyless:
            self._limit.reschedule(asyncio.get_running_loop().time())  # the server may hold on to a reader that is slow
        for *_, future in self._waiting:
            if not future.done():
                future.set_exception(StreamClosedError())
                future.exception()  # those who wait for it are told; nobody need be
        self._waiting.clear()
        self._tell()

    def _tell(self) -> None:
        callback, self._on_close = self._on_close, None
        if callback is not None:
            asyncio.get_running_loop().call_soon(callback)  # as tornado does: never in the middle of a write

    async def hand_on(self, send: Send) -> None:
        """Gives the server all that is written, until the response has ended, or was cut, or the client has left."""
        try:
            with contextlib.suppress(TimeoutError):  # close() came while the server did not take any more
                async with asyncio.timeout(None) as self._limit:
                    await self._hand_on(send)
        except OSError:
            return  # the client has left: servers may say so in this way (ASGI, "Disconnected Client")
        finally:
            self._limit = None
        if not self._end_taken and self._ends_cuts and self._head is None:
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(LAST_WORD_S):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _hand_on(self, send: Send) -> None:
        while self._head is None and not self._closed:
            await self._change()
        if self._head is None:
            return
        head, self._head = self._head, None
        await send(head)
        while not self._end_taken:
            while not (self._pending or self._finished or self._closed):
                await self._change()
            if self._closed and not self._finished:
                return
            last, data = self._finished, b"".join(self._pending)
            self._pending.clear()
            await send({"type": "http.response.body", "body": data, "more_body": not last})
            self._taken_bytes += len(data)
            self._end_taken = last
            self._release()

    def _release(self) -> None:
        while self._waiting:
            bytes_written, after_end, future = self._waiting[0]
            if bytes_written > self._taken_bytes or (after_end and not self._end_taken):
                return
            self._waiting.popleft()
            if not future.done():
                future.set_result(None)

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
