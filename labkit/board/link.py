"""One learner's link to a board: it joins, sends what waits in the outbox, and hears the banner."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections.abc import Callable
from typing import Any

import httpx

from labkit.board.outbox import Outbox
from labkit.client import CLOSED, OPEN, RESILIENT, EventSource, State, StateReason
from labkit.client.body import read_beginning
from labkit.client.httpx_client import new_client
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import NOT_JSON, LabError, StreamRejected

#: A class does not wait half a minute for its banner.
POLICY = dataclasses.replace(RESILIENT, cap_s=2.0)
TIMEOUT = httpx.Timeout(5.0, connect=3.0)
#: The first wait after a request that came to nothing, and the longest.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 2.0
#: These may be sent again. Whatever else is refused, is refused for good.
_LATER = frozenset({408, 425, 429, *range(500, 507), *range(508, 600)})
#: Said where the stream of banners is refused; a request says which of the two it is.
GONE = "you have left the board in another notebook, or the instructor has taken you off it"
MAX_ANSWER_BYTES = 64 * 1024


class NotOnBoard(LabError):
    """The board does not let this learner in, or has nobody of that name any more."""


class BoardLink:
    """Keeps a learner on a board for as long as run() runs, whatever the Wi-Fi does.

    `name` is the name that the board gave; `state` is "joining", "open" or "away". `posts` counts requests.

    Args:
        url: the board's, with a slash at its end.
        code: what lets in.
        name: the nickname that is wished for.
        who: a secret of the learner's own: who has it, is this learner.
        outbox: what is to be sent.
        on_notice: called with each banner.
        on_state: called when `state` or `name` changes.
        clock, rng: replaced in tests.
    """

    def __init__(
        self,
        url: str,
        code: str,
        name: str,
        who: str,
        outbox: Outbox,
        on_notice: Callable[[dict[str, Any]], object] = lambda notice: None,
        on_state: Callable[[], object] = lambda: None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        self.url, self.code, self.name, self._who = url, code, name, who
        self.outbox, self.state, self.posts = outbox, "joining", 0
        self._on_notice, self._on_state = on_notice, on_state
        self._clock, self._rng = clock, rng or random.Random()
        self._woken = asyncio.Event()
        self._notices_id = ""

    async def run(self) -> None:
        """Joins, and goes on until it is cancelled.

        Raises:
            NotOnBoard: the board does not let this learner in.
        """
        loop = asyncio.get_running_loop()
        self.outbox.on_put = lambda: loop.call_soon_threadsafe(self._woken.set)
        try:
            async with new_client(self.url, timeout=TIMEOUT) as http:
                await self._join(http)
                hearing = asyncio.ensure_future(self._hear(http))
                sending = asyncio.ensure_future(self._send(http))
                try:
                    done, _ = await asyncio.wait([hearing, sending], return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                finally:
                    hearing.cancel()
                    sending.cancel()
                    await asyncio.gather(hearing, sending, return_exceptions=True)
        finally:
            self.outbox.on_put = lambda: None

    async def _join(self, http: httpx.AsyncClient) -> None:
        answer = await self._post(http, "join", {"code": self.code, "name": self.name, "who": self._who})
        if "name" not in answer:
            raise NotOnBoard(str(answer.get("error", "this is no class board")))
        self.name, self._notices_id = str(answer["name"]), str(answer["last_event_id"])
        self._on_notice(answer["notice"])
        self._say("open", always=True)

    async def _send(self, http: httpx.AsyncClient) -> None:
        while True:
            self._woken.clear()
            wait_s = self.outbox.wait_s()
            if wait_s is None or wait_s > 0:
                await self._sleep(wait_s)
                continue
            if not (batch := self.outbox.batch()):
                continue
            answer = await self._post(http, "moments", {"messages": batch})
            if answer.get("status") == 401:  # another class has begun at this address
                await self._join(http)
                continue
            if answer.get("status") == 403:
                raise NotOnBoard(str(answer.get("error", "")))
            self.outbox.kept()

    async def _sleep(self, wait_s: float | None) -> None:
        waiting = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait([waiting], timeout=wait_s)
        finally:
            waiting.cancel()

    async def _post(self, http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The board's answer, however often one must ask: it counts once. A refusal has its `status` and `error`."""
        headers = {"Authorization": f"Bearer {self._who}"} if path != "join" else {}
        wait_s = FIRST_WAIT_S
        while True:
            self.posts += 1
            later_s = 0.0
            try:
                async with http.stream("POST", self.url + path, json=body, headers=headers) as response:
                    found = _object(await read_beginning(response, MAX_ANSWER_BYTES))
                # A hotel's login page answers 200 to everything: only the board's own words are an answer.
                if found is not None and response.status_code not in _LATER:
                    self._say("open")
                    return found if response.status_code == 200 else {**found, "status": response.status_code}
                later_s = _seconds(response.headers.get("Retry-After", ""))
            except (httpx.RequestError, ValueError):  # no answer, or one that cannot be read
                pass
            self._say("away" if later_s == 0 else "open")
            await self._clock.sleep_s(max(later_s, wait_s * (0.5 + self._rng.random() / 2)))
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _hear(self, http: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {self._who}"}
        while True:
            source = EventSource(
                self.url + "notices", headers=headers, last_event_id=self._notices_id, policy=POLICY,
                reconnection_ms=500, on_state=self._hear_state,
                clock=self._clock, rng=self._rng,
            )  # fmt: skip
            try:
                async with source:
                    async for event in source:
                        if event.type == "notice":
                            self._on_notice(json.loads(event.data))
                return
            except StreamRejected as problem:
                if problem.status != 401:
                    raise NotOnBoard(GONE if problem.status == 403 else str(problem)) from None
                await self._clock.sleep_s(FIRST_WAIT_S)
                await self._join(http)

    def _hear_state(self, state: State, reason: StateReason) -> None:
        if state != CLOSED:
            self._say("open" if state == OPEN else "away")

    def _say(self, state: str, always: bool = False) -> None:
        if always or state != self.state:
            self.state = state
            self._on_state()


def _object(body: bytes) -> dict[str, Any] | None:
    """The answer's JSON object; None if it is none of a board."""
    try:
        value = json.loads(body)
    except NOT_JSON:
        return None
    own = isinstance(value, dict) and bool({"kept", "name", "error", "done"} & value.keys())
    return value if own else None


def _seconds(text: str) -> float:
    return min(float(text), 30.0) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
