"""What a page asks of its server beside the stream: one action for each POST."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.server.origins import FOREIGN_PAGE, is_own_page

Values = dict[str, Any]
#: What a POST does. It takes the JSON object of the body; what it returns is the answer.
Action = Callable[[Values], Values | Awaitable[Values | None] | None]


class ActionHandler(RequestHandler):
    """Answers a POST by an action: 200 with its JSON, 204 where it returns None.

    400 with a sentence where the body is no JSON object, or the action raises a LabError; 403 for a page of another
    site, which a browser may let send this POST with the user's cookies.

    In the routes of an app: `"/read": (ActionHandler, {"act": self.mark_read})`.
    """

    def initialize(self, act: Action, allowed: Collection[str] = ()) -> None:
        self.act, self.allowed = act, allowed

    async def post(self) -> None:
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.allowed):
            self.refuse(403, FOREIGN_PAGE)
            return
        try:
            result = self.act(self._values())
            answer = await result if inspect.isawaitable(result) else result
        except LabError as problem:
            self.refuse(400, str(problem))
            return
        if answer is None:
            self.set_status(204)
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(answer))

    def refuse(self, status: int, why: str) -> None:
        """Answers with a status and a sentence."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(why)

    def _values(self) -> Values:
        try:
            values = json.loads(self.request.body or b"{}")
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise LabError("the body of the request is no JSON object")
        return values


def text_in(values: Values, name: str, most_characters: int = 200) -> str:
    """The text under this name, without blanks around it.

    Raises:
        LabError: it is missing, empty, too long, or no text.
    """
    text = values.get(name)
    if not isinstance(text, str) or not text.strip():
        raise LabError(f"{name!r} is missing: a text is needed there")
    if len(text) > most_characters:
        raise LabError(f"{name!r} has {len(text)} characters; {most_characters} are allowed")
    return text.strip()
