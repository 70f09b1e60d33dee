"""An answer that types itself, from a server as tutorials write it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from labkit.server.handlers import allow_loopback


def typing_handler(words: Sequence[str], every_s: float = 0.1, **headers: str) -> type[RequestHandler]:
    """A handler that streams the words one by one, as JSON with the time, and ends with [DONE].

    `headers` are added to the answer's, with _ for -: X_Accel_Buffering="no".
    """

    class Typing(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            for name, value in headers.items():
                self.set_header(name.replace("_", "-"), value)
            allow_loopback(self)
            try:
                for word in words:
                    self.write(f"data: {json.dumps({'word': word, 'sent': round(time.time(), 4)})}\n\n")
                    await self.flush()
                    await asyncio.sleep(every_s)
                self.write("data: [DONE]\n\n")
            except StreamClosedError:
                pass  # the reader has left

        def options(self) -> None:
            allow_loopback(self)
            self.set_status(204)

    return Typing
