"""Watch a response and write down what came when."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Mapping

from labkit.client import EventSource, ResponseRecorder, watch
from labkit.lab.raw_server import HEAD, Script, raw_server
from labkit.recording import Recording
from labkit.system.secrets import clean_environment

#: curl's exit code for it.
COULD_NOT_CONNECT = 7


async def record(
    url: str, seconds: float = 2.0, events: int | None = None, headers: Mapping[str, str] | None = None
) -> Recording:
    """What came within `seconds`, or until so many events were complete. The connection is closed then.

    Raises:
        httpx.TransportError: nothing answered.
    """

    def enough(watching: ResponseRecorder) -> bool:
        return events is not None and len(watching.recording.events) >= events

    return await watch(url, seconds, headers=headers, stop_when=enough)


async def send(*script: bytes | float, head: bytes = HEAD, pause_s: float = 0.02) -> Recording:
    """What arrives when a real server sends exactly these pieces, one write each; numbers are pauses in seconds."""
    return await record_script([step for piece in script for step in (piece, pause_s)], head)


async def record_script(script: Script, head: bytes = HEAD) -> Recording:
    """What arrives from a server that plays this script and closes."""
    async with raw_server(script, head=head) as url:
        return await record(url, seconds=10.0)


async def curl(url: str, seconds: float = 1.0, *options: str) -> str:
    """What `curl -sN URL` prints within `seconds`; `options` are put before the URL.

    Raises:
        ConnectionRefusedError: nothing serves there. (curl -s would say nothing at all.)
    """
    if shutil.which("curl") is None:
        return "curl is not installed here; `labkit listen --raw URL` shows the same bytes"
    command = ["curl", "-sN", "--max-time", f"{seconds:g}", *options, url]
    # In a thread, so that a server on this loop can answer meanwhile.
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, env=clean_environment())
    if done.returncode == COULD_NOT_CONNECT:
        raise ConnectionRefusedError(f"curl could not connect to {url}")
    return done.stdout.decode("utf-8", "replace")


async def collect(source: EventSource, into: list[str]) -> None:
    """Puts the data of each event into the list, to the end of the stream."""
    async for event in source:
        into.append(event.data)
