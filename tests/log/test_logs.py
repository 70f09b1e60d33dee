from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.errors import EncodeError
from labkit.log import EventLog, MemoryLog, RedisLog, Replay, SQLiteLog
from labkit.wire import Frame

LogOf = Callable[..., EventLog]


@pytest.fixture(params=["memory", "sqlite", "redis"])
def log_of(request: pytest.FixtureRequest, tmp_path: Path) -> LogOf:
    """A log of some events, whose data are their numbers."""
    made = itertools.count()

    def log_of(count: int, keep: int = 1000) -> EventLog:
        path = tmp_path / f"{next(made)}.db"
        log: EventLog
        if request.param == "redis":
            url = request.getfixturevalue("redis").url
            log = RedisLog(url, f"{tmp_path.name} {next(made)}", keep, epoch="e")
        else:
            log = MemoryLog(keep, epoch="e") if request.param == "memory" else SQLiteLog(path, keep, epoch="e")
        for number in range(1, count + 1):
            log.append(Frame(data=str(number)))
        return log

    return log_of


def numbers(replay: Replay) -> list[int]:
    assert all(frame.id == f"e-{frame.data}" for frame in replay.frames)
    return [int(frame.data or "") for frame in replay.frames]


def test_ids_are_the_epoch_and_a_number(log_of: LogOf) -> None:
    log = log_of(0)
    assert [log.append(Frame(data="x")) for _ in range(3)] == ["e-1", "e-2", "e-3"]
    assert log.append(Frame(data="x", id="mine")) == "e-4"
    assert log.since("e-3") == Replay((Frame(data="x", id="e-4"),))


def test_epochs_differ() -> None:
    assert MemoryLog().epoch != MemoryLog().epoch


def test_every_part_of_a_frame_is_kept(log_of: LogOf) -> None:
    log = log_of(0)
    frames = [Frame(data="a\nb\0é🎈", event="up", retry_ms=5, comment="c"), Frame(data=""), Frame(comment="only")]
    for frame in frames:
        log.append(frame)
    assert log.since("e-0").frames == tuple(frame._replace(id=f"e-{n}") for n, frame in enumerate(frames, 1))


@pytest.mark.parametrize("settings", [{"max_events": 0}, {"max_events": -1}, {"epoch": ""}, {"epoch": "a-b"}])
def test_what_cannot_be_a_log(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"max_events|epoch"):
        MemoryLog(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked, missed", [("", []), ("e-0", [1, 2, 3]), ("e-1", [2, 3]), ("e-3", []), ("e-02", [3])])
def test_since(log_of: LogOf, asked: str, missed: list[int]) -> None:
    replay = log_of(3).since(asked)
    assert (numbers(replay), replay.gap) == (missed, False)


@pytest.mark.parametrize(
    "asked",
    [
        "f-1",
        "e-4",
        "e-",
        "e",
        "1",
        "-1",
        "e--1",
        "e-+1",
        "e-1_0",
        "e-１",
        "e- 1",
        "e-1 ",
        "E-1",
        "e-" + "9" * 19,
        "e-" + "9" * 5000,
    ],
)
def test_a_stranger_is_a_gap_and_gets_all_that_is_left(log_of: LogOf, asked: str) -> None:
    replay = log_of(3).since(asked)
    assert (numbers(replay), replay.gap) == ([1, 2, 3], True)


@pytest.mark.parametrize(
    "asked, missed, gap",
    [
        ("e-0", [4, 5], True),
        ("e-2", [4, 5], True),
        ("e-3", [4, 5], False),
        ("e-4", [5], False),
        ("e-5", [], False),
        ("", [], False),
    ],
)
def test_an_id_whose_successor_was_dropped_is_a_gap(log_of: LogOf, asked: str, missed: list[int], gap: bool) -> None:
    log = log_of(5, keep=2)
    assert (numbers(log.since(asked)), log.since(asked).gap) == (missed, gap)
    assert "e: 2 of 5 events kept" in repr(log)


def test_an_empty_log(log_of: LogOf) -> None:
    assert log_of(0).since("e-0") == Replay(())
    assert log_of(0).since("e-1") == log_of(0).since("old-7") == Replay((), gap=True)


def test_a_refused_frame_takes_no_number() -> None:
    log = MemoryLog(epoch="line\nbreak")  # an id that no Frame takes
    with pytest.raises(EncodeError):
        log.append(Frame(data="x"))
    assert (log.last_number, log.since("")) == (0, Replay(()))
