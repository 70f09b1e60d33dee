"""A response whose framing, and whose socket, belong to another server than tornado's."""

from __future__ import annotations

import abc
import asyncio
from collections.abc import Callable


class FramedStream(abc.ABC):
    """What a Connection writes to where there is no socket of ours: the part of an IOStream that it needs.

    It has no `socket`. Who owns it frames the response (chunks, HTTP/2), so it must be told by finish() that the
    response is whole; close() without it breaks the response off.
    """

    socket = None
    max_write_buffer_size: int | None = None

    @property
    @abc.abstractmethod
    def waiting_bytes(self) -> int:
        """How many bytes were not handed on yet."""

    @abc.abstractmethod
    def writing(self) -> bool:
        """Whether something was not handed on yet."""

    @abc.abstractmethod
    def write(self, data: bytes) -> asyncio.Future[None]:
        """Hands on the bytes, as soon as they are taken; the future is done then.

        Raises:
            StreamBufferFullError: something waits, and with this it would be more than max_write_buffer_size.
            StreamClosedError: it is closed.
        """

    @abc.abstractmethod
    def finish(self) -> None:
        """The response is whole: nothing is written any more."""

    @abc.abstractmethod
    def close(self) -> None:
        """Lets go of the client; what waits is thrown away."""

    @abc.abstractmethod
    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Calls this once, when the client has left or the stream was closed."""
