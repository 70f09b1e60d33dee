"""The requests of the graphql-sse protocol, in both of its modes.

Distinct connections: each operation has a stream of its own, by GET or POST. Single connection: PUT gives a token, GET
with the token opens the stream, POST starts an operation there (202), DELETE stops one.

Source: PROTOCOL.md of graphql-sse.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Any

from labkit.apps.graphql.operations import Json, Pauses, Results, error_of, operation_of, results_of, with_pauses
from labkit.apps.graphql.reservations import MOST_OPERATIONS, Reservation
from labkit.errors import LabError
from labkit.server.channel import HEARTBEAT_S
from labkit.server.connection import Visit
from labkit.server.handlers import StreamHandler, register_sender
from labkit.server.origins import FOREIGN_PAGE, is_own_page
from labkit.wire import Frame, encode

#: How often it is looked whether the reader of a reserved stream has left.
LOOK_S = 0.2
TOKEN_HEADER = "X-GraphQL-Event-Stream-Token"


class OperationHandler(StreamHandler):
    """Both modes. A subclass says what is sent of an operation's results."""

    def initialize(self, app: Any, allowed: Collection[str] = ()) -> None:
        """Called by tornado with the app: it has `channel` and `reservations`, and answers the fields.

        Pages of `allowed` origins may ask too."""
        self.app, self.allowed = app, allowed

    def frames(self, results: Pauses, context: Json) -> AsyncGenerator[Frame, None]:
        """What is sent of the results, and in their pauses. `context` has the `id` of the newest event."""
        raise NotImplementedError

    async def get(self) -> None:
        if self.token:
            await self.open_reserved()
        elif self.last_event_id == "complete":
            self.set_status(204)
        elif (operation := self.operation(self._parameters())) is not None:
            await self.stream(operation, read_only=True)

    async def post(self) -> None:
        operation = self.operation(self.request.body)
        if operation is not None and self.token:
            self.accept(operation)
        elif operation is not None:
            await self.stream(operation, read_only=False)

    async def stream(self, operation: Json, read_only: bool) -> None:
        """The distinct connections mode."""
        context = {"id": self.last_event_id or self.app.channel.last_event_id}
        results = results_of(operation, self.app, context, read_only)
        await self.send_all(self._encoded(results, context), Visit(self.last_event_id))

    async def _encoded(self, results: Results, context: Json) -> AsyncGenerator[bytes, None]:
        async with (
            aclosing(with_pauses(results, HEARTBEAT_S)) as pauses,
            aclosing(self.frames(pauses, context)) as frames,
        ):
            async for frame in frames:
                yield encode(frame)

    def _parameters(self) -> Json:
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}

    def prepare(self) -> None:
        own = is_own_page(self.request.headers.get("Origin"), self.request.host, self.allowed)
        if self.request.method in ("POST", "PUT", "DELETE") and not own:
            self.refuse(403, FOREIGN_PAGE)

    @property
    def token(self) -> str:
        """The request's token; "" without one."""
        given: str = self.request.headers.get(TOKEN_HEADER, "") or self.get_query_argument("token", "")
        return given

    def put(self) -> None:
        try:
            token = self.app.reservations.reserve()
        except LabError as problem:
            self.refuse(503, str(problem))
            return
        self.set_status(201)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(token)

    def delete(self) -> None:
        if (reservation := self.reserved()) is not None:
            reservation.stop(self.get_query_argument("operationId", ""))
            self.set_header("Content-Type", "text/plain; charset=utf-8")

    def reserved(self) -> Reservation | None:
        """The reservation of the token; None, and the answer is 404, where there is none."""
        reservation: Reservation | None = self.app.reservations.by_token.get(self.token)
        if reservation is None:
            self.refuse(404, "There is no stream of this token: it was never reserved, or left for too long.")
        return reservation

    async def open_reserved(self) -> None:
        """Opens the stream. It resumes, too: the protocol does not ask for it, and an EventSource does it by itself."""
        reservation = self.reserved()
        if reservation is None:
            return
        if reservation.channel.clients:
            self.refuse(409, "The stream of this token is open already: one at a time.")
            return
        stream, task = self.take_stream(), asyncio.current_task()
        assert task is not None
        register_sender(self, task, stream)  # the server ends it when it stops
        place = self.last_event_id or reservation.start_id
        connection = reservation.channel.open(stream, place, self.chunked, self.agent)
        try:
            while not connection.visit.left:  # noqa: ASYNC110 (it tells its channel alone)
                await asyncio.sleep(LOOK_S)
        finally:
            connection.end("server stopped")

    def accept(self, operation: Json) -> None:
        """Starts the operation on the reserved stream: 202, or 400 with the errors."""
        reservation = self.reserved()
        if reservation is None:
            return
        id = str(operation["extensions"].get("operationId") or "")
        error = error_of(operation)
        if not id or id in reservation.operations or len(reservation.operations) >= MOST_OPERATIONS:
            self.refuse(400, "extensions.operationId is missing, or runs already, or too many run.")
        elif error is not None:
            self.set_status(400)
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(error))
        else:
            reservation.start(id, results_of(operation, self.app, {"id": self.app.channel.last_event_id}))
            self.set_status(202)
            self.clear_header("Content-Type")

    def operation(self, given: bytes | Json) -> Json | None:
        """The operation of the body, or of the URL; None, and the answer is 400, where it is no JSON object."""
        try:
            return operation_of(given)
        except LabError as problem:
            self.refuse(400, str(problem))
            return None

    def refuse(self, status: int, why: str) -> None:
        """Answers with a status, and errors as GraphQL has them."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"errors": [{"message": why}]}))
