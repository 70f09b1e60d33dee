"""The server of the measurements, in a process of its own: what it needs is its own, and no client is in its way."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from labkit.client.httpx_client import new_client
from labkit.errors import LabError
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

START_TIMEOUT_S = 60.0
START = (
    "import asyncio, sys; from labkit.bench_servers.origin_program import main; "
    "asyncio.run(main(*map(int, sys.argv[1:])))"
)


class ServerGone(LabError):
    """The server of the measurements does not answer."""


@dataclass(frozen=True)
class Origin:
    """A running server: its URL, and the port of its null transport."""

    url: str
    null_port: int

    async def play(self, events: int, per_s: float, size_bytes: int = 64, jitter: float = 0.0) -> None:
        """Begins to publish; each event comes up to `jitter` intervals late, by chance."""
        settings = {"events": events, "per_s": per_s, "size_bytes": size_bytes, "jitter": jitter}
        await self._ask("POST", "/play", json=settings)

    async def usage(self) -> dict[str, Any]:
        """{"cpu_s", "memory_bytes", "descriptors", "last"}: what its process uses, and the newest id."""
        answer: dict[str, Any] = (await self._ask("GET", "/usage")).json()
        return answer

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            async with new_client(self.url) as client:
                return await client.request(method, self.url + path, **request)
        except httpx.TransportError as problem:
            raise ServerGone(f"the server of the measurements is gone: {type(problem).__name__}") from None


@contextlib.asynccontextmanager
async def origin(start: str = START) -> AsyncIterator[Origin]:
    """A server in a process of its own, which ends with the block; `start` is the program.

    Raises:
        LabError: it did not start.
    """
    with (
        reserved_port() as port,
        reserved_port() as null_port,
        Child([sys.executable, "-c", start, str(port), str(null_port)]) as child,
    ):
        server = Origin(f"http://127.0.0.1:{port}", null_port)
        until_s = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(ServerGone):
                await server.usage()
                break
            if time.monotonic() > until_s or not child.running:
                raise LabError("the server of the measurements did not start. Is the machine very busy? Run it again")
            await asyncio.sleep(0.02)
        yield server
