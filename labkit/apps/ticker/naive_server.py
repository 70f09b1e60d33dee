"""The ticker's server as a tutorial writes it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.requests import ActionHandler, Values
from labkit.apps.ticker.market import Market
from labkit.server.site import Routes
from labkit.wire import Frame


class NaiveTicker:
    """A market's prices at /prices, `per_second` of them. /watch puts a symbol among those that are watched."""

    per_second = 1000.0

    def __init__(self, folder: Path) -> None:
        self.market = Market()
        self.watched: set[str] = set()
        self.readers: set[asyncio.Queue[str]] = set()
        self.routes: Routes = {
            "/prices": self.prices,
            "/watch": (ActionHandler, {"act": self.watch}),
        }

    def watch(self, values: Values) -> None:
        symbol = values["symbol"]
        (self.watched.add if values.get("watch") else self.watched.discard)(symbol)
        self.publish(symbol)

    def publish(self, symbol: str) -> None:
        row = [*self.market.quote(symbol), symbol in self.watched]
        for reader in self.readers:
            reader.put_nowait(json.dumps({"at": time.time(), "rows": {symbol: row}}))

    async def work(self) -> None:
        async for symbol in self.market.moves(self.per_second):
            self.publish(symbol)

    async def prices(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        yield Frame(retry_ms=1000)
        reader: asyncio.Queue[str] = asyncio.Queue()
        self.readers.add(reader)
        try:
            while True:
                yield Frame(event="prices", data=await reader.get())
        finally:
            self.readers.discard(reader)
