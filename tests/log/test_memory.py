from __future__ import annotations

import pytest

from labkit.errors import EncodeError
from labkit.log import MemoryLog, Replay
from labkit.wire import Frame


def filled(count: int, max_events: int = 100) -> MemoryLog:
    log = MemoryLog(max_events, epoch="e")
    for number in range(1, count + 1):
        log.append(Frame(data=f"text {number}"))
    return log


def ids(replay: Replay) -> list[str | None]:
    return [frame.id for frame in replay.frames]


def test_ids_are_epoch_and_number() -> None:
    log = MemoryLog(epoch="e")
    assert [log.append(Frame(data="a")), log.append(Frame(data="b", id="ignored"))] == ["e-1", "e-2"]


@pytest.mark.parametrize(
    ("asked", "after", "gap"),
    [("e-3", ["e-4", "e-5"], False), ("e-5", [], False), ("e-0", ["e-1", "e-2", "e-3", "e-4", "e-5"], False), ("", [], False)],
)  # fmt: skip
def test_since_tells_what_came_after(asked: str, after: list[str], gap: bool) -> None:
    replay = filled(5).since(asked)
    assert (ids(replay), replay.gap) == (after, gap)


@pytest.mark.parametrize(
    "asked", ["e-6", "other-3", "3", "e-", "e-x", "e-٣", "e--1", "-", "e-" + "9" * 5000, "E-3", "e-3 "]
)
def test_an_id_that_was_never_given_is_a_gap_and_all_that_is_left_follows(asked: str) -> None:
    replay = filled(5).since(asked)
    assert replay.gap and len(replay.frames) == 5


def test_what_was_dropped_is_a_gap_and_the_edge_is_exact() -> None:
    log = filled(10, max_events=3)
    assert ids(log.since("e-7")) == ["e-8", "e-9", "e-10"] and not log.since("e-7").gap
    assert ids(log.since("e-6")) == ["e-8", "e-9", "e-10"] and log.since("e-6").gap


def test_an_empty_log_knows_only_its_beginning() -> None:
    assert MemoryLog(epoch="e").since("e-0") == Replay(())
    assert MemoryLog(epoch="e").since("e-1") == Replay((), gap=True)


def test_a_refused_frame_takes_no_number() -> None:
    log = filled(1)
    with pytest.raises(EncodeError):
        log.append(Frame(data="\ud800"))
    assert log.append(Frame(data="next")) == "e-2"


def test_two_logs_do_not_know_each_others_ids() -> None:
    one, other = MemoryLog(), MemoryLog()
    assert other.since(one.append(Frame(data="x"))).gap


@pytest.mark.parametrize("bad", [{"max_events": 0}, {"epoch": ""}, {"epoch": "a-b"}])
def test_an_impossible_log_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        MemoryLog(**bad)  # type: ignore[arg-type]
