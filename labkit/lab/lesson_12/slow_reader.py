"""A reader of the ticker that takes ten events a second, of a thousand prices: how old is what it shows?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from labkit.apps.relayed import RelayedApp

#: So many events a second a slow page manages: it draws a chart with each.
TAKES_PER_S = 10


@dataclass(frozen=True)
class Staleness:
    """How old the prices were that a slow reader took: `age_s` of each event, and `at_s`, when it was taken."""

    naive: bool
    at_s: list[float]
    age_s: list[float]

    @property
    def last_age_s(self) -> float:
        """How old the newest price is that the reader has at the end."""
        return self.age_s[-1]

    def __repr__(self) -> str:
        version = "naive" if self.naive else "whole"
        return f"<{version} ticker: after {self.at_s[-1]:.0f} s its newest price is {self.last_age_s:.1f} s old>"


async def read_slowly(naive: bool, seconds: float = 5.0) -> Staleness:
    """Reads the ticker's stream for so long, TAKES_PER_S events a second, and confirms each as the app's page does."""
    app = await asyncio.to_thread(RelayedApp, "ticker", naive, label=f"ticker, read slowly{', naive' * naive}")
    at_s: list[float] = []
    age_s: list[float] = []
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.server.port)
        writer.write(b"GET /prices HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        begin_s, name = time.time(), ""
        async with httpx.AsyncClient(base_url=app.server.url, trust_env=False) as page:
            async for data in _data(reader):
                if isinstance(data, str):
                    name = data
                    continue
                now_s = time.time()
                at_s.append(now_s - begin_s)
                age_s.append(now_s - data["at"])
                if at_s[-1] > seconds:
                    break
                if name:
                    await page.post("/read", json={"reader": name, "read": len(at_s)})
                await asyncio.sleep(max(0.0, len(at_s) / TAKES_PER_S - (time.time() - begin_s)))
        writer.close()
    finally:
        await asyncio.to_thread(app.stop)
    return Staleness(naive, at_s, age_s)


async def _data(reader: asyncio.StreamReader) -> AsyncIterator[Any]:
    while line := await reader.readline():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])
