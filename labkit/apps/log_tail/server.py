"""Sends the lines of a log file to each page, as they are written."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.log_tail.filters import read_filter
from labkit.apps.log_tail.follower import LogFile, file_in
from labkit.apps.log_tail.writer import DemoWriter
from labkit.apps.requests import ActionHandler, Values
from labkit.errors import LabError
from labkit.server.handlers import SourceHandler
from labkit.wire import Frame

LOOK_S = 0.1


class LogTail:
    """The app: `writer` writes a log into the folder, and each stream reads it for itself."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.writer = folder, DemoWriter(folder / "demo.log")
        self.work = self.writer.work
        self.routes = {
            "/lines": (_Lines, {"folder": folder}),
            "/act": (ActionHandler, {"act": self.writer.act}),
            "/check": (ActionHandler, {"act": self.check}),
        }

    # An EventSource cannot read the sentence of a 400. So the page asks first, and keeps its old stream until then.
    def check(self, values: Values) -> None:
        """Says what is wrong with the name of a file, or with a filter."""
        LogFile(file_in(self.folder, str(values.get("file"))), read_filter(str(values.get("filter"))))


class _Lines(SourceHandler):
    def initialize(self, folder: Path) -> None:  # type: ignore[override]
        super().initialize(self.frames)
        self.folder = folder

    def prepare(self) -> None:
        try:
            path = file_in(self.folder, self.get_query_argument("file", "demo.log"))
            self.log = LogFile(path, read_filter(self.get_query_argument("filter", "")))
        except LabError as problem:
            self.set_status(400)
            self.finish(str(problem))

    # It goes on at the reader's pace: what a slow reader has not read waits in the file, and not in our memory.
    async def frames(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        # An id is a place in the file: a reader goes on exactly there, after a rotation and after our restart too.
        place = last_event_id or self.log.start()
        yield Frame(comment="the stream is open", id=place or None, retry_ms=1000)
        for look in itertools.count(1):
            piece = await asyncio.to_thread(self.log.read, place)
            # What a reader will not get is said: lines that were skipped, a file that was emptied, or is not there.
            if piece.notice:
                yield Frame(event="notice", data=json.dumps(piece.notice), id=piece.place or None)
            for line_end, line in piece.lines:
                yield Frame(event="line", data=json.dumps(line), id=line_end)
            # Each 15 s, for a proxy ends what is silent. Its id moves on where the filter lets nothing pass.
            if look % 150 == 0:
                yield Frame(comment="heartbeat", id=piece.place or None)
            if place == piece.place:
                await asyncio.sleep(LOOK_S)
            place = piece.place
