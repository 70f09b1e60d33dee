"""A widget that shows a model's answer token by token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import traitlets

from labkit.clock import wait_until
from labkit.errors import LabError
from labkit.widgets.assets import DECODER, FIGURES, LabWidget, join_files
from labkit.widgets.reach import reach_url
from labkit.widgets.streamclient import checked_url


class TypedToken(NamedTuple):
    """A piece of the answer, and how long after the request it arrived in the page, in seconds."""

    after_s: float
    text: str


class Typewriter(LabWidget):
    """A model's answer, token by token as it arrives in the page, with the time to the first token and the pace.

    It asks when it is shown, once: where the answer ends, breaks, or says `[DONE]`, it is over; the button asks again.
    Each event is a token. Its text is the data, or where the data is JSON what stands at `text_at`, such as
    "choices.0.delta.content". `tokens` are those that came; `end_reason` says how
    the answer ended, "" before that.
    """

    _esm = join_files(FIGURES, "elements.js", DECODER, "pagestream.js", "typewriter.js")
    _css = join_files("labkit.css", "typewriter.css")
    url: Any = traitlets.Unicode().tag(sync=True)
    title: Any = traitlets.Unicode().tag(sync=True)
    text_at: Any = traitlets.Unicode().tag(sync=True)
    request: Any = traitlets.Dict().tag(sync=True)
    route: Any = traitlets.Enum(["auto", "direct", "proxy"], "auto").tag(sync=True)
    reach: Any = traitlets.Unicode().tag(sync=True)
    via: Any = traitlets.Unicode("fetch").tag(sync=True)
    once: Any = traitlets.Bool(True).tag(sync=True)
    types: Any = traitlets.List([]).tag(sync=True)

    def __init__(
        self,
        url: str,
        title: str = "the answer",
        *,
        text_at: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        route: str = "auto",
    ) -> None:
        self.tokens: list[TypedToken] = []
        self.end_reason = ""
        request = {"method": method, "headers": dict(headers or {}), "body": body}
        reach = reach_url() if route == "auto" else ""
        super().__init__(url=checked_url(url), title=title, text_at=text_at, request=request, route=route, reach=reach)
        self.on_msg(self._hear)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(token.text for token in self.tokens)

    @property
    def first_token_s(self) -> float | None:
        """The time from the request to the first token, in seconds; None before it."""
        return self.tokens[0].after_s if self.tokens else None

    @property
    def tokens_per_s(self) -> float | None:
        """The pace from the request to the last token; None before the first. Counted from the first token, an answer
        that came in one lump would be the fastest."""
        took_s = self.tokens[-1].after_s if self.tokens else 0.0
        return len(self.tokens) / took_s if took_s else None

    async def finished(self, seconds: float = 20.0) -> None:
        """Waits until the answer is over.

        Raises:
            LabError: it was not over within `seconds`.
        """
        if not await wait_until(lambda: bool(self.end_reason), seconds):
            raise LabError(f"the answer was not over within {seconds:g} s. Is the Typewriter on the screen?")

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        if message.get("asked"):
            self.tokens, self.end_reason = [], ""
        self.tokens += [TypedToken(after_ms / 1000, text) for after_ms, text in message.get("tokens", [])]
        self.end_reason = message.get("over", self.end_reason)

    def __repr__(self) -> str:
        return f"A typewriter for {self.title}: run this cell, and it types each token as it comes"
