"""Sends the lines of a log file to each page, as `tail -f` does: what a tutorial writes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from pathlib import Path

from tornado.web import RequestHandler

from labkit.apps.log_tail.writer import DemoWriter
from labkit.apps.requests import ActionHandler

LOOK_S = 0.1


class NaiveLogTail:
    """The app: `writer` writes a log into the folder, and each stream reads it for itself."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.writer = folder, DemoWriter(folder / "demo.log")
        self.work = self.writer.work
        self.routes = {
            "/lines": (_Lines, {"folder": folder}),
            "/act": (ActionHandler, {"act": self.writer.act}),
        }


class _Lines(RequestHandler):
    def initialize(self, folder: Path) -> None:
        self.folder = folder

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.flush()
        log = (self.folder / self.get_query_argument("file", "demo.log")).open()
        wanted = re.compile(self.get_query_argument("filter", ""))
        log.seek(0, 2)
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                for line in log.readlines():
                    if wanted.search(line):
                        self.write(f"event: line\ndata: {json.dumps(line)}\n\n")
                self.flush()
                await asyncio.sleep(LOOK_S)
