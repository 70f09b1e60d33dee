"""A board of posts, by GraphQL: queries, mutations, and subscriptions over event streams: what a tutorial writes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from labkit.apps.graphql.operations import Json, one_result, operation_of, results_of
from labkit.apps.requests import ActionHandler


class NaiveGraphQLServer:
    """The app: its methods answer the fields of the schema."""

    def __init__(self, folder: Path) -> None:
        self.board: list[Json] = []
        self.queues: list[asyncio.Queue[Json]] = []
        self.routes = {
            "/graphql": (_GraphQL, {"app": self}),
            "/ask": (ActionHandler, {"act": one_result(self)}),
        }

    async def work(self) -> None:
        """Nothing."""

    def place(self, info: Any) -> str:
        return ""

    def posts(self, info: Any, last: int) -> list[Json]:
        return list(self.board)[-last:]

    def say(self, info: Any, text: str, author: str) -> Json:
        post = {"author": author, "text": text}
        self.board.append({**post, "id": str(len(self.board) + 1)})
        for queue in self.queues:
            queue.put_nowait(self.board[-1])
        return self.board[-1]

    async def posted(self, info: Any, author: str = "", after: str = "") -> AsyncGenerator[Json, None]:
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self.queues.append(queue)
        while True:
            post = await queue.get()
            if not author or author == post["author"]:
                yield {"posted": post}


class _GraphQL(RequestHandler):
    def initialize(self, app: NaiveGraphQLServer) -> None:
        self.app = app

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.flush()
        operation = operation_of({"query": self.get_query_argument("query")})
        with contextlib.suppress(asyncio.CancelledError):
            async for result in results_of(operation, self.app, {}):
                self.write(f"event: next\ndata: {json.dumps(result)}\n\n")
                self.flush()
