"""One request on its way to the origin, through the faults of that direction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import h11

from labkit.errors import LabError
from labkit.faults.fault import MAX_HELD_BYTES, Action, Chain, Close
from labkit.proxy.http1 import MessageReader, request_to_origin


class RequestCut(LabError):
    """A fault has cut the request."""

    def __init__(self) -> None:
        super().__init__("a fault cut the request")


class Question:
    """Passes a request on, piece by piece as it comes: the relay never holds a whole body.

    Args:
        client: what the client sends; `client_writer` leads back to it.
        origin: the connection to the origin; `origin_writer` leads there.
        line: the machines of the faults on this direction.
    """

    def __init__(
        self,
        client: MessageReader,
        client_writer: asyncio.StreamWriter,
        origin: MessageReader,
        origin_writer: asyncio.StreamWriter,
        line: Chain,
    ) -> None:
        self._client, self._client_writer = client, client_writer
        self._origin, self._origin_writer = origin, origin_writer
        self._line = line
        self._clock = asyncio.get_running_loop().time

    async def pass_on(self, request: h11.Request, host: str) -> None:
        """Returns when the client has left, long after the whole request was passed on.

        Raises:
            RequestCut: a fault has cut it.
            h11.RemoteProtocolError: the client left in the middle of its request, or what it sent is not HTTP.
            OSError: one of the two connections broke.
        """
        await self._send(request_to_origin(request, host))
        while True:
            event = await self._next()
            if not isinstance(event, h11.Data | h11.EndOfMessage):
                raise h11.RemoteProtocolError("the request has no end")
            await self._send(h11.Data(event.data) if isinstance(event, h11.Data) else h11.EndOfMessage())
            if isinstance(event, h11.EndOfMessage):
                break
        while (due_s := self._line.next_wake()) is not None:
            await self._wake_at(due_s)
        await self._client.left()

    async def _next(self) -> object:
        """The next part of the request; the machines are woken meanwhile."""
        coming = asyncio.ensure_future(self._client.next(self._client_writer))
        try:
            while True:
                due_s = self._line.next_wake()
                done, _ = await asyncio.wait(
                    [coming], timeout=None if due_s is None else max(0.0, due_s - self._clock())
                )
                if done:
                    return coming.result()
                await self._write(self._line.wake(self._clock()))
        finally:
            coming.cancel()

    async def _send(self, event: h11.Event) -> None:
        if data := self._origin.state.send(event):
            await self._write(self._line.feed(self._clock(), data))
        while self._line.held_bytes > MAX_HELD_BYTES:  # nothing more is read: the client has to wait
            due_s = self._line.next_wake()
            if due_s is None:  # for ever, so that only its leaving is of interest
                await self._client.left()
                raise h11.RemoteProtocolError("the client left a request that a fault holds")
            await self._wake_at(due_s)

    async def _wake_at(self, due_s: float) -> None:
        await asyncio.sleep(max(0.0, due_s - self._clock()))
        await self._write(self._line.wake(self._clock()))

    async def _write(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Close):
                raise RequestCut
            self._origin_writer.write(action.data)
            await self._origin_writer.drain()
