"""The flaky job of the capstone: it works in steps, fails, tries again, pauses, and says strange things. Given to you.

The same seed gives the same steps, failures and notes. Only `run` differs: it names one start of the job.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

#: What a job can be asked to be; POST /start?job=NAME names one.
KINDS = ("flaky", "short", "noisy")
#: What "state" may say. The last two end a run; "waiting" is for a server that has no job yet.
STATES = ("waiting", "running", "failed", "retrying", "done", "gave up")
FINAL = ("done", "gave up")

EVERY_S = 0.15
#: One step of the flaky job says nothing for so many times as long.
PAUSE_TIMES = 10
STEPS, SHORT_STEPS, NOISY_STEPS = 8, 3, 128
NOISE_BYTES = 32 * 1024
NOISY_EVERY_S = 0.004

#: Shown as HTML, it runs. It is a text that somebody typed, and a page must show it as that.
HOSTILE_NOTE = '<img src=x onerror="window.hostileRan = true"> is the name of a file'
#: Put into a stream as it is, it ends one event and forges another.
TWO_LINES = 'the compiler said:\n\ndata: {"state": "done"}'

_NOTES = (
    "fetched the sources", "unpacked 214 files", "compiled the first half", HOSTILE_NOTE, "compiled the rest",
    TWO_LINES, "ran the tests", "packed the result",
)  # fmt: skip
_TROUBLES = ("the network was away", "a test timed out", "the disk was busy", "no worker was free")


def flaky_job(
    kind: str = "flaky", *, seed: int = 1, every_s: float = EVERY_S, pause_s: float | None = None
) -> AsyncIterator[dict[str, Any]]:
    """The states of one run, as they happen: {"run", "step", "of", "attempt", "state", "note"}. The last one is done.

    Args:
        kind: "flaky"; "short", which is over after five states; or "noisy", with 4 MB of notes.
        seed: which steps fail, and why.
        every_s: how many seconds pass between two states.
        pause_s: how long the long step of the flaky job says nothing; PAUSE_TIMES * every_s unless given.

    Raises:
        ValueError: there is no such kind.
    """
    return _play(list(_plan(kind, seed, every_s, pause_s)))


def flaky_job_sync(
    kind: str = "flaky", *, seed: int = 1, every_s: float = EVERY_S, pause_s: float | None = None
) -> Iterator[dict[str, Any]]:
    """The same for a server without `async`: a plain generator, which sleeps between two states.

    Raises:
        ValueError: there is no such kind.
    """
    states = list(_plan(kind, seed, every_s, pause_s))

    def play() -> Iterator[dict[str, Any]]:
        for wait_s, state in states:
            time.sleep(wait_s)
            yield state

    return play()


async def _play(states: list[tuple[float, dict[str, Any]]]) -> AsyncIterator[dict[str, Any]]:
    for wait_s, state in states:
        await asyncio.sleep(wait_s)
        yield state


def _plan(kind: str, seed: int, every_s: float, pause_s: float | None) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each state with the seconds that pass before it."""
    if kind not in KINDS:
        raise ValueError(f"job={kind!r} is not known. There is: {', '.join(KINDS)}")
    of = {"flaky": STEPS, "short": SHORT_STEPS, "noisy": NOISY_STEPS}[kind]
    every_s = min(every_s, NOISY_EVERY_S) if kind == "noisy" else every_s
    run, rng = secrets.token_hex(4), Random(seed)
    failing = set(rng.sample(range(2, of), 2)) if kind == "flaky" else set()
    long_step = of // 2 + 1 if kind == "flaky" else 0

    def state(step: int, attempt: int, word: str, note: str) -> dict[str, Any]:
        return {"run": run, "step": step, "of": of, "attempt": attempt, "state": word, "note": note}

    yield 0.0, state(0, 1, "running", "the job begins")
    for step in range(1, of + 1):
        attempt = 1
        if step in failing:
            yield every_s, state(step, 1, "failed", rng.choice(_TROUBLES))
            attempt = 2
            yield every_s, state(step, attempt, "retrying", "once more")
        wait_s = every_s if step != long_step else PAUSE_TIMES * every_s if pause_s is None else pause_s
        yield wait_s, state(step, attempt, "running", _note(kind, step))
    yield every_s, state(of, 1, "done", f"all {of} steps are done")


def _note(kind: str, step: int) -> str:
    if kind == "noisy":
        return f"{step:04d} " * (NOISE_BYTES // 5)
    return _NOTES[(step - 1) % len(_NOTES)]
