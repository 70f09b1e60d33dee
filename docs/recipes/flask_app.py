"""Server-sent events with Flask and gunicorn's threads. Run it: TOKEN=sesame python docs/recipes/flask_app.py

Needs: pip install flask gunicorn. Each reader holds a thread: the hundred-and-first waits without a word. One that has
left is noticed at the next event or heartbeat. gunicorn's own choice, without --threads, is one reader for each worker.
"""

import hmac
import os
import re
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from flask import Flask, Response, abort, request

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "15"))  # many proxies end what is silent for 60 s
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be
# no-transform: a proxy must not compress it, since compressors hold events back. The last one is for nginx.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


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


app, history = Flask(__name__), History()
app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES


def check(token: str) -> None:
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        abort(Response(status=401, headers={"WWW-Authenticate": "Bearer"}))


@app.get("/events")
def events() -> Response:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    check(bearer or request.cookies.get("session", ""))  # EventSource sends cookies, and no header of ours
    place = history.place_of(request.headers.get("Last-Event-ID") or request.args.get("lastEventId", ""))
    if history.over and place == history.newest:
        return Response(status=204)  # the one answer in good order after which EventSource stays away
    return Response(history.follow(place), content_type="text/event-stream", headers=HEADERS)


@app.post("/publish")
def publish() -> Response:
    check(request.headers.get("Authorization", "").removeprefix("Bearer "))  # no cookie: a foreign form may bring it
    event, data = request.args.get("event", ""), request.get_data(as_text=True)
    if not re.fullmatch("[a-z]{0,40}", event):  # a line end in here would write fields of its own
        abort(400)
    history.publish(data, event)
    return Response(status=202)


if __name__ == "__main__":  # gunicorn has one worker then: the history lives in its memory
    here = str(Path(__file__).parent)
    options = ["--bind", f"127.0.0.1:{PORT}", "--threads", "100", "--graceful-timeout", "1", "--chdir", here]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options, "flask_app:app"])
# gunicorn waits for open streams, and tells the app nothing. It set its own handler before it loaded this file.
stop_worker = signal.getsignal(signal.SIGTERM)


def end_streams(number: int, frame: FrameType | None) -> None:
    history.stop()
    if callable(stop_worker):
        stop_worker(number, frame)


signal.signal(signal.SIGTERM, end_streams)
