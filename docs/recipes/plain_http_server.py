"""Server-sent events with the standard library alone. Run it: TOKEN=sesame python docs/recipes/plain_http_server.py

For a tool on your own machine. Each reader costs a thread, and one that has left is noticed at the next event or
heartbeat, since nobody reads from its socket meanwhile. A reader that takes nothing for 30 s is cut.
"""

import hmac
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "15"))  # many proxies end what is silent for 60 s
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be
# no-transform: a proxy must not compress it, since compressors hold events back. X-Accel-Buffering is for nginx.
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class History:
    """The newest events, for all readers together. A slow reader has no queue of its own, only a place in here."""

    def __init__(self) -> None:
        self.blocks: deque[bytes] = deque(maxlen=KEPT_EVENTS)
        self.newest = time.time_ns() // 1000  # so every id from before a restart is older than what is kept
        self.over = self.stopping = False
        self.changed = threading.Condition()

    def publish(self, data: str, event: str) -> None:
        kind = f"event: {event}\n" if event else ""
        lines = "".join(f"data: {line}\n" for line in re.split("\r\n|\r|\n", data))
        with self.changed:
            self.newest, self.over = self.newest + 1, event == "done"
            self.blocks.append(f"id: {self.newest}\n{kind}{lines}\n".encode())
            self.changed.notify_all()

    def stop(self) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify_all()

    def place_of(self, last_event_id: str) -> int:
        """The number of the newest event that this reader has; 0 for an id that cannot be ours."""
        known = int(last_event_id) if re.fullmatch("[0-9]{1,18}", last_event_id) else 0
        return known if last_event_id else self.newest

    def follow(self, place: int) -> Iterator[bytes]:
        yield f"id: {place}\nretry: 2000\n\n".encode()  # who is cut before its first event comes back to here
        while not self.stopping:
            block = b": still here\n\n"
            with self.changed:  # let go before the block is sent: a slow reader keeps nobody waiting
                if place == self.newest and not (self.over or self.stopping):
                    self.changed.wait(HEARTBEAT_S)
                oldest = self.newest - len(self.blocks)
                if not oldest <= place <= self.newest:  # a strange id, or a reader too slow for what is kept
                    place = oldest
                    block = f"id: {place}\nevent: gap\ndata: events were missed that are no longer kept\n\n".encode()
                elif place < self.newest:
                    place += 1
                    block = self.blocks[place - oldest - 1]
                elif self.over:
                    return  # the planned end
            yield block


class Handler(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 30  # with 1.0 there are no chunks, and a cut looks like an end

    def do_GET(self) -> None:
        parts, cookie = urlsplit(self.path), SimpleCookie(self.headers.get("Cookie", "")).get("session")
        last_event_id = self.headers.get("Last-Event-ID") or parse_qs(parts.query).get("lastEventId", [""])[0]
        place = history.place_of(last_event_id)
        if parts.path != "/events":
            self.answer(404)
        elif not self.knows(self.bearer() or (cookie.value if cookie else "")):  # EventSource sends no header of ours
            self.answer(401, {"WWW-Authenticate": "Bearer", "Content-Length": "0"})
        elif history.over and place == history.newest:
            self.answer(204, {})  # the one answer in good order after which EventSource stays away
        else:
            self.answer(200, {**HEADERS, "Transfer-Encoding": "chunked"})
            self.stream(place)

    def stream(self, place: int) -> None:
        try:
            for block in history.follow(place):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))  # the thread waits here for a slow reader
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # the reader has left, or takes nothing
            self.close_connection = True

    def do_POST(self) -> None:
        parts, length = urlsplit(self.path), self.headers.get("Content-Length", "")
        event = parse_qs(parts.query).get("event", [""])[0]
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MAX_BYTES:
            self.close_connection = True  # its body stays unread
            return self.answer(413)
        data = self.rfile.read(int(length)).decode("utf-8", "replace")
        if parts.path != "/publish" or not re.fullmatch("[a-z]{0,40}", event):  # a line end would write own fields
            return self.answer(404)
        if not self.knows(self.bearer()):  # no cookie: a foreign form may bring it
            return self.answer(401)
        history.publish(data, event)
        return self.answer(202)

    def bearer(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), TOKEN.encode())

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} if headers is None else headers).items():
            self.send_header(name, value)
        self.end_headers()


history = History()
if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 128  # with 5, its own choice, a crowd that comes back waits for seconds
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)  # daemon threads: a stuck one keeps nobody here
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    history.stop()
    time.sleep(0.3)  # in which the streams send their ends
