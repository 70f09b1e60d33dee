"""The ticker's server: one place for each symbol, in which the newest price replaces the one before."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.apps.ticker.market import Market
from labkit.apps.ticker.newest import Credits, Newest
from labkit.apps.ticker.watchlist import Watchlist
from labkit.server.site import Routes
from labkit.wire import Frame


class Ticker:
    """A market's prices at /prices, `per_second` of them. /watch puts a symbol among those that are watched."""

    per_second = 1000.0

    def __init__(self, folder: Path) -> None:
        self.market = Market()
        self.watched = Watchlist(folder / "watched.json")
        self.readers = Credits()
        # One row a symbol, for all readers together: it needs no more memory, however slow they are.
        self.newest: Newest[list[float]] = Newest()
        for symbol in self.market.symbols:
            self.publish(symbol)
        self.routes: Routes = {
            "/prices": self.prices,
            "/watch": (ActionHandler, {"act": self.watch}),
            "/read": (ActionHandler, {"act": self.readers.confirm}),
        }

    def watch(self, values: Values) -> None:
        symbol = self.market.find(text_in(values, "symbol", 80))
        (self.watched.add if values.get("watch") else self.watched.discard)(symbol)
        self.publish(symbol)

    def publish(self, symbol: str) -> None:
        row = [*self.market.quote(symbol), symbol in self.watched]
        self.newest.put(symbol, row)

    async def work(self) -> None:
        async for symbol in self.market.moves(self.per_second):
            self.publish(symbol)

    async def prices(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        name, reader = self.readers.open()
        yield Frame(event="reader", data=json.dumps(name), retry_ms=1000)
        try:
            # Each connection begins with all rows: who has those has missed nothing. So nothing needs an id.
            kind, seen = "snapshot", 0
            while True:
                # What is given to the buffers on the way grows old there. So the next event is made when the page has
                # confirmed those before, of what is newest then. And at least now and then: that is the heartbeat.
                await self.newest.wait(seen, reader.has_room, reader.patience_s)
                rows, seen = self.newest.since(seen)
                reader.note_sent()
                yield Frame(event=kind, data=json.dumps({"at": time.time(), "rows": rows}))
                kind = "prices"
        finally:
            self.readers.close(name)
