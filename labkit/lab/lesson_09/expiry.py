"""A token that runs out while its stream is open."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.client import EventSource
from labkit.errors import StreamRejected, counted
from labkit.server import StreamHandler, serve
from labkit.wire import Frame, encode

#: The life of a token is counted in events, so that it ends at the same place on every machine.
GOOD_FOR_EVENTS = 5


@dataclass(slots=True)
class TokenClock:
    """Gives out tokens, each good for some events, and counts the events. `looks` says whether a stream is ended when
    its token has run out."""

    looks: bool = True
    now: int = 0
    expires: dict[str, int] = field(default_factory=dict)

    def issue(self) -> str:
        """A new token."""
        token = f"token-{len(self.expires) + 1}"
        self.expires[token] = self.now + GOOD_FOR_EVENTS
        return token

    def is_good(self, token: str) -> bool:
        """Whether this token is good now."""
        return self.now < self.expires.get(token, 0)


class _NumbersForTokens(StreamHandler):
    def initialize(self, clock: TokenClock) -> None:
        self.clock = clock

    async def get(self) -> None:
        token = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self.clock.is_good(token):
            self.send_error(401)
            return
        self.write(encode(Frame(retry_ms=10)))
        for number in itertools.count(int(self.last_event_id or 0) + 1):
            if number > 50 or (self.clock.looks and not self.clock.is_good(token)):
                return  # the response ends in good order, and the client comes back
            self.clock.now = max(self.clock.now, number)
            self.write(encode(Frame(data=str(number), id=str(number))))
            await self.flush()


async def after_a_token_runs_out(events: int = 12) -> dict[str, str]:
    """What a client gets of so many events that it wants, in three cases, as a sentence for each."""
    return {
        "the same token again": await _read(events, lambda clock: _always(clock.issue())),
        "a new token each time": await _read(events, lambda clock: lambda: _bearer(clock.issue())),
        "a server that does not look": await _read(events, lambda clock: _always(clock.issue()), looks=False),
    }


async def _read(events: int, ask: Callable[[TokenClock], Callable[[], dict[str, str]]], looks: bool = True) -> str:
    clock = TokenClock(looks)
    got: list[int] = []
    async with serve({"/events": (_NumbersForTokens, {"clock": clock})}) as server:
        source = EventSource(server.url, headers=ask(clock))
        try:
            async with source:
                async for event in source:
                    got.append(int(event.data))
                    if len(got) == events:
                        break
        except StreamRejected as refused:
            return f"{counted(len(got), 'event')}, then {refused.status}: given up"
    late = sum(number > GOOD_FOR_EVENTS for number in got) if len(clock.expires) == 1 else 0
    whole = "none missing" if got == list(range(1, events + 1)) else f"{events - len(set(got))} missing"
    how = f"{late} of them after the token had run out" if late else f"{whole}, {counted(len(clock.expires), 'token')}"
    return f"{counted(len(got), 'event')}, {how}"


def _always(token: str) -> Callable[[], dict[str, str]]:
    return lambda: _bearer(token)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
