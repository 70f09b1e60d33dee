"""The server's side of one open stream: it writes, and it disconnects a reader that is too slow."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

from labkit.server.framed import FramedStream
from labkit.system.sockets import reset_on_close, shut_down
from labkit.wire.chunked import LAST_CHUNK

#: Left alone, Linux lets its own buffer for one slow reader grow to some 2.6 MB; 1000 of them take what a server has.
#: Precedent for a fixed size: nginx's `listen ... sndbuf=`, HAProxy's tune.sndbuf. (Linux books twice the number.)
SEND_BUFFER_BYTES = 128 * 1024
#: How long a reader may take nothing of what waits for it. Precedent: nginx's send_timeout, 60 s between two writes.
STALL_TIMEOUT_S = 60.0
#: How long an ended response may take to reach a reader that is behind. Precedent: nginx's lingering_time, 30 s.
END_TIMEOUT_S = 30.0


#: What a Connection writes to: a socket of this server, or a response that another server frames.
ReaderStream = IOStream | FramedStream


@dataclass(slots=True)
class Visit:
    """What the server noted about one stream: the client's last event ID, and why it ended ("" while it is open).

    `agent` is the client's User-Agent, `opened_s` a monotonic time, `number` counts all visits of this process.
    """

    last_event_id: str
    left: str = ""
    agent: str = field(default="", repr=False)
    opened_s: float = field(default_factory=time.monotonic, repr=False, compare=False)
    number: int = field(default_factory=itertools.count(1).__next__, repr=False, compare=False)


class Delivery(NamedTuple):
    """The record of one event's delivery: its id, how many readers it was written to, and how long the write took.

    Events that were published at the same moment share one write, and `took_s` is the time of that write.
    """

    id: str
    readers: int
    took_s: float


class Connection:
    """One client's stream, taken over from tornado after the head was sent. Call every method on the server's loop.

    At most `room_bytes`, or one event that is larger, wait in this process for a slow reader, and SEND_BUFFER_BYTES in
    the kernel. A reader that falls further behind is disconnected: it comes back with its Last-Event-ID and resumes.

    Args:
        stream: the connection, whose head was sent.
        chunked: whether the response is chunked; then the caller frames what it sends.
        room_bytes: how much may wait in this process.
        visit: where the reason of the end is noted.
        on_close: called once, when the connection is closed.
    """

    __slots__ = ("_ended", "_on_close", "_room_bytes", "_socket", "_stream", "_timer", "chunked", "visit")

    def __init__(
        self,
        stream: ReaderStream,
        chunked: bool,
        room_bytes: int,
        visit: Visit,
        on_close: Callable[[Connection], object],
    ) -> None:
        stream.max_write_buffer_size = self._room_bytes = room_bytes
        self._stream = stream
        self._socket = stream.socket if type(stream) is IOStream else None  # TLS has records of its own to write
        self._on_close: Callable[[Connection], object] | None = on_close
        self._timer: object | None = None
        self._ended = False
        self.chunked = chunked
        self.visit = visit
        bound_send_buffer(stream)
        stream.set_close_callback(self._handle_close)

    def send(self, data: bytes) -> None:
        """Sends bytes that the caller has framed where the response is chunked. Never waits, never raises."""
        if self._ended:
            return
        stream = self._stream
        if self._socket is not None and not stream.writing():
            # The kernel nearly always takes it all, and this is a quarter of the cost of stream.write().
            try:
                sent_bytes = self._socket.send(data)
            except BlockingIOError:
                sent_bytes = 0
            except OSError:
                self.cut("connection lost")
                return
            if sent_bytes == len(data):
                return
            data = data[sent_bytes:]
            # Nothing waited before: a reader is not slow because one event is larger than the room.
            stream.max_write_buffer_size = max(self._room_bytes, len(data))
        try:
            # The future is for those who wait. It would complain of a lost connection, which _handle_close has noted.
            stream.write(data).add_done_callback(lambda future: future.exception())
        except StreamBufferFullError:
            self.cut("too slow: its buffer was full")
        except StreamClosedError:
            self.cut("connection lost")

    async def drain(self) -> None:
        """Returns when the kernel has taken everything: this is the pace of the reader.

        A reader that takes nothing for STALL_TIMEOUT_S is disconnected.
        """
        if not self._stream.writing():
            await asyncio.sleep(0)  # a source without a pause of its own must not stop the world
        elif not await taken(self._stream):
            self.cut("too slow: it read nothing for so long")

    def end(self, why: str) -> None:
        """Ends the response as HTTP does, after everything that still waits was sent. `why` goes into the visit."""
        self.visit.left = self.visit.left or why
        if self.chunked:
            self.send(LAST_CHUNK)
        if self._ended:
            return
        self._ended = True
        if isinstance(self._stream, FramedStream):
            self._stream.finish()
        if self._stream.writing():
            self._stream.write(b"").add_done_callback(lambda _: self._close())
            self._call_later(END_TIMEOUT_S, self._close)
        else:
            self._close()

    def cut(self, why: str, reset: bool = False) -> None:
        """Breaks the connection in mid-response; with `reset`, by a TCP RST. `why` goes into the visit."""
        self.visit.left = self.visit.left or why
        if reset and self._stream.socket is not None:
            reset_on_close(self._stream.socket)
            self._stream.close()
        else:
            self._close()

    def _close(self) -> None:
        shut_down(self._stream.socket)
        self._stream.close()

    def abandon(self) -> None:
        """Breaks the connection of a loop that stands still. Call it on any other thread."""
        self.visit.left = self.visit.left or "server given up"
        shut_down(self._stream.socket)

    def end_after(self, seconds: float, why: str) -> None:
        """Ends the response after so many seconds."""
        self._call_later(seconds, self.end, why)

    def _call_later(self, seconds: float, action: Callable[..., object], *args: object) -> None:
        if self._timer is not None:
            IOLoop.current().remove_timeout(self._timer)
        self._timer = IOLoop.current().call_later(seconds, action, *args)

    @property
    def waiting_bytes(self) -> int:
        """How many bytes this process holds for the client because the kernel would not take them."""
        return waiting_in(self._stream)

    def _handle_close(self) -> None:
        self.visit.left = self.visit.left or "client left"
        if self._timer is not None:
            IOLoop.current().remove_timeout(self._timer)
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close(self)


def waiting_in(stream: ReaderStream) -> int:
    """How many bytes of the stream wait in this process."""
    if isinstance(stream, FramedStream):
        return stream.waiting_bytes
    return len(stream._write_buffer or b"")  # None once it is closed


async def taken(stream: ReaderStream) -> bool:
    """Returns when the kernel has taken everything that was written to the stream, or the stream is closed.

    False if it takes nothing for STALL_TIMEOUT_S: then the caller closes it.
    """
    written = asyncio.ensure_future(stream.write(b""))
    written.add_done_callback(lambda future: future.cancelled() or future.exception())
    left_bytes = -1
    while left_bytes != (left_bytes := waiting_in(stream)):
        await asyncio.wait([written], timeout=STALL_TIMEOUT_S)
        if written.done():
            return True
    return False


def bound_send_buffer(stream: ReaderStream) -> None:
    """Gives the kernel a fixed part of what may wait for a reader. See SEND_BUFFER_BYTES."""
    if stream.socket is not None:  # it is None where the client has left already
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def in_one_piece(frames: list[bytes], room_bytes: int) -> list[bytes]:
    """In one piece, for one system call; one by one where that would be more than may wait for a reader."""
    data = b"".join(frames)
    return [data] if frames and len(data) <= room_bytes else frames
