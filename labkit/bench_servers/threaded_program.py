"""A server with a thread for each connection: what capacity looks like without an event loop."""

from __future__ import annotations

import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from labkit.bench_servers.payload import event
from labkit.system.usage import fill_free_memory, resource_usage
from labkit.wire import Frame, encode

START = "import sys; from labkit.bench_servers.threaded_program import main; main(int(sys.argv[1]))"


class _Handler(BaseHTTPRequestHandler):
    """The same paths as the other server, as far as the measurements need them."""

    readers: ClassVar[set[queue.SimpleQueue[bytes]]] = set()
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_GET(self) -> None:
        if self.path == "/usage":
            self._say(json.dumps({**resource_usage(), "last": ""}).encode())
            return
        mine: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        with self.lock:
            self.readers.add(mine)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while True:
                self.wfile.write(mine.get())
        except OSError:
            with self.lock:
                self.readers.discard(mine)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        threading.Thread(target=self._play, args=(request,), daemon=True).start()
        self._say(b"playing")

    def _play(self, request: dict[str, float]) -> None:
        began_s = time.monotonic()
        for number in range(int(request["events"])):
            time.sleep(max(0.0, began_s + number / request["per_s"] - time.monotonic()))
            data = encode(Frame(data=event(int(request["size_bytes"]))))
            with self.lock:
                for reader in self.readers:
                    reader.put(data)

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main(port: int) -> None:
    """Serves until the process is ended."""
    event(64)
    fill_free_memory()
    _Server(("127.0.0.1", port), _Handler).serve_forever()
