"""A model's server that sends one stream of the table to whoever asks."""

from __future__ import annotations

from tornado.web import RequestHandler

from .streams import ModelStream


class Replay(RequestHandler):
    """Sends its stream, and cuts the connection where the stream says so."""

    def initialize(self, stream: ModelStream) -> None:
        self.stream = stream

    async def post(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.write(self.stream.body)
        await self.flush()
        if self.stream.broken:
            self.request.connection.stream.close()  # type: ignore[attr-defined]
