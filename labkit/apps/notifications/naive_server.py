"""Notifications as a tutorial writes them: queues in memory, and what was read is a matter of the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from labkit.apps.notifications.people import PEOPLE, mentioned, person_in
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.server.site import Routes
from labkit.wire import Frame


class NaiveNotifications:
    """The naive server: a queue for each open page."""

    def __init__(self, folder: Path) -> None:
        self.queues: dict[str, list[asyncio.Queue[str]]] = {me: [] for me in PEOPLE}
        self.routes: Routes = {
            "/post": (ActionHandler, {"act": self.post}),
            **{f"/events/{me}": partial(self.events, me) for me in PEOPLE},
        }

    async def events(self, me: str, last_event_id: str) -> AsyncGenerator[Frame, None]:
        """The mentions of one person, from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.queues[me].append(queue)
        while True:
            yield Frame(data=await queue.get(), event="mention")

    async def post(self, values: Values) -> None:
        """Tells all who are mentioned."""
        sender, text = person_in(values), text_in(values, "text")
        mention = json.dumps({"from": sender, "text": text})
        for name in mentioned(text):
            for queue in self.queues[name]:
                queue.put_nowait(mention)

    async def work(self) -> None:
        """Nothing happens beside the requests."""
