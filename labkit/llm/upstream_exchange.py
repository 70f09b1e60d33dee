"""One question to an upstream, and what has come of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx

from labkit.client.body import read_body
from labkit.dialects import Finish, ModelAnswer, Oddity, Part, TokenCounts
from labkit.wire import Decoder, Event

#: Without a byte in the middle of an answer; a heartbeat is one. Precedent: nginx's proxy_read_timeout.
READ_TIMEOUT_S = 60.0


@dataclass
class UpstreamExchange:
    """A response that was begun, and the answer in it.

    Args:
        response: the response, its body not yet read.
        deadline_s: the time of the loop by which the first token must have come; None: for ever.
        answer: takes the events.
        notes: a sentence for each thing that is worth telling, beside those of the answer.
    """

    response: httpx.Response
    deadline_s: float | None
    answer: ModelAnswer = field(default_factory=ModelAnswer)
    notes: list[str] = field(default_factory=list)

    async def events(self) -> AsyncGenerator[Event, None]:
        """The events of the body, as they arrive, each before the answer has taken it.

        Raises:
            TimeoutError: the first token did not come in time, or later for too long not a byte.
            httpx.RequestError: the connection broke.
        """
        decoder, loop = Decoder(), asyncio.get_running_loop()
        async with aclosing(read_body(self.response)) as pieces:
            while True:
                has_begun = bool(self.answer.choices)
                async with asyncio.timeout_at(loop.time() + READ_TIMEOUT_S if has_begun else self.deadline_s):
                    data = await anext(pieces, None)
                if data is None:
                    return
                for signal in decoder.feed(data):
                    if isinstance(signal, Event):
                        yield signal

    def last_parts(self) -> Iterator[Part]:
        """What is told at the end: token counts, a note each as an Oddity, and how each choice ended."""
        if self.answer.token_counts != TokenCounts(None, None):
            yield self.answer.token_counts
        for note in (*self.notes, *self.answer.notes):
            yield Oddity("", note)
        if not self.answer.choices:
            yield Finish("finished", "")
        for index, choice in sorted(self.answer.choices.items()):
            yield Finish(choice.ending or "finished", choice.reason, index)
