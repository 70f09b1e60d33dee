"""What a class board answers over HTTP: who may ask, and what goes up and down."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

from tornado.web import RequestHandler

from labkit.board.desk import Desk
from labkit.board.moments import BoardRefused, read_json
from labkit.board.names import CODE_LENGTH, read_code
from labkit.pages import board as page
from labkit.server.handlers import ChannelHandler, mount
from labkit.server.origins import is_own_page
from labkit.server.site import Routes

#: The header with the code. A page cannot give one to an EventSource: that has it in its URL, as `code`.
CODE_HEADER = "Labkit-Code"


def desk_routes(desk: Desk, lessons: Collection[str] = (), allowed: Collection[str] = (), join_url: str = "") -> Routes:
    """The page at /, and what it and the notebooks ask for.

    Args:
        desk: whose board it is.
        lessons: the titles of the lessons, such as "04 What happens when it breaks?".
        allowed: the origins whose pages may send, beside this server's own.
        join_url: where learners find the board, for the projector; "" where they find it as the page does.
    """
    settings = {"desk": desk, "allowed": allowed}
    about = {"code": desk.folder.code, "lessons": list(lessons), "join_url": join_url}
    return {
        **page.routes(),
        "/join": (JoinHandler, settings),
        "/moments": (MomentsHandler, settings),
        "/commands": (CommandsHandler, settings),
        "/state": (StateHandler, {**settings, "about": about}),
        "/events": (ViewHandler, {"desk": desk, "channel": desk.view}),
        "/notices": (NoticesHandler, {"desk": desk, "channel": desk.notices}),
        "/{code}": CodeHandler,
    }


class BoardHandler(RequestHandler):
    """The base: refuses pages of other sites, and says in JSON why something was not taken."""

    def initialize(self, desk: Desk, allowed: Collection[str]) -> None:
        self.desk, self.allowed = desk, allowed

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def prepare(self) -> None:
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.allowed):
            self.refuse(BoardRefused("only the board's own page, or a notebook's kernel, may ask", 403))
        elif self.request.method == "POST" and not self.request.headers.get("Content-Type", "").startswith(
            "application/json"
        ):  # what a form of any page can send without being asked is not JSON. Source: Fetch, "CORS-safelisted"
            self.refuse(BoardRefused("the body is JSON, and says so in its Content-Type", 415))

    def refuse(self, problem: BoardRefused) -> None:
        """Sends the refusal, with its reason."""
        self.set_status(problem.status)
        if problem.retry_after_s:
            self.set_header("Retry-After", str(math.ceil(problem.retry_after_s)))
        self.finish(json.dumps({"error": str(problem)}))

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.remote_ip or ""


class JoinHandler(BoardHandler):
    """Puts a learner on the board: {"code", "name", "who"}. Asked twice, it answers twice the same."""

    async def post(self) -> None:
        try:
            body = read_json(self.request.body)
            self.desk.check_code(str(body.get("code", ""))[:100], self.address)
            learner = await self.desk.join(str(body.get("who", "")), str(body.get("name", "")), self.address)
        except BoardRefused as problem:
            self.refuse(problem)
            return
        # Where its stream begins: the banner of this moment is in it.
        notices = {"last_event_id": self.desk.notices.last_event_id, "notice": self.desk.notice()}
        self.finish(json.dumps({"id": learner.id, "name": learner.name, **notices}))


class MomentsHandler(BoardHandler):
    """Takes what a learner's kernel says: {"messages": [...]}."""

    async def post(self) -> None:
        try:
            learner = self.desk.learner(bearer(self))
            self.desk.check_flood(learner)
            new = await self.desk.hear(learner, read_json(self.request.body).get("messages"))
        except BoardRefused as problem:
            self.refuse(problem)
            return
        self.finish(json.dumps({"kept": new}))


class CommandsHandler(BoardHandler):
    """Takes a command of the instructor, who has a secret of their own. Without a command it says that this is it."""

    async def post(self) -> None:
        try:
            self.desk.check_secret(bearer(self), self.address)
            body = read_json(self.request.body)
            if body:
                await self.desk.command(body)
        except BoardRefused as problem:
            self.refuse(problem)
            return
        self.finish(json.dumps({"done": bool(body)}))


class StateHandler(BoardHandler):
    """All that is on the board, for a page that comes, or that was away for too long."""

    def initialize(self, desk: Desk, allowed: Collection[str], about: dict[str, Any]) -> None:  # type: ignore[override]
        super().initialize(desk, allowed)
        self.about = about

    def get(self) -> None:
        try:
            self.desk.check_code(self.request.headers.get(CODE_HEADER, ""), self.address)
        except BoardRefused as problem:
            self.refuse(problem)
            return
        self.finish(json.dumps({**self.desk.snapshot(), **self.about}))


class ViewHandler(ChannelHandler):
    """The stream of what changes on the board, for those who have the code."""

    def initialize(self, desk: Desk, channel: Any) -> None:  # type: ignore[override]
        super().initialize(channel)
        self.desk = desk

    def get(self) -> None:
        try:
            self.desk.check_code(self.get_query_argument("code", ""), self.request.remote_ip or "")
        except BoardRefused as problem:
            refuse_stream(self, problem)
            return
        super().get()


class NoticesHandler(ViewHandler):
    """The stream of banners, for a learner who has joined."""

    def get(self) -> None:
        try:
            learner = self.desk.learner(bearer(self))
        except BoardRefused as problem:
            refuse_stream(self, problem)
            return
        mount(self, self.channel)
        connection = self.channel.open(self.take_stream(), self.last_event_id, self.chunked, self.agent)
        self.desk.opened(learner, connection)


class CodeHandler(RequestHandler):
    """Leads from /CODE, as it is read aloud, to the page with that code in its fragment, which is sent nowhere."""

    def get(self, code: str) -> None:
        typed = read_code(code)
        if len(typed) != CODE_LENGTH or not typed.isalnum():
            self.set_status(404)
            self.finish("There is no such page. The board is at /\n")
            return
        self.redirect(f"./#{typed}")


def refuse_stream(handler: ChannelHandler, problem: BoardRefused) -> None:
    """Sends the refusal instead of a stream."""
    handler.set_status(problem.status)
    handler.set_header("Content-Type", "application/json")
    if problem.retry_after_s:
        handler.set_header("Retry-After", str(math.ceil(problem.retry_after_s)))
    handler.finish(json.dumps({"error": str(problem)}))


def bearer(handler: RequestHandler) -> str:
    """The secret in the request's Authorization header; "" if there is none."""
    scheme, _, secret = handler.request.headers.get("Authorization", "").partition(" ")
    return secret.strip()[:100] if scheme.lower() == "bearer" else ""
