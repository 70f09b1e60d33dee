"""A board of posts, by GraphQL: queries, mutations, and subscriptions over event streams."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from labkit.apps.graphql.handler import OperationHandler
from labkit.apps.graphql.operations import Json, Pauses, checked_place, one_result
from labkit.apps.graphql.reservations import Reservations
from labkit.apps.requests import ActionHandler
from labkit.errors import LabError
from labkit.log import SQLiteLog
from labkit.server.channel import Channel
from labkit.wire import Frame


class GraphQLServer:
    """The app: its methods answer the fields of the schema."""

    def __init__(self, folder: Path) -> None:
        # The posts are in a file, and each has an id: who was away gets what came meanwhile, after our restart too.
        log = SQLiteLog(folder / "posts.db")
        self.channel, self.reservations = Channel(log), Reservations()
        self.board = deque(({**json.loads(kept.data or ""), "id": kept.id} for kept in log.since("all").frames), 100)
        self.work = self.reservations.work
        self.routes = {
            "/graphql": (_GraphQL, {"app": self}),
            "/ask": (ActionHandler, {"act": one_result(self)}),
            "/check": (ActionHandler, {"act": checked_place(self)}),
            "/posts": self.channel,
        }

    def place(self, info: Any) -> str:
        return self.channel.last_event_id

    def posts(self, info: Any, last: int) -> list[Json]:
        return list(self.board)[-last:]

    def say(self, info: Any, text: str, author: str) -> Json:
        post = {"author": author, "text": text}
        self.board.append({**post, "id": self.channel.publish(json.dumps(post), "post")})
        return self.board[-1]

    async def posted(self, info: Any, author: str = "", after: str = "") -> AsyncGenerator[Json, None]:
        place = after or info.context["id"]
        while True:
            page = await self.channel.wait_for_events(place)
            if page.replay.gap:
                yield {"posted": LabError("Posts are missing here: they are no longer kept")}
            for kept in page.replay.frames:
                post = {**json.loads(kept.data or ""), "id": kept.id}
                info.context["id"] = kept.id
                if not author or author == post["author"]:
                    yield {"posted": post}
            place = page.last_id


class _GraphQL(OperationHandler):
    async def frames(self, results: Pauses, context: Json) -> AsyncGenerator[Frame, None]:
        # The protocol has no ids. They are ours, beside it: who comes back with one gets what came behind it.
        yield Frame(comment="the stream is open", id=context["id"], retry_ms=1000)
        async for result in results:
            if result is None:
                yield Frame(comment="heartbeat")  # a proxy ends what is silent
            else:
                yield Frame(event="next", data=json.dumps(result), id=context["id"])
        # An EventSource that is not closed would ask the same again, for ever: with this id it is answered by a 204.
        yield Frame(event="complete", data="", id="complete")
