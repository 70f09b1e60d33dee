"""A server that writes an access log, as many servers do unless told otherwise."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator

from tornado.httpserver import HTTPServer
from tornado.log import access_log
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


@contextlib.asynccontextmanager
async def logging_server(handler: type[RequestHandler]) -> AsyncIterator[tuple[str, list[str]]]:
    """The URL of a tornado server at its defaults, and the lines of its access log, which grow as it answers."""
    lines: list[str] = []
    writer = _Lines(lines)
    level, passes_on = access_log.level, access_log.propagate
    access_log.addHandler(writer)
    access_log.setLevel(logging.INFO)
    access_log.propagate = False  # nothing of it belongs into the notebook's output
    (listener,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/events", handler)]))
    server.add_socket(listener)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/events", lines
    finally:
        server.stop()
        await server.close_all_connections()
        access_log.removeHandler(writer)
        access_log.setLevel(level)
        access_log.propagate = passes_on


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
