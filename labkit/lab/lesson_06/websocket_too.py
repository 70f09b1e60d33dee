"""A WebSocket and an event stream through the same proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from tornado.httpclient import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, websocket_connect

from labkit.client import watch
from labkit.errors import counted
from labkit.proxy import Nginx, front
from labkit.server import serve
from labkit.wire import Frame


class TickingSocket(WebSocketHandler):
    """Sends three messages."""

    def open(self) -> None:
        for number in (1, 2, 3):
            self.write_message(str(number))


async def three(last_event_id: str) -> AsyncGenerator[Frame, None]:
    """Sends three events."""
    for number in (1, 2, 3):
        yield Frame(data=str(number), id=str(number))
        await asyncio.sleep(0.1)


async def both_through(setup: Nginx | None) -> tuple[str, str]:
    """What becomes of a WebSocket and of an event stream behind this proxy; None: directly. A sentence each.

    Raises:
        LabError: there is no nginx here, and the lab's relay cannot do what is asked.
    """
    async with serve({"/ws": TickingSocket, "/events": three}) as server:
        if setup is None:
            return await _websocket(server.base_url), await _stream(server.base_url)
        with await asyncio.to_thread(front, server.base_url, setup) as proxy:
            return await _websocket(proxy.url.rstrip("/")), await _stream(proxy.url.rstrip("/"))


async def _websocket(base_url: str) -> str:
    try:
        async with asyncio.timeout(5):
            connection = await websocket_connect(base_url.replace("http", "ws", 1) + "/ws")
            messages = [await connection.read_message() for _ in range(3)]
            connection.close()
    except HTTPError as problem:
        return f"refused: {problem}"
    except (OSError, TimeoutError, WebSocketClosedError) as problem:
        return f"broken: {type(problem).__name__}"
    return counted(sum(message is not None for message in messages), "message")


async def _stream(base_url: str) -> str:
    recording = await watch(base_url + "/events", 5.0)
    return counted(len(recording.events), "event") if recording.status == 200 else f"refused: {recording.status}"
