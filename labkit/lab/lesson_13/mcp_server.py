"""A server of MCP's official Python package `mcp`, with a tool that reports its progress: `uv sync --extra agents`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.types import JSONRPCMessage

from labkit.clock import wait_until
from labkit.system.background import Background

START_S = 20.0
#: Before the first id: all ids of a server are equally long, so that all answers are.
FIRST = 1000
#: What the server puts into `retry`, in milliseconds: its clients come back so soon.
RETRY_MS = 5


class KeptMessages(EventStore):
    """What resuming needs of a server: every message, in order, under the number that is its event's id."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """The id of the event; the priming event has no message."""
        self._kept.append((stream_id, message))
        return str(FIRST + len(self._kept))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Sends what the same stream had after this event."""
        place = int(last_event_id) - FIRST if last_event_id.isascii() and last_event_id.isdigit() else 0
        if not 0 < place <= len(self._kept):
            return None
        stream_id = self._kept[place - 1][0]
        while place < len(self._kept):  # counted anew each time: more comes while this is sent
            of_stream, message = self._kept[place]
            place += 1
            if of_stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(FIRST + place)))
        return stream_id


@dataclass(slots=True)
class ToolRun:
    """One run of the tool: how many steps it has done, and how it ended ("" while it runs)."""

    steps: int = 0
    ended: str = ""


@dataclass(slots=True)
class ToolServer:
    """A running MCP server: its endpoint, and each run of its tool, in order."""

    url: str
    runs: list[ToolRun] = field(default_factory=list)


@contextlib.asynccontextmanager
async def tool_server(pause_s: float = 0.0) -> AsyncIterator[ToolServer]:
    """An MCP server on a free port of this machine, with the tool `work(steps)`, which reports each step.

    It speaks every revision that the package knows: up to 2025-11-25 with sessions, and with a store of its events;
    2026-07-28 without. A step takes `pause_s`.

    Raises:
        TimeoutError: it did not start.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    running = ToolServer(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp")
    app = _server(running, pause_s).streamable_http_app(event_store=KeptMessages(), retry_interval=RETRY_MS)
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    background = Background("MCP server")  # the kernel's own loop belongs to the cells, and uvicorn to no signal
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # a cut is no news here
    serving = background.submit(server.serve(sockets=[listener]))
    try:
        if not await wait_until(lambda: server.started, START_S):
            raise TimeoutError(f"uvicorn did not start within {START_S:g} s")
        yield running
    finally:
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(serving), START_S)
        await asyncio.to_thread(background.end)


def _server(running: ToolServer, pause_s: float) -> MCPServer:
    server = MCPServer("the lab's tool", log_level="CRITICAL")

    @server.tool()
    async def work(steps: int, context: Context[None]) -> str:
        run = ToolRun()
        running.runs.append(run)
        try:
            for number in range(1, steps + 1):
                await asyncio.sleep(pause_s)
                run.steps = number
                await context.report_progress(number, steps)
        except asyncio.CancelledError:
            run.ended = "cancelled"
            raise
        run.ended = "done"
        return "all done"

    return server
