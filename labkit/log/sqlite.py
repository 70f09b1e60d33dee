"""A log in a file: it is still there when its process starts again."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from labkit.errors import LabError, LogFailed, counted
from labkit.log.contract import Replay
from labkit.log.database import open_database
from labkit.log.ids import check_epoch, first_page, number_of
from labkit.log.memory import MAX_EVENTS
from labkit.wire import Frame

#: How long a question may wait for another program that holds the file: who waits may be a server.
LOCK_WAIT_MS = 250

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS writers (epoch TEXT NOT NULL, first_number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL NOT NULL,
    data TEXT, event TEXT, retry_ms INTEGER, comment TEXT);
"""
_COLUMNS = "data, event, retry_ms, comment"

_ADVICE = {
    "locked": "Another program holds it: end that one, or try again later",
    "full": "Make room on its disk, and try again",
    "readonly": "May this program write there?",
}


class SQLiteLog:
    """Keeps frames in a SQLite file: the newest `max_events`, none older than `max_age_s`.

    A process that is killed and started again on the same file goes on: ids from before are known, and no number is
    used twice. Each writer has an epoch of its own. So an id that this file has never given is told from its own, as
    after a power cut, or where the file was restored from a backup while readers had seen more: that is a gap.

    One SQLiteLog appends: the last one that began to. One from before is refused from then on. Any number may read. An
    append is on its way to the disk when it returns: it survives the process, though not a power cut. Not for several
    threads at once: a Channel takes care of that.

    Args:
        path: the file; it is made if it does not exist.
        max_events: how many frames it keeps.
        max_age_s: how old a frame may become; None keeps frames of any age.
        epoch: the epoch of a new file's first writer, random unless given. An existing file must have the same.
        durable: makes an append survive a power cut too, at the price of waiting for the disk.
        now_s: the clock, in seconds since 1970.

    Raises:
        LabError: the file cannot be opened, is something else, or has another epoch.
        ValueError: `max_events` is below 1, `max_age_s` is not above zero, or the epoch is empty or holds a hyphen.
    """

    blocking = True

    def __init__(
        self,
        path: str | Path,
        max_events: int = MAX_EVENTS,
        max_age_s: float | None = None,
        epoch: str | None = None,
        *,
        durable: bool = False,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        if max_events < 1:
            raise ValueError(f"max_events={max_events}: a log must keep at least one event")
        if max_age_s is not None and max_age_s <= 0:
            raise ValueError(f"max_age_s={max_age_s}: an age is above zero; None keeps events of any age")
        if epoch is not None:
            check_epoch(epoch)
        self.path = Path(path)
        self._max_events, self._max_age_s, self._now_s = max_events, max_age_s, now_s
        self._epoch_to_write: str | None = None  # ours, from the first append on
        self._is_new = False
        try:
            self._database = open_database(self.path, _SCHEMA, durable)
            self._first_epoch = self._load_epoch(epoch)
            self._database.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")  # opening it may take longer than using it
        except (sqlite3.Error, OSError) as problem:
            raise LabError(
                f"{self.path} cannot be used as a log: {getattr(problem, 'strerror', None) or problem}. "
                "Is it the file of another program?"
            ) from None

    def _load_epoch(self, epoch: str | None) -> str:
        """The epoch of the file; a new file gets one."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")  # two that open a new file at once agree on one epoch
            row = self._database.execute("SELECT epoch FROM log").fetchone()
            if row is None:
                row = (epoch or secrets.token_hex(4),)
                self._database.execute("INSERT INTO log VALUES (?)", row)
                self._is_new = True
        if epoch is not None and row[0] != epoch:
            raise LabError(
                f"{self.path} holds the log of epoch {row[0]!r}, not {epoch!r}. Leave epoch out, or take another file"
            )
        return str(row[0])

    @property
    def epoch(self) -> str:
        """What stands before the hyphen of the newest id; in an empty file, of the first."""
        with self._told("read"):
            return self._writers()[-1][0]

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""
        with self._told("read"):
            row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
            return int(row[0]) if row else 0

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. See EventLog.

        Raises:
            LogFailed: it could not be written, and is not kept; or another SQLiteLog writes to this file now.
        """
        with self._told("written"), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            epoch = self._claim()
            row = (self._now_s(), frame.data, frame.event, frame.retry_ms, frame.comment)
            number = self._database.execute(
                f"INSERT INTO events (at_s, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)", row
            ).lastrowid
            assert number is not None
            first_kept = max(number - self._max_events + 1, self._first_kept(number))
            self._database.execute("DELETE FROM events WHERE number < ?", (first_kept,))
            if self._epoch_to_write is None:
                self._forget_writers(first_kept)
        self._epoch_to_write = epoch  # only now: what was not committed is nobody's
        return f"{epoch}-{number}"

    def _claim(self) -> str:
        """The epoch that this log writes under. Another writer's would stand in the file if one had come since."""
        newest = self._writers()[-1][0]
        if self._epoch_to_write is None:
            epoch = self._first_epoch if self._is_new and self.last_number == 0 else secrets.token_hex(4)
            self._database.execute("INSERT INTO writers VALUES (?, ?)", (epoch, self.last_number + 1))
            return epoch
        if newest != self._epoch_to_write:
            raise LogFailed(
                self.path, "written", "another SQLiteLog has begun to write to it",
                "One at a time: publish there, or take another file. This one still reads", for_good=True,
            )  # fmt: skip
        return newest

    def _forget_writers(self, first_kept: int) -> None:
        """Whose ids are all so old that they are a gap need not be known by name: a server may start very often."""
        self._database.execute(
            "DELETE FROM writers WHERE EXISTS (SELECT 1 FROM writers AS next"
            " WHERE next.rowid > writers.rowid AND next.first_number < ?)", (first_kept,)
        )  # fmt: skip

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        """The frames after this id, and whether there is a gap. See EventLog.

        Raises:
            LogFailed: the file could not be read.
        """
        if not last_event_id:
            return Replay(())
        with self._told("read"), self._database:
            self._database.execute("BEGIN")  # one moment: a writer in another process cannot come between
            last_number, writers = self.last_number, self._writers()
            number = self._number_of(last_event_id, writers, last_number)
            last_dropped_number = self._first_kept(last_number) - 1
            gap = number is None or number < last_dropped_number
            start = last_dropped_number if number is None or gap else number
            rows = self._database.execute(
                f"SELECT number, {_COLUMNS} FROM events WHERE number > ? ORDER BY number", (start,)
            )
            frames = (_row_to_frame(row, writers) for row in rows)
            return Replay(tuple(first_page(frames, max_bytes)), gap)

    def _writers(self) -> list[tuple[str, int]]:
        """Who has written to the file: the epoch and the first number of each, the oldest first."""
        rows = self._database.execute("SELECT epoch, first_number FROM writers ORDER BY rowid").fetchall()
        return rows if rows and rows[0][1] == 1 else [(self._first_epoch, 1), *rows]

    def _number_of(self, id: str, writers: list[tuple[str, int]], last_number: int) -> int | None:
        """The n of an id that this file has given; None for any other."""
        ends = [first - 1 for _, first in writers[1:]] + [last_number]
        for (epoch, first), end in zip(writers, ends, strict=True):
            number = number_of(id, epoch)
            if number is not None:
                return number if number == 0 or first <= number <= end else None
        return None

    def _first_kept(self, last_number: int) -> int:
        """The number of the oldest event that is young enough. Only the beginning is ever dropped, whatever the clock
        did: an event that seems old, behind one that does not, stays."""
        oldest_s = self._now_s() - self._max_age_s if self._max_age_s is not None else float("-inf")
        row = self._database.execute(
            "SELECT number FROM events WHERE at_s >= ? ORDER BY number LIMIT 1", (oldest_s,)
        ).fetchone()
        return row[0] if row else last_number + 1

    @contextlib.contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """Says what went wrong with the file in words."""
        try:
            yield
        except sqlite3.Error as problem:
            advice = next((text for word, text in _ADVICE.items() if word in str(problem)), "Is it still there?")
            raise LogFailed(self.path, action, problem, advice) from None

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def __enter__(self) -> SQLiteLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            last_number = self.last_number
            with self._told("read"):
                kept = self._database.execute(
                    "SELECT count(*) FROM events WHERE number >= ?", (self._first_kept(last_number),)
                ).fetchone()[0]
            return f"<SQLiteLog {self.epoch}: {kept} of {counted(last_number, 'event')} kept in {self.path.name}>"
        except LogFailed as problem:
            return f"<SQLiteLog in {self.path.name}: {problem.cause}>"


def _row_to_frame(
    row: tuple[int, str | None, str | None, int | None, str | None], writers: list[tuple[str, int]]
) -> Frame:
    number, data, event, retry_ms, comment = row
    epoch = next(epoch for epoch, first in reversed(writers) if first <= number)
    return Frame(data=data, event=event, id=f"{epoch}-{number}", retry_ms=retry_ms, comment=comment)
