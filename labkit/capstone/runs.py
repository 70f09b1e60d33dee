"""The runs of the job that the checklist asks for, and what readers of many kinds received of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from labkit.capstone.latecomers import LateReader
from labkit.capstone.states import read_state, states_of
from labkit.capstone.target import Target
from labkit.client import ResponseRecorder, watch
from labkit.client.httpx_client import new_client
from labkit.clock import wait_until
from labkit.doctor.request import NotExamined, Request
from labkit.errors import LimitExceeded
from labkit.faults import Cut, Fault, FillBuffers, IdleTimeout, Unless
from labkit.proxy import relay
from labkit.recording import Recording
from labkit.testing.cuts import CutAttempt, read_with_cuts
from labkit.testing.reader import Asked, EventReader
from labkit.wire import Decoder, Event
from labkit.wire.session import opens_stream

#: Where the live stream is cut, each by a reader of its own: between events, inside of them, and in every way.
LIVE_CUTS = (
    Cut(events=1), Cut(events=2), Cut(events=1, into=9), Cut(events=2, into=40), Cut(events=3, how="rst"),
    Cut(events=2, how="clean"),
)  # fmt: skip
#: Ids that no server has given.
UNKNOWN_IDS = ("nobody-knows-this", "999999", "é-1")
TRIES = 4
KNOWN = 4  # events there are before one comes late: the past and the newest state must differ
#: A silence that is so many times longer than all before is taken for the long step of the job.
PAUSE_TIMES = 2.5
SOON_S = 1.0  # what a snapshot may take
RETURN_S = 2.0  # who comes back when all is over is watched for so long
ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How long things may take, in seconds.

    `seconds`: one run of the job. `idle_s`: the silence that the impatient proxy allows. `notice_s`: how soon a reader
    who left must be noticed. `sleepers` is how many slow readers there are, `cuts` where the live stream is cut;
    `browser`: whether a Chromium is asked.
    """

    seconds: float = 10.0
    idle_s: float = 1.0
    notice_s: float = 2.0
    sleepers: int = 12
    cuts: tuple[Cut, ...] = LIVE_CUTS
    browser: bool = True


@dataclass
class FirstRun:
    """All that was seen of the first run of the job. What could not be asked is missing.

    `start` and `second_start` are the statuses of the answers to POST /start, 0 without one; the first took `start_s`
    seconds. `whole` is what the reader received who was there from the beginning; `late` and `strangers` came later,
    without an id and with one that nobody knows; `returned` came back when the job was over, `newcomer` came then
    without an id.
    """

    start: int = 0
    start_s: float = 0.0
    problem: str = ""
    whole: Recording = field(default_factory=lambda: Recording(0))
    second_start: int = 0
    late: list[LateReader] = field(default_factory=list)
    strangers: list[LateReader] = field(default_factory=list)
    reference: EventReader | None = None
    attempts: list[CutAttempt] = field(default_factory=list)
    buffered: Recording | None = None
    idle: Recording | None = None
    returned: Recording | None = None
    newcomer: Recording | None = None


@dataclass(frozen=True)
class ShortRun:
    """A short run, recorded whole, and what was answered to each id that it gave: id -> recording."""

    whole: Recording
    answers: Mapping[str, Recording]


class Watching:
    """Called by watch() after each piece: keeps the events that came so far; True when there are `enough`."""

    def __init__(self, enough: int | None = None) -> None:
        self.events: list[Event] = []
        self._decoder, self._enough = Decoder(), enough
        self._newest_s, self._longest_s = time.monotonic(), 0.0

    @property
    def pauses(self) -> bool:
        """Whether the job says nothing for longer than ever before: then nothing comes while somebody asks."""
        return len(self.events) > 3 and time.monotonic() - self._newest_s > PAUSE_TIMES * self._longest_s

    def __call__(self, recorder: ResponseRecorder) -> bool:
        try:
            events = [signal for signal in self._decoder.feed(recorder.newest) if isinstance(signal, Event)]
        except LimitExceeded:
            return True
        if events:
            before_s, self._newest_s = self._newest_s, time.monotonic()
            self._longest_s = max(self._longest_s, self._newest_s - before_s) if self.events else 0.0
            self.events += events
        return self._enough is not None and len(self.events) >= self._enough


