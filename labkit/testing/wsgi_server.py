"""A WSGI app, served by the standard library with a thread for each request.

Its own wsgiref speaks HTTP/1.0, where only the end of a connection says that an answer is whole. Here each piece is
sent as a chunk of HTTP/1.1, as every server in production does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from labkit.testing.open_requests import OpenRequests
from labkit.wire.chunked import LAST_CHUNK, chunk

POLL_S = 0.05


class WsgiServer:
    """A server of one WSGI app on a free port of 127.0.0.1."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.open_requests = OpenRequests()
        self._server = _ThreadingServer(("127.0.0.1", 0), _Requests)
        self._server.set_app(app)
        self._server.open_requests = self.open_requests
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="labkit server of the app under test", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Takes no further request. An answer that is being written ends at its next piece."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    open_requests: OpenRequests

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # not HTTPServer's, which asks the DNS for this machine's name
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.setup_environ()


class _Requests(WSGIRequestHandler):
    server: _ThreadingServer
    disable_nagle_algorithm = True  # a head in several pieces would wait for the client's delayed ACK

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536 or not self.parse_request():
            return
        handler = _ChunkedHandler(self.rfile, self.wfile, self.get_stderr(), self.get_environ(), multithread=True)  # type: ignore[arg-type]
        handler.request_handler = self
        with self.server.open_requests.one_more(), contextlib.suppress(OSError):
            handler.run(self.server.get_app())  # type: ignore[arg-type]

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the suite's output is for its tests."""


class _ChunkedHandler(ServerHandler):
    http_version = "1.1"
    request_handler: Any
    headers: Any
    environ: Any
    status: Any
    _chunked = False

    def cleanup_headers(self) -> None:
        super().cleanup_headers()
        self.headers["Connection"] = "close"
        bodiless = self.environ["REQUEST_METHOD"] == "HEAD" or str(self.status).startswith(("204", "304"))
        if "Content-Length" not in self.headers and not bodiless and self.environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            self.headers["Transfer-Encoding"] = "chunked"

    def send_headers(self) -> None:
        super().send_headers()
        self._chunked = "Transfer-Encoding" in self.headers

    def _write(self, data: bytes) -> None:
        super()._write(chunk(data) if self._chunked and data else data)

    def finish_content(self) -> None:
        super().finish_content()
        if self._chunked:
            self._chunked = False
            self._write(LAST_CHUNK)
