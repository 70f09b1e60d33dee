"""The dashboard's server: a snapshot first, and then what is new, without a hole and without a double."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.dashboard.machine import ThisMachine
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.errors import LogFailed
from labkit.log import SQLiteLog
from labkit.server import Channel
from labkit.server.site import Routes
from labkit.wire import Frame

KEPT_SAMPLES = 300  # five minutes
NEW_HERE = "none-0"  # an id that the log has never given: it answers with all that it has
HEARTBEAT_S = 15.0


class Dashboard:
    """Samples this machine, once in `every_s` seconds. /chart is the page's stream, /samples has the new ones alone."""

    every_s = 1.0

    def __init__(self, folder: Path) -> None:
        self.machine = ThisMachine()
        # In a file, and numbered: who was away gets what it missed, also where the server was started again. The
        # oldest go, so that the file stays small.
        self.channel = Channel(SQLiteLog(folder / "samples.db", max_events=KEPT_SAMPLES))
        self.routes: Routes = {
            "/chart": self.chart,
            "/samples": self.channel,
            "/note": (ActionHandler, {"act": self.add_note}),
        }

    async def add_note(self, values: Values) -> None:
        await self.publish({"at": time.time(), "note": text_in(values, "text", 80)})

    async def publish(self, entry: Values) -> None:
        await self.channel.publish_async(json.dumps(entry), "entry")

    async def work(self) -> None:
        while True:
            with contextlib.suppress(LogFailed):  # a disk that is full now may have room for the next sample
                await self.publish(dict(self.machine.sample()))
            await asyncio.sleep(self.every_s)

    async def chart(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        yield Frame(retry_ms=1000, event="missing", data=json.dumps(self.machine.missing))
        seen = last_event_id or NEW_HERE
        while True:
            try:
                # The next entries are asked for when the last ones have left. So nothing piles up for a slow reader.
                page = await asyncio.wait_for(self.channel.wait_for_events(seen), HEARTBEAT_S)
            except TimeoutError:
                yield Frame(comment="still here")  # or a proxy takes the silence for the end
                continue
            seen, frames = page.last_id, page.replay.frames
            if page.replay.gap:
                # Who is new, or was away for too long, gets a whole picture in one event, and forgets what it had.
                whole = f"[{','.join(frame.data or '' for frame in frames)}]"
                frames = (Frame(event="snapshot", id=seen, data=whole),)
            for frame in frames:
                yield frame
