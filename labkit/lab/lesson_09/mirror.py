"""A server that tells each client what it heard from it."""

from __future__ import annotations

import json
from typing import Any

from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from labkit.server import StreamHandler
from labkit.server.handlers import allow_loopback
from labkit.wire import Frame, encode

_HEARD = "heard"


class Mirror(StreamHandler):
    """Answers GET and POST with one event, and ends: a JSON object with `method`, `headers` (their names in lower
    case), `body`, and `times`, which counts the requests for this very URL."""

    async def get(self) -> None:
        self.write(encode(Frame(data=json.dumps(_note(self)), retry_ms=200)))

    async def post(self) -> None:
        await self.get()


class SocketMirror(WebSocketHandler):
    """The same for a WebSocket: one message, as soon as it is open."""

    def check_origin(self, origin: str) -> bool:
        return True  # a server on loopback, for an experiment

    def open(self, *args: str) -> None:
        self.write_message(json.dumps(_note(self)))


class RequestList(RequestHandler):
    """All that the mirrors of this server heard, in order: for what a page was not allowed to read."""

    def get(self) -> None:
        allow_loopback(self)
        self.finish(json.dumps(self.application.settings.get(_HEARD, [])))


def _note(handler: RequestHandler) -> dict[str, Any]:
    request = handler.request
    heard = handler.application.settings.setdefault(_HEARD, [])
    noted = {
        "url": request.uri,
        "method": request.method,
        "headers": {name.lower(): value for name, value in request.headers.get_all()},
        "body": request.body.decode("utf-8", "replace"),
        "times": 1 + sum(other["url"] == request.uri for other in heard),
    }
    heard.append(noted)
    return noted
