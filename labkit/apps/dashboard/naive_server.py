"""The dashboard's server as a tutorial writes it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.dashboard.machine import ThisMachine
from labkit.apps.requests import ActionHandler, Values
from labkit.server.site import Routes
from labkit.wire import Frame


class NaiveDashboard:
    """Samples this machine, once in `every_s` seconds, and tells those who are there at that moment."""

    every_s = 1.0

    def __init__(self, folder: Path) -> None:
        self.machine = ThisMachine()
        self.readers: set[asyncio.Queue[str]] = set()
        self.routes: Routes = {
            "/chart": self.chart,
            "/note": (ActionHandler, {"act": self.add_note}),
        }

    async def add_note(self, values: Values) -> None:
        await self.publish({"at": time.time(), "note": values["text"]})

    async def publish(self, entry: Values) -> None:
        for reader in self.readers:
            reader.put_nowait(json.dumps(entry))

    async def work(self) -> None:
        while True:
            await self.publish(dict(self.machine.sample()))
            await asyncio.sleep(self.every_s)

    async def chart(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        reader: asyncio.Queue[str] = asyncio.Queue()
        self.readers.add(reader)
        try:
            while True:
                yield Frame(event="entry", data=await reader.get())
        finally:
            self.readers.discard(reader)
