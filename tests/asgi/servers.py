"""The ASGI servers that people use, run on the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from types import SimpleNamespace
from typing import Any

from labkit.asgi import asgi_app

App = Callable[..., Awaitable[None]]
SERVERS = ["uvicorn", "hypercorn"]


@contextlib.asynccontextmanager
async def running(app: App, server: str = "uvicorn") -> AsyncIterator[str]:
    """The URL of the app under this server, which has no lifespan of its own where the app has none."""
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.ensure_future({"uvicorn": _uvicorn, "hypercorn": _hypercorn}[server](app, listener))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.get(listener.fileno(), lambda: None)()
        await asyncio.wait_for(serving, 10)
        listener.close()


stop: dict[int, Callable[[], None]] = {}


async def _uvicorn(app: App, listener: socket.socket) -> None:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0))  # type: ignore[arg-type]

    def leave() -> None:
        server.should_exit = True

    stop[listener.fileno()] = leave
    await server.serve([listener])


async def _hypercorn(app: App, listener: socket.socket) -> None:
    import hypercorn.asyncio
    from hypercorn.config import Config

    config, leaving = Config(), asyncio.Event()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]  # it closes what it is given
    config.errorlog, config.graceful_timeout, config.keep_alive_timeout = None, 0.05, 60
    stop[listener.fileno()] = leaving.set
    await hypercorn.asyncio.serve(app, config, shutdown_trigger=leaving.wait)  # type: ignore[arg-type]


def served_by(server: str) -> Callable[..., Any]:
    """What stands in the place of labkit.server.serve in a test that was written for tornado."""

    @contextlib.asynccontextmanager
    async def serve(routes: Any, hosts: Collection[str] = ()) -> AsyncIterator[SimpleNamespace]:
        app = asgi_app(routes if isinstance(routes, dict) else {"/events": routes}, hosts)
        async with running(app, server) as base_url:
            url = base_url + next(iter(app.site.routes))
            yield SimpleNamespace(url=url, base_url=base_url, port=int(base_url.rpartition(":")[2]), site=app.site)

    return serve
