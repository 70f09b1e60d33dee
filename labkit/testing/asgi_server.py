"""An ASGI app, served by uvicorn or hypercorn on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from labkit.errors import LabError
from labkit.system.background import Background
from labkit.testing.open_requests import OpenRequests

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Program = Callable[["AsgiServer", socket.socket], Coroutine[Any, Any, None]]

START_S = 10.0
STOP_S = 5.0
GRACE_S = 1  # answers that do not end by themselves are cancelled after so long


class AsgiServer:
    """A server of one ASGI app on a free port of 127.0.0.1. Its lifespan has begun when this returns.

    Raises:
        LabError: neither uvicorn nor hypercorn is installed, or the app's startup failed.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        program = _program()
        self.open_requests = OpenRequests()
        self._app = app
        self._told = threading.Event()  # that the startup is over, well or not
        self._startup_problem = ""
        self.stopping = asyncio.Event()
        self._background: Background | None = Background("server of the app under test")
        listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._serving = self._background.submit(program(self, listener))
        self._serving.add_done_callback(lambda future: self._told.set())
        in_time = self._told.wait(START_S)
        if self._startup_problem or self._serving.done() or not in_time:
            self.stop()
            listener.close()
            raise LabError(f"the app did not start: {self._why_not_started()}")

    def _why_not_started(self) -> str:
        if self._startup_problem:
            return self._startup_problem
        problem = self._serving.exception() if self._serving.done() and not self._serving.cancelled() else None
        return f"{problem!r}" if problem is not None else f"its startup took more than {START_S:g} s"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The app, with its requests counted and its startup heard."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        with self.open_requests.one_more():
            await self._app(scope, receive, send)

    async def _live(self, scope: Message, receive: Receive, send: Send) -> None:
        async def listen(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                lines = str(message.get("message", "")).strip().splitlines()
                self._startup_problem = lines[-1] if lines else "it says no reason"
            await send(message)
            self._told.set()

        try:
            await self._app(scope, receive, listen)
        finally:
            self._told.set()  # also where an app knows no lifespan

    def stop(self) -> None:
        """Stops the server, the app's shutdown included. What does not answer is left to itself."""
        background, self._background = self._background, None
        if background is None:
            return

        async def ask() -> None:
            self.stopping.set()

        background.submit(ask())
        with contextlib.suppress(BaseException):  # it failed before, and that was said
            self._serving.exception(STOP_S)
        if self._serving.done():
            background.end()
        else:
            background.abandon()


def _program() -> Program:
    for name, program in (("uvicorn", _run_uvicorn), ("hypercorn", _run_hypercorn)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
            return program
    raise LabError("nothing is installed that serves an ASGI app. Install one: pip install uvicorn (or hypercorn)")


async def _run_uvicorn(app: AsgiServer, listener: socket.socket) -> None:
    import uvicorn

    # Its logging is left as the suite has set it.
    config = uvicorn.Config(
        app, lifespan="auto", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=GRACE_S
    )
    server = uvicorn.Server(config)

    async def watch() -> None:
        await app.stopping.wait()
        server.should_exit = True

    watching = asyncio.ensure_future(watch())
    try:
        await server.serve(sockets=[listener])
    except SystemExit as problem:  # how uvicorn says that the startup failed: it would end the thread
        raise RuntimeError("its startup failed") from problem
    finally:
        watching.cancel()


async def _run_hypercorn(app: AsgiServer, listener: socket.socket) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout, config.shutdown_timeout = GRACE_S, GRACE_S
    config.errorlog = None
    await serve(app, config, shutdown_trigger=app.stopping.wait, mode="asgi")  # type: ignore[arg-type]
