"""A log on Redis: several servers share it, and show the same ids."""

from __future__ import annotations

import contextlib
import random
import secrets
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from labkit.errors import LabError, LogFailed, counted
from labkit.log.contract import Replay
from labkit.log.ids import MAX_DIGITS, check_epoch, first_page
from labkit.log.redis_connection import (
    TIMEOUT_S,
    advice_for,
    cause_of,
    may_pass,
    name_with_version,
    open_client,
    redis_package,
    shown_redis_url,
)
from labkit.log.redis_scripts import APPEND, READ
from labkit.wire import Frame

#: Precedent: Redis' own examples of XADD trim to some thousands, and Mercure's log on Redis to as many as it is told.
MAX_SHARED_EVENTS = 10_000
#: A page's events of some KiB each, ten thousand times, are still a small part of what a Redis has.
MAX_SHARED_BYTES = 64 * 1024 * 1024
#: So many events are asked for at once.
PAGE_EVENTS = 200
#: How long the next attempt waits at first, and at most, while Redis is away.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.02, 0.5
#: Redis numbers are exact up to here: its scripts count in floating point.
_MAX_NUMBER = 2**53

_PARTS = {"d": "data", "t": "event", "r": "retry_ms", "c": "comment"}


class RedisLog:
    """Keeps frames in a Redis, or a Valkey: for all processes that name the same one. See SharedLog.

    One script numbers an event, keeps it and drops the oldest: ids are `epoch-n` without a hole, whoever appends. The
    epoch changes where Redis may have forgotten something: it started again, another machine took over, or its keys
    were dropped. Ids from before are known for as long as their event is there; all others are a gap. An append has
    been taken by Redis when it returns; whether it survives a power cut is a matter of Redis' append-only file.

    It may be used by several threads at once. What goes wrong with Redis is a LogFailed at once, or after `wait_s`.

    Args:
        url: redis://:PASSWORD@host:6379/0, rediss:// for TLS, unix:///path, `redis+sentinel://host:26379/SERVICE/0` or
            `redis+cluster://host:7000`, with the options of redis-py behind a question mark.
        name: tells this log from others in the same Redis; its keys are labkit:{name} and labkit:{name}:events.
        max_events: how many frames it keeps. All who append should say the same.
        max_bytes: how much their data may be together; the newest is kept at any size.
        wait_s: how long an append, and this constructor, wait for a Redis that is away. An append that is tried again
            is kept once, also where Redis had taken it and could not say so.
        lifetime_s: the whole log is gone when nothing was appended for so long; None keeps it.
        epoch: the epoch to begin with, random unless given.
        now_s, sleep_s: the clock; replaced in tests.

    Raises:
        LabError: the package redis is not installed, the URL is none, or this Redis cannot be used.
        ValueError: a setting that no log can have.
    """

    blocking = True
    shared = True

    def __init__(
        self,
        url: str,
        name: str = "events",
        max_events: int = MAX_SHARED_EVENTS,
        max_bytes: int = MAX_SHARED_BYTES,
        wait_s: float = 0.0,
        *,
        lifetime_s: float | None = None,
        epoch: str | None = None,
        now_s: Callable[[], float] = time.monotonic,
        sleep_s: Callable[[float], object] = time.sleep,
    ) -> None:
        if max_events < 1 or max_bytes < 1:
            raise ValueError(f"max_events={max_events}, max_bytes={max_bytes}: a log must keep at least one event")
        if not name or set(name) & set("{}\r\n"):
            raise ValueError(f"name={name!r}: a name is not empty, and holds no brace and no line end")
        if epoch is not None:
            check_epoch(epoch)
        self.name = name
        self.shown_url = shown_redis_url(url)
        self._settings = (max_events, max_bytes, round((lifetime_s or 0) * 1000))
        self._wait_s, self._now_s, self._sleep_s = wait_s, now_s, sleep_s
        self._first_epoch, self._seen = epoch, 0
        self._problems = (redis_package().RedisError, redis_package().RedisClusterException, OSError)
        self._url = url
        self._waiting_client: Any = None
        self._client = open_client(url)
        keys = [f"labkit:{{{name}}}", f"labkit:{{{name}}}:events"]  # in braces: a cluster keeps both on one node
        self.keys = (keys[0], keys[1])
        self._patiently("opened", lambda attempt: self._open())

    def _open(self) -> None:
        self.server = name_with_version(self._client)
        self._append_script = self._client.register_script(APPEND)
        self._read_script = self._client.register_script(READ)
        self._read("", -1, 0)

    @property
    def epoch(self) -> str:
        """What stands before the hyphen of the newest id."""
        return self.last_id().rpartition("-")[0]

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""
        return int(self.last_id().rpartition("-")[2])

    def last_id(self) -> str:
        """The newest id. See SharedLog."""
        with self._told("read"):
            return self._read("", -1, 0)[0]

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id, when Redis has taken it. See EventLog.

        Raises:
            LogFailed: Redis refused it, or was away for longer than `wait_s`.
        """
        parts = {key: getattr(frame, part) for key, part in _PARTS.items()}
        fields = [value for key, part in parts.items() if part is not None for value in (key, part)]
        size_bytes = sum(len(str(part).encode()) for part in parts.values() if part is not None)
        token, seen = secrets.token_urlsafe(9), self._seen

        def append(attempt: int) -> str:
            settings = [self._new_epoch(), self._seen, token, seen if attempt else "", *self._settings]
            epoch, number = self._append_script(keys=self.keys, args=[*settings, size_bytes, *fields])
            self._seen = max(self._seen, int(number))
            return f"{epoch.decode()}-{int(number)}"

        id: str = self._patiently("written", append)
        return id

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        """The frames after this id, and whether there is a gap. See EventLog.

        Raises:
            LogFailed: Redis did not say.
        """
        if not last_event_id:
            return Replay(())
        with self._told("read"):
            _, gap, frames = self._read(*_position(last_event_id), PAGE_EVENTS)
            return Replay(tuple(first_page(self._with_more(frames), max_bytes)), gap)

    def wait_since(self, last_event_id: str, wait_s: float) -> Replay:
        """The next frames after this id, as soon as there are any. See SharedLog.

        Raises:
            LogFailed: Redis did not say.
        """
        epoch, number = _position(last_event_id)
        with self._told("followed"):
            if self._waiting_client is None:  # a client of its own: it may say nothing for so long
                self._waiting_client = open_client(self._url, TIMEOUT_S + wait_s)
            answer = self._waiting_client.xread(
                {self.keys[1]: f"0-{max(number, 0)}"}, PAGE_EVENTS, max(1, round(wait_s * 1000))
            )
            frames = [*_frames(answer[0][1])] if answer else []
        if frames and _follows(frames, epoch, number):
            self._note(frames)
            return Replay(tuple(frames))
        # Nothing new, or not what should come next: is this still the history that the id is from?
        with self._told("followed"):
            _, gap, frames = self._read(epoch, number, PAGE_EVENTS)
        return Replay(tuple(frames), gap)

    def _with_more(self, frames: list[Frame]) -> Iterator[Frame]:
        while frames:
            yield from frames
            if len(frames) < PAGE_EVENTS or frames[-1].id is None:
                return
            _, gap, frames = self._read(*_position(frames[-1].id), PAGE_EVENTS)
            if gap:
                return  # it is told to whoever asks for what comes behind

    def _read(self, epoch: str, number: int, count: int) -> tuple[str, bool, list[Frame]]:
        """The newest id, whether there is a gap behind this id, and the frames up to the next hole."""
        args: list[str | int] = [self._new_epoch(), self._seen, epoch, number, count]
        newest_epoch, newest, gap, entries = self._read_script(keys=self.keys, args=args)
        frames = [*_frames([(id, dict(zip(*[iter(parts)] * 2, strict=True))) for id, parts in entries])]
        self._seen = max(self._seen, int(newest))
        return f"{newest_epoch.decode()}-{int(newest)}", bool(gap), frames

    def _note(self, frames: list[Frame]) -> None:
        self._seen = max(self._seen, _position(frames[-1].id or "")[1])

    def _new_epoch(self) -> str:
        return self._first_epoch if self._first_epoch and not self._seen else secrets.token_hex(4)

    def _patiently(self, action: str, work: Callable[[int], Any]) -> Any:
        """The result of `work(attempt)`, tried again for `wait_s` where Redis is away."""
        end_s, pause_s, attempt = self._now_s() + self._wait_s, FIRST_WAIT_S, 0
        while True:
            try:
                with self._told(action):
                    return work(attempt)
            except LogFailed as problem:
                left_s = end_s - self._now_s()
                if left_s <= 0 or not problem.is_away:
                    raise
                self._sleep_s(min(left_s, pause_s * random.uniform(0.5, 1.0)))
                pause_s, attempt = min(2 * pause_s, LONGEST_WAIT_S), attempt + 1

    @contextlib.contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """Says what went wrong with Redis in words."""
        try:
            yield
        except LabError as problem:  # it is too old
            raise LabError(f"{self.shown_url} cannot be used as a log: {problem}") from None
        except self._problems as problem:
            place = f"{self.name!r} on {self.shown_url}"
            raise LogFailed(place, action, cause_of(problem), advice_for(problem), is_away=may_pass(problem)) from None

    def close(self) -> None:
        """Closes its connections."""
        for client in (self._client, self._waiting_client):
            if client is not None:
                client.close()

    def __enter__(self) -> RedisLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            with self._told("read"):
                newest_id, _, _ = self._read("", -1, 0)
                state, first = self._client.hget(self.keys[0], "dropped"), newest_id.rpartition("-")
            count = int(first[2]) - int(state or 0)
            return f"<RedisLog {first[0]}: {count} of {counted(int(first[2]), 'event')} kept in {self.name!r}>"
        except LogFailed as problem:
            return f"<RedisLog {self.name!r}: {problem.cause}>"


def _position(id: str) -> tuple[str, int]:
    """The epoch and number of an id; number -1 where it is none."""
    epoch, _, digits = id.rpartition("-")
    if not epoch or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        return "", -1
    number = int(digits)
    return (epoch, number) if number < _MAX_NUMBER else ("", -1)


def _frames(entries: Any) -> Iterator[Frame]:
    """The frames of Redis' entries, up to the first hole in their numbers."""
    next_number = None
    for id, parts in entries:
        number = int(id.partition(b"-")[2])
        if next_number not in (None, number):
            return
        next_number = number + 1
        texts = {name: parts[key.encode()].decode() for key, name in _PARTS.items() if key.encode() in parts}
        retry_ms = int(texts.pop("retry_ms")) if "retry_ms" in texts else None
        yield Frame(id=f"{parts[b'e'].decode()}-{number}", retry_ms=retry_ms, **texts)


def _follows(frames: list[Frame], epoch: str, number: int) -> bool:
    return frames[0].id == f"{epoch}-{number + 1}"
