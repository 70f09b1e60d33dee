"""What a log in a file does beyond the contract: it survives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.client import EventSource
from labkit.errors import LabError, LogFailed
from labkit.log import Replay, SQLiteLog
from labkit.wire import Frame


def fill(log: SQLiteLog, count: int) -> list[str]:
    return [log.append(Frame(data=str(number))) for number in range(count)]


def test_the_same_file_goes_on_and_knows_the_ids_from_before(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db") as first:
        ids, first_epoch = fill(first, 3), first.epoch
    with SQLiteLog(tmp_path / "log.db") as second:
        assert second.epoch == first_epoch, "the newest id is still the first writer's"
        ids += fill(second, 1)
        assert ids[-1] == f"{second.epoch}-4" and second.epoch != first_epoch
        for place, id in enumerate(ids):
            replay = second.since(id)
            assert ([frame.id for frame in replay.frames], replay.gap) == (ids[place + 1 :], False)
        for stranger in (f"{first_epoch}-4", f"{second.epoch}-3", f"{second.epoch}-5"):
            assert second.since(stranger).gap, "a number under an epoch that never gave it"
        assert repr(second) == f"<SQLiteLog {second.epoch}: 4 of 4 events kept in log.db>"


def test_a_file_restored_from_a_backup_is_told_from_what_readers_have_seen(tmp_path: Path) -> None:
    path, backup = tmp_path / "log.db", tmp_path / "backup.db"
    with SQLiteLog(path) as log:
        seen = fill(log, 5)
        log._database.execute("VACUUM INTO ?", (str(backup),))
        seen += fill(log, 5)
    shutil.copy(backup, path)
    for name in ("log.db-wal", "log.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with SQLiteLog(path) as log:
        for published in range(10):  # until the numbers have passed those of before
            assert log.since(seen[9]).gap, f"{published} events later another history is taken for the reader's own"
            assert not log.since(seen[4]).gap
            fill(log, 1)


def test_who_began_to_write_last_is_the_one_who_writes(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db") as first, SQLiteLog(tmp_path / "log.db") as second:
        fill(first, 2)
        (id,) = fill(second, 1)
        for _ in range(2):
            with pytest.raises(LogFailed, match=r"log\.db could not be written: another SQLiteLog has begun") as failed:
                fill(first, 1)
            assert failed.value.for_good
        assert fill(second, 1) == [f"{second.epoch}-4"]
        assert [frame.id for frame in first.since(id).frames] == [f"{second.epoch}-4"], "it still reads"


def test_many_restarts_do_not_fill_the_file(tmp_path: Path) -> None:
    ids = []
    for _ in range(20):
        with SQLiteLog(tmp_path / "log.db", max_events=3) as log:
            ids += fill(log, 1)
    with SQLiteLog(tmp_path / "log.db", max_events=3) as log:
        assert [len(log.since(id).frames) for id in ids] == [3] * 17 + [2, 1, 0]
        assert [log.since(id).gap for id in ids] == [True] * 16 + [False] * 4
        assert log._database.execute("SELECT count(*) FROM writers").fetchone()[0] <= 5


def test_a_clock_that_is_set_back_drops_nothing_from_the_middle(tmp_path: Path) -> None:
    now_s = [1000.0]
    with SQLiteLog(tmp_path / "log.db", max_age_s=100, epoch="e", now_s=lambda: now_s[0]) as log:
        fill(log, 2)
        now_s[0] = 500.0  # it was wrong, and was set
        fill(log, 3)
        now_s[0] = 1050.0  # and again
        fill(log, 1)
        replay = log.since("e-1")
        numbers = [int((frame.id or "").removeprefix("e-")) for frame in replay.frames]
        assert (numbers, replay.gap) == ([2, 3, 4, 5, 6], False)


def test_a_page_is_read_without_the_rest(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db", epoch="e") as log:
        for _ in range(500):
            log.append(Frame(data="x" * 1000))
        steps = []
        log._database.set_progress_handler(lambda: steps.append(1) and None, 100)
        assert [frame.id for frame in log.since("e-490", max_bytes=2500).frames] == ["e-491", "e-492"]
        assert len(steps) < 10, "it read them all"


def broken(tmp_path: Path, how: str) -> Iterator[SQLiteLog]:
    """A log of one event whose file cannot be written."""
    with SQLiteLog(tmp_path / "log.db", epoch="e") as log:
        fill(log, 1)
        other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
        if how == "locked":
            other.execute("BEGIN IMMEDIATE")
        elif how == "full":
            log._database.execute("PRAGMA max_page_count=1")
        elif how == "readonly":
            log._database.execute("PRAGMA query_only=1")
        yield log
        other.close()


@pytest.mark.parametrize("how, says", [("locked", "end that one"), ("full", "Make room"), ("readonly", "May this")])
def test_what_goes_wrong_with_the_file_is_told_and_leaves_no_trace(tmp_path: Path, how: str, says: str) -> None:
    for log in broken(tmp_path, how):
        with pytest.raises(LogFailed, match=rf"the log .*log\.db could not be written: .*{says}") as failed:
            log.append(Frame(data="x" * 100_000))
        assert how in str(failed.value) and not failed.value.for_good
        assert (log.last_number, log.since("e-0").frames) == (1, (Frame(data="0", id="e-1"),))
        log._database.execute("PRAGMA query_only=0")
    with SQLiteLog(tmp_path / "log.db") as log:
        assert fill(log, 1) == [f"{log.epoch}-2"]


def test_a_log_that_is_closed_says_so(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db", epoch="e") as log:
        pass
    with pytest.raises(LogFailed, match="closed"):
        log.since("e-0")
    assert "closed" in repr(log)


def test_numbers_are_never_used_again_even_when_all_is_dropped(tmp_path: Path) -> None:
    now_s = [1000.0]
    with SQLiteLog(tmp_path / "log.db", max_age_s=10, epoch="e", now_s=lambda: now_s[0]) as log:
        fill(log, 2)
        now_s[0] += 11
        assert log.since("e-0") == log.since("e-1") == Replay((), gap=True)
        assert log.since("e-2") == Replay(())
        assert fill(log, 1) == ["e-3"]
        assert not log.since("e-2").gap and log.since("e-1").gap
    with SQLiteLog(tmp_path / "log.db", max_age_s=10, now_s=lambda: now_s[0] + 99) as log:
        assert log.since("e-3") == Replay(()) and log.last_number == 3


def test_several_readers_while_one_writes(tmp_path: Path) -> None:
    writer = SQLiteLog(tmp_path / "log.db", max_events=50, epoch="e")
    done, problems = threading.Event(), []

    def read() -> None:
        with SQLiteLog(tmp_path / "log.db", max_events=50) as log:
            seen = 0
            while not done.is_set() or seen < 500:
                replay = log.since(f"e-{seen}")
                numbers = [int((frame.id or "").partition("-")[2]) for frame in replay.frames]
                # Without a gap they follow on what was seen; with one they are at least in one piece.
                expected = list(range(numbers[0] if replay.gap else seen + 1, (numbers or [seen])[-1] + 1))
                if numbers != expected:
                    problems.append((seen, replay.gap, numbers))
                    return
                seen = numbers[-1] if numbers else seen

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    fill(writer, 500)
    done.set()
    for reader in readers:
        reader.join(timeout=20)
    assert problems == []


CRASHING = """
import os, sys, signal
from labkit.log import SQLiteLog
from labkit.wire import Frame
log = SQLiteLog(sys.argv[1], epoch="e")
at = int(sys.argv[2])
statements = 0
def count(sql):
    global statements
    statements += 1
    if statements == at:
        os.kill(os.getpid(), signal.SIGKILL)  # in the middle of append
