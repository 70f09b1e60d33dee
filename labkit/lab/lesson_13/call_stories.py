"""What lesson 13 does with a tool of MCP: it reads the bytes of a call, and cuts one in the middle of its work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from labkit.clock import wait_until
from labkit.errors import StreamLost, counted
from labkit.faults import Cut, First
from labkit.lab.lesson_13.cut_calls import CallTally, cut_everywhere, whole_answer
from labkit.lab.lesson_13.kept import KeptResult, measured_or_kept
from labkit.lab.lesson_13.tool_call import RESUMES, STATELESS, call_of, call_tool, open_session
from labkit.proxy import relay

CLIENTS = ("official", "ours")
#: A call that is cut in the middle: so many steps, so long each, and so many notifications before the cut.
SLOW_STEPS, STEP_S, SEEN = 6, 0.1, 3


async def call_bodies() -> KeptResult:
    """The body of a call's answer, as text, by revision: {"2025-11-25": "id: 1...", "2026-07-28": "event: ..."}."""

    async def measure() -> dict[str, str]:
        from labkit.lab.lesson_13.mcp_server import tool_server

        async with tool_server() as server:
            return {name: (await whole_answer(server.url, name)).decode() for name in (RESUMES, STATELESS)}

    return await measured_or_kept("mcp-bodies", measure)


async def cut_both(every: int) -> list[CallTally]:
    """A call, cut at every so many bytes: two revisions, and two clients for each.

    Without the package mcp it is what was recorded.

    Args:
        every: how many bytes lie between two cuts.
    """

    async def measure() -> list[dict[str, Any]]:
        pairs = [(revision, client) for revision in (RESUMES, STATELESS) for client in CLIENTS]
        return [asdict(await cut_everywhere(revision, client, every)) for revision, client in pairs]

    return [CallTally(**told) for told in (await measured_or_kept("mcp-cuts", measure)).value]


@dataclass(frozen=True, slots=True)
class CutCall:
    """A call that was cut in the middle of its work, and what came of it.

    Args:
        revision: of the protocol.
        progress: the notifications that the client got, by their numbers, in order.
        answered: whether the answer came.
        runs: how often the tool began to work.
        steps: how many steps it did, over all runs.
        ended: how the first run ended: "done" or "cancelled".
    """

    revision: str
    progress: tuple[int, ...]
    answered: bool
    runs: int
    steps: int
    ended: str

    def __repr__(self) -> str:
        notes = ", ".join(map(str, self.progress))
        answer = "the answer came" if self.answered else "no answer"
        work = f"the tool began {self.runs}x, did {counted(self.steps, 'step')}"
        return f"{self.revision}: notifications {notes}; {answer}; {work}"


async def cut_in_mid_call(revision: str, ask_again: bool = False) -> CutCall:
    """A call of six steps, cut behind its third notification.

    Args:
        revision: of the protocol.
        ask_again: where it cannot be resumed, the client makes the call a second time.
    """

    async def measure() -> dict[str, Any]:
        return await _cut_in_mid_call(revision, 2 if ask_again else 1)

    kept = await measured_or_kept(f"mcp-mid-call-{revision}{'-again' if ask_again else ''}", measure)
    return CutCall(**{**kept.value, "progress": tuple(kept.value["progress"])})


async def _cut_in_mid_call(revision: str, attempts: int) -> dict[str, Any]:
    from labkit.lab.lesson_13.mcp_server import tool_server

    came: list[dict[str, Any]] = []
    async with tool_server(STEP_S) as server, relay(server.url) as proxy:
        session = await open_session(server.url) if revision == RESUMES else {}
        priming = 1 if revision == RESUMES else 0
        proxy.set(First(1, Cut(events=SEEN + priming)))
        for attempt in range(attempts):
            message, headers = call_of("work", {"steps": SLOW_STEPS}, attempt + 1, session)
            with contextlib.suppress(StreamLost):
                async for value in call_tool(proxy.url, message, headers):
                    came.append(value)
        await asyncio.sleep(2 * STEP_S)
        await wait_until(lambda: all(run.ended for run in server.runs), 5)
        runs = list(server.runs)
    return {
        "revision": revision, "progress": progress_of(came), "answered": any("result" in value for value in came),
        "runs": len(runs), "steps": sum(run.steps for run in runs), "ended": runs[0].ended,
    }  # fmt: skip


def progress_of(messages: Iterable[dict[str, Any]]) -> list[int]:
    """The numbers in the progress notifications among these messages."""
    return [int(m["params"]["progress"]) for m in messages if m.get("method") == "notifications/progress"]
