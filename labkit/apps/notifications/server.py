"""Notifications: who is mentioned, and what of it was read."""

from __future__ import annotations

import json
from pathlib import Path

from labkit.apps.notifications.people import PEOPLE, mentioned, person_in
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.errors import LabError
from labkit.log import SQLiteLog
from labkit.server import Channel
from labkit.server.site import Routes

KEPT = 1000  # of each person; older ones are dropped, and a page that asks for them is told so by a `gap`


class Notifications:
    """The server: a stream for each person, which is also the memory of what they have read."""

    def __init__(self, folder: Path) -> None:
        # A log in a file for each person: it outlives a restart, and gives each event an id. So whoever was away,
        # asleep or cut off says the last id, and gets what came after it. A reload says `inbox-0`, and gets all.
        self.inboxes = {
            me: Channel(SQLiteLog(folder / f"{me}.db", KEPT, epoch="inbox"), retry_ms=1000)
            for me in PEOPLE
        }  # fmt: skip
        self.routes: Routes = {
            "/post": (ActionHandler, {"act": self.post}),
            "/read": (ActionHandler, {"act": self.mark_read}),
            **{f"/events/{me}": self.inboxes[me] for me in PEOPLE},
        }

    async def post(self, values: Values) -> None:
        """Tells all who are mentioned."""
        sender, text = person_in(values), text_in(values, "text")
        mention = json.dumps({"from": sender, "text": text})
        for name in mentioned(text):
            # Written to the file before anybody is told: who is not connected has not lost it.
            await self.inboxes[name].publish_async(mention, "mention")

    async def mark_read(self, values: Values) -> None:
        """Marks as read what this person has seen: all up to an id."""
        me = person_in(values)
        # The page says how far it has seen: "all" would take with it what comes while the click is on its way.
        up_to = text_in(values, "up_to")
        if (await self.inboxes[me].page_after(up_to)).replay.gap:
            raise LabError(f"{up_to!r} is no notification of {me} that is kept. Reload the page, and try again")
        # What was read is an event like any other: so it reaches all tabs of this person, and is replayed to new ones.
        await self.inboxes[me].publish_async(json.dumps({"up_to": up_to}), "read")

    async def work(self) -> None:
        """Nothing happens beside the requests."""