log._database.set_trace_callback(count)
for number in range(3):
    print(log.append(Frame(data=str(number))), flush=True)
"""


@pytest.mark.live
@pytest.mark.parametrize("at", range(1, 13))
def test_a_crash_in_the_middle_of_append_leaves_all_of_it_or_nothing(tmp_path: Path, at: int) -> None:
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "log.db"), str(at)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode in (-signal.SIGKILL, 0), done.stderr
    told = done.stdout.split()
    with SQLiteLog(tmp_path / "log.db") as log:
        kept = [frame.id for frame in log.since("e-0").frames]
        # What was told to a publisher is there. One more may be: it was written, and the answer was lost.
        assert kept[: len(told)] == told and len(kept) - len(told) in (0, 1)
        assert fill(log, 1) == [f"{log.epoch}-{len(kept) + 1}"]


SERVING = """
import sys, time
from labkit.log import SQLiteLog
from labkit.server import Channel, launch
channel = Channel(SQLiteLog(sys.argv[1]), retry_ms=20)
server = launch({"/events": channel}, port=int(sys.argv[2]))
print(server.port, flush=True)
while True:
    channel.publish("tick")
    time.sleep(0.003)
"""


@pytest.mark.live
def test_a_server_that_is_killed_and_started_again_resumes_every_client(tmp_path: Path) -> None:
    def start(port: int) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-c", SERVING, str(tmp_path / "log.db"), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    async def read(url: str, count: int) -> list[str]:
        ids: list[str] = []
        async with EventSource(url) as source:
            async for event in source:
                ids.append(event.last_event_id)
                if len(ids) == count:
                    break
        return ids

    async def main(port: int, process: subprocess.Popen[str]) -> None:
        readers = [asyncio.create_task(read(f"http://127.0.0.1:{port}/events", 300)) for _ in range(3)]
        for _ in range(2):
            await asyncio.sleep(0.3)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process, _ = await asyncio.to_thread(start, port)
        try:
            for ids in await asyncio.gather(*readers):
                numbers = [int(id.rpartition("-")[2]) for id in ids]
                assert numbers == list(range(numbers[0], numbers[0] + 300))
        finally:
            process.kill()
            process.wait()

    process, port = start(0)
    asyncio.run(main(port, process))


def test_what_cannot_be_a_log(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("certainly not a database, and long enough to be seen as none" * 20)
    with pytest.raises(LabError, match=r"text cannot be used as a log: .* Is it the file of another program\?"):
        SQLiteLog(tmp_path / "text")
    with pytest.raises(LabError, match="No such file or directory"):
        SQLiteLog(tmp_path / "no" / "such" / "folder")
    SQLiteLog(tmp_path / "log.db", epoch="e").close()
    with pytest.raises(LabError, match="holds the log of epoch 'e', not 'f'"):
        SQLiteLog(tmp_path / "log.db", epoch="f")
    for settings in ({"max_events": 0}, {"max_age_s": 0}, {"epoch": "a-b"}):
        with pytest.raises(ValueError, match=r"max_events|max_age_s|epoch"):
            SQLiteLog(tmp_path / "other.db", **settings)  # type: ignore[arg-type]


def test_it_can_be_asked_to_wait_for_the_disk(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db", durable=True) as log:
        fill(log, 1)
        assert log._database.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert sqlite3.connect(tmp_path / "log.db").execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_an_event_that_comes_in_mid_question_is_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SQLiteLog(tmp_path / "log.db", epoch="e") as writer, SQLiteLog(tmp_path / "log.db") as log:
        number = SQLiteLog.last_number.fget  # type: ignore[attr-defined]

        def between(self: SQLiteLog) -> int:
            if self is log and not number(self):
                fill(writer, 1)
                return 0
            return int(number(self))

        monkeypatch.setattr(SQLiteLog, "last_number", property(between))
        assert log.since("e-0") == Replay(()), "one moment: the event came after it"
        assert log.since("e-0") == Replay((Frame(data="0", id="e-1"),))


def test_two_that_open_a_new_file_at_once_agree_on_one_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []

    def invent(size: int) -> str:
        """Called where the first has seen that the file has no epoch yet. The second comes in just here."""
        second = sqlite3.connect(tmp_path / "log.db", timeout=0)
        with contextlib.closing(second), pytest.raises(sqlite3.OperationalError) as problem:
            second.execute("INSERT INTO log VALUES ('second')")
        refused.append(str(problem.value))
        return "first"

    monkeypatch.setattr("secrets.token_hex", invent)
    with SQLiteLog(tmp_path / "log.db") as first, SQLiteLog(tmp_path / "log.db") as again:
        assert first.epoch == again.epoch == "first"
    assert refused == ["database is locked"], "two epochs in one file"
