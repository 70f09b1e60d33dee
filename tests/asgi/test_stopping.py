"""Servers of others that are told to stop while streams are open, as on a deploy."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

from labkit.system.child import Child
from labkit.system.sockets import reserved_port

from ..helpers import DEADLINE_S, request

pytestmark = pytest.mark.live

APP = """
import signal
from labkit.asgi import asgi_app
from labkit.server import Channel
app = asgi_app(Channel(), ends_on=[signal.SIGTERM])
"""
COMMANDS = {
    "uvicorn": ("-m", "uvicorn", "streams:app", "--port"),
    "hypercorn": ("-m", "hypercorn", "streams:app", "--bind"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGTERM")
@pytest.mark.parametrize("server", COMMANDS)
def test_a_server_that_is_told_to_stop_ends_its_streams_and_then_itself(server: str, tmp_path: Path) -> None:
    """A whole server starts: uvicorn as people start it waits for open streams without a limit."""
    (tmp_path / "streams.py").write_text(APP, "utf-8")

    async def main(port: int, child: Child) -> None:
        await _listening(port, child)
        async with request(f"http://127.0.0.1:{port}/") as reply:
            await reply.opening()
            stopping = asyncio.create_task(asyncio.to_thread(child.stop))
            assert await reply.chunk() == b"", "the response is whole, and not cut"
            await stopping

    with reserved_port() as port:
        where = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
        environment = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
        command = [sys.executable, *COMMANDS[server], where]
        with Child(command, environment=environment, patience_s=DEADLINE_S / 2) as child:
            asyncio.run(main(port, child))


async def _listening(port: int, child: Child) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            assert child.running
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
