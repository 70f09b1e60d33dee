"""Answers that several servers share: what one generates can be read on, and stopped, at another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from labkit.dialects import Oddity, TokenCounts
from labkit.errors import LabError
from labkit.llm.generation import AnswerStopped, Generation
from labkit.llm.shared_feed import SharedFeed
from labkit.llm.shared_parts import parts_as_json, parts_from_json
from labkit.llm.trouble import ModelFailed
from labkit.log.redis_connection import TIMEOUT_S, advice_for, cause_of, open_client, redis_package, shown_redis_url

T = TypeVar("T")

#: How long an answer is taken for alive when its server says nothing. Precedent: Redis Sentinel's tutorial waits 5 s.
LEASE_S = 5.0
#: How long an answer can be read elsewhere after its newest part.
LIFETIME_S = 3600.0
#: How often a server says that it still generates, and looks whether it is to stop: a part of the lease.
TICKS = 10
GONE = "the server that made this answer is gone"


class SharedAnswers:
    """The answers of several servers in one Redis: give it to each server's Studio.

    A server that is asked for an answer of another one reads its parts from Redis to their end, and gives them out
    under the same ids. It tells the other that somebody reads, and when somebody wants it to stop. If the other dies,
    the answer ends as unfinished after one and a half `lease_s`. A generator cannot go on elsewhere: a model that is
    asked again answers something else.

    Args:
        url: as RedisLog takes it.
        name: tells these answers from those of other services in the same Redis.
        lease_s: how long a server may be silent before it is taken for dead.
        lifetime_s: how long an answer stays there after its newest part.

    Raises:
        LabError: the package redis is not installed, or the URL is none.
    """

    def __init__(
        self, url: str, name: str = "answers", lease_s: float = LEASE_S, lifetime_s: float = LIFETIME_S
    ) -> None:
        self.shown_url = shown_redis_url(url)
        self.lease_s, self.tick_s = lease_s, lease_s / TICKS
        self._lifetime_ms, self._name = round(lifetime_s * 1000), name
        self._client: Any = open_client(url, TIMEOUT_S)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="labkit answers")
        self._feed = SharedFeed(url, self.tick_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: dict[str, asyncio.Event] = {}
        package = redis_package()
        self._problems = (package.RedisError, package.RedisClusterException, OSError)

    def _keys(self, number: str) -> tuple[str, str, str, str]:
        # One tag for all of them: a cluster keeps them on one node, where one question can wait for several answers.
        stem = f"labkit:{{{self._name}}}:{number}"
        return f"{stem}:parts", f"{stem}:lease", f"{stem}:stop", f"{stem}:readers"

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    def publish(self, number: str, generation: Generation) -> None:
        """Lets others read this answer, from now to its end. Call it on the loop that the answer belongs to."""
        self._begun[number] = asyncio.Event()
        task = asyncio.ensure_future(self._publish(number, generation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._begun.pop(number, None))

    async def begun(self, number: str) -> None:
        """Returns when others can find this answer. A Redis that is away is not waited for: it is made all the same."""
        if (begun := self._begun.get(number)) is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TIMEOUT_S):
                    await begun.wait()

    async def _publish(self, number: str, generation: Generation) -> None:
        sent = -1  # not even the beginning
        ended = False
        while not ended:
            changed, is_last = generation.changed, generation.state != "running"
            entry: dict[str, Any] = {"from": max(sent, 0), "parts": parts_as_json(generation.parts[max(sent, 0) :])}
            if sent < 0:
                extras = {name: generation.extras[name] for name in ("model", "created") if name in generation.extras}
                entry["begin"] = {"epoch": generation.epoch, "prompt": generation.prompt, "extras": extras}
            if is_last:
                entry["end"] = _end_of(generation)
            is_news = sent < 0 or is_last or bool(entry["parts"])
            try:
                stop, readers = await self._ask(partial(self._write, number, json.dumps(entry) if is_news else None))
            except self._problems:  # it is tried again: who has it already passes over it
                self._begun[number].set()
                await asyncio.sleep(self.tick_s)
                continue
            self._begun[number].set()
            sent, ended = entry["from"] + len(entry["parts"]), is_last
            if readers:
                generation.keep_alive()
            if stop:
                generation.cancel(stop.decode("utf-8", "replace"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.tick_s):
                    await changed.wait()

    def _write(self, number: str, entry: str | None) -> tuple[bytes | None, int]:
        """Keeps an entry, and the lease; says why to stop, and whether others read."""
        parts, lease, stop, readers = self._keys(number)
        with self._client.pipeline(transaction=False) as pipeline:
            if entry is not None:
                pipeline.xadd(parts, {"json": entry})
                pipeline.pexpire(parts, self._lifetime_ms)
            pipeline.set(lease, 1, px=round(self.lease_s * 1000))
            pipeline.get(stop)
            pipeline.exists(readers)
            answers = pipeline.execute()
        return answers[-2], answers[-1]

    async def find(self, number: str) -> Generation | None:
        """The answer of another server, as a Generation that follows it; None if there is none.

        Raises:
            LabError: Redis did not say.
        """
        key = self._keys(number)[0]
        try:
            entries = await self._ask(partial(self._client.xrange, key, "-", "+", 1))
        except self._problems as problem:
            why = f"the answers of other servers, on {self.shown_url}, cannot be read: {cause_of(problem)}"
            raise LabError(f"{why}. {advice_for(problem)}") from None
        if not entries:
            return None
        begin = json.loads(entries[0][1][b"json"])["begin"]
        return FollowedGeneration(self, number, begin)

    async def follow(self, number: str, readers: Callable[[], int]) -> AsyncGenerator[Any, None]:
        """The parts of another server's answer, to its end.

        Raises:
            AnswerStopped: it was stopped.
            ModelFailed: it failed, or its server is gone.
        """
        seen, silent_ticks, next_tick_s = 0, 0, time.monotonic() + self.tick_s
        with self._feed.subscribe(self._keys(number)[0]) as entries:
            while True:
                entry: dict[str, Any] = {"from": seen, "parts": []}
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, next_tick_s - time.monotonic())):
                        entry = json.loads(await entries.get())
                for part in parts_from_json(entry["parts"])[max(0, seen - entry["from"]) :]:
                    seen += 1
                    yield part
                if "end" in entry:
                    for last in _raise_or_give(entry["end"]):
                        yield last
                    return
                if time.monotonic() >= next_tick_s:
                    next_tick_s = time.monotonic() + self.tick_s
                    silent_ticks = await self._look_after(number, seen, readers(), silent_ticks)

    async def _look_after(self, number: str, seen: int, readers: int, silent_ticks: int) -> int:
        """Tells the other server that somebody reads. Ends the answer for all, where that server has been gone."""
        parts, lease, stop, reader = self._keys(number)

        def look() -> bool:
            if readers:
                self._client.set(reader, 1, px=round(self.lease_s * 1000))
            return bool(self._client.exists(lease))

        def end() -> None:
            said = {"state": "failed", "ending": "unfinished", "why": GONE}
            self._client.set(stop, GONE, px=self._lifetime_ms)  # should it come back, it is told so
            self._client.xadd(parts, {"json": json.dumps({"from": seen, "parts": [], "end": said})})
            self._client.pexpire(parts, self._lifetime_ms)

        try:
            silent_ticks = 0 if await self._ask(look) else silent_ticks + 1
            # The lease itself is over by then. A Redis that was away with it gives the server time to renew it.
            if silent_ticks == TICKS // 2:
                await self._ask(end)
        except self._problems:
            return 0
        return silent_ticks

    async def ask_to_stop(self, number: str, why: str) -> None:
        """Tells the server that generates this answer to stop.

        Raises:
            LabError: Redis did not take it.
        """
        try:
            await self._ask(partial(self._client.set, self._keys(number)[2], why, px=self._lifetime_ms))
        except self._problems as problem:
            raise LabError(f"the answer cannot be stopped now: {cause_of(problem)}. {advice_for(problem)}") from None

    def close(self) -> None:
        """Ends its threads and connections. Nobody may read these answers any more."""
        for task in self._tasks:
            task.cancel()
        self._feed.close()
        self._threads.shutdown(wait=False)
        self._client.close()


class FollowedGeneration(Generation):
    """An answer that another server generates, with the same parts under the same ids."""

    def __init__(self, shared: SharedAnswers, number: str, begin: dict[str, Any]) -> None:
        self._shared, self._number = shared, number
        parts = shared.follow(number, lambda: self.readers)
        super().__init__(parts, prompt=begin["prompt"], abandoned_after_s=None, epoch=begin["epoch"])
        self.extras.update(begin["extras"])

    async def stop(self, why: str) -> None:
        """Stops it where it is generated. Returns when it has ended there.

        Raises:
            LabError: that server could not be told.
        """
        await self._shared.ask_to_stop(self._number, why)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * self._shared.lease_s):
                while self.state == "running":
                    await self.changed.wait()


def _end_of(generation: Generation) -> dict[str, Any]:
    counts = generation.token_counts
    return {
        "state": generation.state,
        "ending": generation.ending,
        "why": generation.why,
        "counts": None if counts is None else [counts.prompt_tokens, counts.answer_tokens],
        "notes": generation.notes,
    }


def _raise_or_give(end: dict[str, Any]) -> list[Oddity | TokenCounts]:
    """What the end of an answer says beside its parts, or its failure."""
    if end["state"] == "cancelled":
        raise AnswerStopped(end["why"])
    if end["state"] == "failed":
        raise ModelFailed(end["why"], end["ending"])
    counts = [TokenCounts(*end["counts"])] if end["counts"] else []
    return [*counts, *(Oddity("", note) for note in end["notes"])]
