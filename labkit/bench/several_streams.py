"""Several streams of one client: how many connections do they take?"""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import AsyncExitStack

from labkit.bench.origin import origin
from labkit.client.httpx_client import new_client
from labkit.proxy import Nginx, find_nginx, nginx, pipe


async def several_streams(count: int = 8) -> dict[str, int] | None:
    """TCP connections that so many event streams of one client take, behind an nginx that encrypts; None where there is
    no nginx, or httpx cannot speak HTTP/2 (`uv sync --extra proxies` brings both)."""
    if find_nginx() is None or importlib.util.find_spec("h2") is None:
        return None
    return {"HTTP/1.1": await _connections(count, False), "HTTP/2": await _connections(count, True)}


async def _connections(count: int, http2: bool) -> int:
    async with origin() as server:
        with nginx(server.url, Nginx(to_origin="1.1", buffering=False, tls=True, http2=http2)) as proxy:
            async with pipe(proxy.url) as between, AsyncExitStack() as stack:
                client = await stack.enter_async_context(new_client(between.url, verify=False, http2=http2))
                streams = [
                    await stack.enter_async_context(client.stream("GET", f"{between.url}/events")) for _ in range(count)
                ]
                pieces = [stream.aiter_bytes() for stream in streams]
                await asyncio.gather(*(anext(stream) for stream in pieces))  # every one is open at the same time
                return between.connections
