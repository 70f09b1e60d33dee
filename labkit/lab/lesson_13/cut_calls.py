"""One call of a tool, cut after each byte of its answer: what a client gets all the same."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from labkit.clock import wait_until
from labkit.errors import StreamLost, counted
from labkit.faults import Cut, First
from labkit.lab.lesson_13.tool_call import ASKED_S, RESUMES, STATELESS, call_of, call_tool, open_session
from labkit.proxy import Relay, relay

STEPS = 3
#: The first id of ours: four digits, so that all answers are equally long.
ID = 1000
PATIENCE_S = 5.0
#: What one call brought: the numbers of its progress notifications in order, and whether the answer came.
Call = Callable[[], Awaitable[tuple[list[int], bool]]]


@dataclass(frozen=True, slots=True)
class CallTally:
    """What came of one call, over all its cuts.

    Args:
        revision: of the protocol.
        client: who called.
        response_bytes: how many bytes the whole answer has.
        id_bytes: how many of them it takes until the client knows an id; 0: it never does.
        cuts: how often it was cut.
        exact: how many calls brought each notification once, in order, and the answer.
        lost: notifications that did not come, over all calls.
        doubled: notifications that came again.
        unanswered: calls without an answer.
        last_lost_byte: the last place where a cut lost the answer, in bytes; -1: there is none.
    """

    revision: str
    client: str
    response_bytes: int
    id_bytes: int = 0
    cuts: int = 0
    exact: int = 0
    lost: int = 0
    doubled: int = 0
    unanswered: int = 0
    last_lost_byte: int = -1

    @property
    def resumes(self) -> bool:
        """Whether every call that was cut behind its first id brought each notification once, and the answer."""
        return self.last_lost_byte < self.id_bytes and 0 < self.exact == self.cuts - self.unanswered

    @property
    def in_brief(self) -> str:
        """The counts in half a sentence."""
        return (
            f"of {counted(self.cuts, 'cut')}, {self.exact} lost nothing; {counted(self.unanswered, 'answer')} and "
            f"{counted(self.lost, 'notification')} lost, {self.doubled} doubled"
        )

    def __repr__(self) -> str:
        return f"{self.revision}, {self.client}: {self.in_brief}"


async def cut_everywhere(revision: str, client: str, every: int = 1, pause_s: float = 0.0) -> CallTally:
    """The tally of calls that are cut after 0 bytes of their answer, after `every` bytes, after twice as many, to its
    end.

    Args:
        revision: "2025-11-25", which resumes, or "2026-07-28", which does not.
        client: "official", of the package mcp, or "ours".
        every: how many bytes lie between two cuts.
        pause_s: how long the tool takes for each step: with 0 it has done its work before anybody comes back.

    Raises:
        ImportError: the package mcp is not installed.
    """
    from labkit.lab.lesson_13.mcp_server import tool_server

    async with tool_server(pause_s) as server, relay(server.url) as proxy:
        whole = await whole_answer(server.url, revision)
        callers = {"official": _official, "ours": _ours}
        async with callers[client](server.url, proxy, revision) as call:
            tried = [await _cut_call(proxy, call, place) for place in range(0, len(whole), every)]
    return _tally(CallTally(revision, client, len(whole), _id_bytes(whole)), [one for one in tried if one], every)


async def _cut_call(proxy: Relay, call: Call, place: int) -> tuple[list[int], bool] | None:
    """What came; None if the answer ended before the cut: the official client begins with shorter ids."""
    proxy.set(First(1, Cut(bytes=place)))
    try:
        async with asyncio.timeout(PATIENCE_S):
            came = await call()
    except TimeoutError:  # it waits for what will never come
        return [], False
    return came if proxy.passages[0].ended.startswith("cut") else None


def _tally(empty: CallTally, came: list[tuple[list[int], bool]], every: int) -> CallTally:
    whole = list(range(1, STEPS + 1))
    lost_at = [number * every for number, (_, answered) in enumerate(came) if not answered]
    counts = {
        "cuts": len(came),
        "exact": sum(progress == whole and answered for progress, answered in came),
        "lost": sum(STEPS - len(set(progress)) for progress, _ in came),
        "doubled": sum(len(progress) - len(set(progress)) for progress, _ in came),
        "unanswered": len(lost_at),
        "last_lost_byte": max(lost_at, default=-1),
    }
    return CallTally(**{**asdict(empty), **counts})


def _id_bytes(whole: bytes) -> int:
    first = whole.partition(b"\r\n\r\n")[0]
    return len(first) + 4 if first.startswith(b"id:") else 0


async def whole_answer(url: str, revision: str) -> bytes:
    """The body of the answer to one call, as it comes over the wire."""
    session = await open_session(url) if revision == RESUMES else {}
    message, headers = call_of("work", {"steps": STEPS}, ID, session)
    async with httpx.AsyncClient(timeout=ASKED_S) as client:
        return (await client.post(url, json=message, headers=headers)).content


@contextlib.asynccontextmanager
async def _ours(url: str, proxy: Relay, revision: str) -> AsyncIterator[Call]:
    session = await open_session(url) if revision == RESUMES else {}
    ids = itertools.count(ID)  # used again, an id would mean two calls, and one would get what was kept for the other

    async def call() -> tuple[list[int], bool]:
        message, headers = call_of("work", {"steps": STEPS}, next(ids), session)
        came: list[dict[str, Any]] = []
        with contextlib.suppress(StreamLost):
            async for value in call_tool(proxy.url, message, headers):
                came.append(value)
        return [value["params"]["progress"] for value in came if "method" in value], any("result" in v for v in came)

    yield call


@contextlib.asynccontextmanager
async def _official(url: str, proxy: Relay, revision: str) -> AsyncIterator[Call]:
    from mcp import Client, MCPError

    async with Client(proxy.url, mode="legacy" if revision == RESUMES else revision) as client:

        async def call() -> tuple[list[int], bool]:
            came: list[int] = []

            async def note(progress: float, total: float | None, message: str | None) -> None:
                came.append(int(progress))

            try:
                answer = await client.call_tool("work", {"steps": STEPS}, progress_callback=note)
            except MCPError:
                return came, False
            return came, not answer.is_error

        await call()  # once it asks for the list of tools, too
        if revision != STATELESS:  # a stream for what belongs to no call
            await wait_until(lambda: proxy.open == 1)
        yield call