class JobRuns:
    """Asks the target for runs of its job, each once, and keeps what came of them."""

    def __init__(self, target: Target, settings: Settings) -> None:
        self.target, self.settings = target, settings
        self._kept: dict[str, Any] = {}

    async def once(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """What `make` gave when it was first called under this name."""
        if name not in self._kept:
            self._kept[name] = await make()
        return self._kept[name]

    async def first(self) -> FirstRun:
        """The first run of the flaky job."""
        run: FirstRun = await self.once("first", self._see_first)
        return run

    async def short(self) -> ShortRun:
        """The short run."""
        run: ShortRun = await self.once("short", self._see_short)
        return run

    async def start(self, kind: str = "") -> int:
        """The status of the answer to POST /start.

        Raises:
            httpx.HTTPError: there is no answer.
        """
        url = self.target.start + (f"?{urlencode({'job': kind})}" if kind else "")
        async with new_client(url) as client:
            return (await client.post(url, timeout=ANSWER_S)).status_code

    async def ask(
        self,
        seconds: float,
        stop_when: Callable[[ResponseRecorder], bool] = lambda recorder: False,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Recording:
        """A recording of /events; of status 0 where nothing answers."""
        try:
            return await Request(self.target.events).ask(seconds, headers, stop_when)
        except NotExamined as problem:
            return Recording(0, broken=str(problem))

    async def _see_first(self) -> FirstRun:
        run, asked_s = FirstRun(), time.monotonic()
        try:
            run.start = await self.start()
            run.start_s = time.monotonic() - asked_s
        except httpx.HTTPError as problem:
            run.problem = f"{self.target.start} gives no answer: {str(problem) or type(problem).__name__}"
            return run
        watching = Watching()
        whole = asyncio.ensure_future(self.ask(self.settings.seconds, watching))
        if await self._is_old(watching, whole):
            await whole
            watching = Watching()
            await self.start()
            whole = asyncio.ensure_future(self.ask(self.settings.seconds, watching))
        await wait_until(lambda: len(watching.events) > 1 or whole.done(), self.settings.seconds)
        if not whole.done():
            await self._send_others(run, watching, whole)
        run.whole = await whole
        await self._come_back(run)
        return run

    async def _is_old(self, watching: Watching, whole: asyncio.Task[Recording]) -> bool:
        """Whether the job was in the middle of a run already."""
        await wait_until(lambda: bool(watching.events) or whole.done(), SOON_S)
        states = states_of(watching.events[:1])
        return bool(states) and 3 * states[0].step > states[0].of

    async def _send_others(self, run: FirstRun, watching: Watching, whole: asyncio.Task[Recording]) -> None:
        """Sends all other readers, as long as the first one reads."""
        others = [asyncio.ensure_future(self._send_late(run, watching, whole))]
        if self.target.relayed:
            others += [asyncio.ensure_future(work) for work in (self._cut(run), self._behind_proxies(run))]
        _, unfinished = await asyncio.wait(others, timeout=2 * self.settings.seconds)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _send_late(self, run: FirstRun, watching: Watching, whole: asyncio.Task[Recording]) -> None:
        try:
            run.second_start = await self.start()
        except httpx.HTTPError:
            run.second_start = 0

        async def come(last_event_id: str, enough: int | None, seconds: float) -> LateReader:
            headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
            known = tuple(watching.events)
            return LateReader(last_event_id, known, await self.ask(seconds, Watching(enough), headers))

        async def ask_all() -> None:
            late, *strangers = await asyncio.gather(come("", 1, SOON_S), *(come(id, 1, SOON_S) for id in UNKNOWN_IDS))
            run.late.append(late)
            run.strangers += strangers

        await wait_until(lambda: len(watching.events) >= KNOWN or whole.done(), self.settings.seconds)
        staying = asyncio.ensure_future(come("", None, self.settings.seconds))
        while len(run.late) < TRIES and not whole.done():
            await ask_all()  # between two states, the newest may be another one when the answer comes
            if not run.late[-1].problem and all(stranger.told for stranger in run.strangers):
                break
            await wait_until(lambda: watching.pauses or whole.done(), self.settings.idle_s)
        run.late.insert(0, await staying)

    async def _cut(self, run: FirstRun) -> None:
        asked, cuts = Asked(self.target.events, {}, None, True), self.settings.cuts
        if cuts:
            run.reference, run.attempts = await read_with_cuts(asked, cuts, self.settings.seconds)

    async def _behind_proxies(self, run: FirstRun) -> None:
        """Reads behind a proxy that buffers unless it is told not to, and behind one that ends what is silent."""
        buffering = Unless("x-accel-buffering", "no", FillBuffers())
        run.buffered, run.idle = await asyncio.gather(
            self._behind(buffering), self._behind(IdleTimeout(self.settings.idle_s))
        )

    async def _behind(self, fault: Fault) -> Recording:
        async with relay(self.target.events, fault, anywhere=True) as proxy:
            query = urlsplit(self.target.events).query
            return await watch(proxy.url + (f"?{query}" if query else ""), self.settings.seconds)

    async def _come_back(self, run: FirstRun) -> None:
        """Comes back when all is over: with the newest id, as a browser does by itself, and as a new reader."""
        events = run.whole.events
        if not run.whole.ended or not events or not opens_as_stream(run.whole):
            return
        last = events[-1].last_event_id
        headers = {"Last-Event-ID": last} if last else {}
        run.returned, run.newcomer = await asyncio.gather(self.ask(RETURN_S, headers=headers), self.ask(RETURN_S))

    async def _see_short(self) -> ShortRun:
        await self.start("short")
        whole = await self.ask(self.settings.seconds)
        ids = dict.fromkeys(event.last_event_id for event in whole.events if event.last_event_id)
        recordings = await asyncio.gather(*(self.ask(RETURN_S, headers={"Last-Event-ID": id}) for id in ids))
        return ShortRun(whole, dict(zip(ids, recordings, strict=True)))

    async def leave(self) -> tuple[float, float]:
        """Starts the job, opens the stream, and leaves it at its second event. When it left, as a monotonic time, and
        how many seconds the job then goes on, as far as the first run tells."""
        await self.start()
        began_s = time.monotonic()
        await self.ask(self.settings.seconds, Watching(2))
        whole = (await self.first()).whole
        left_s = time.monotonic()
        return left_s, max(0.0, whole.end_s - whole.sent_s - (left_s - began_s))

    async def reader_count(self) -> int | None:
        """How many readers the server has, by Labkit-Readers in its answer to HEAD; None if it does not say that."""
        try:
            async with new_client(self.target.events) as client:
                answer = await client.head(self.target.events, timeout=ANSWER_S)
            return int(answer.headers.get("labkit-readers", ""))
        except (httpx.HTTPError, ValueError):
            return None


def opens_as_stream(recording: Recording) -> bool:
    """Whether a browser would open it as an event stream."""
    return opens_stream(recording.status, recording.headers.get("content-type"))


def final_state_in(recording: Recording) -> bool:
    """Whether one of the events says that the job is over."""
    return any(state.final for state in states_of(recording.events))


def says_state(event: Event) -> str:
    """Why this event does not say the state of the job; "" if it does."""
    try:
        read_state(event)
    except ValueError as problem:
        return str(problem)
    return ""
