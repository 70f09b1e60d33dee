"""A log in a file: it is still there when its process starts again."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from labkit.errors import LabError, counted
from labkit.log.contract import Replay
from labkit.log.ids import check_epoch, number_of
from labkit.log.memory import MAX_EVENTS
from labkit.wire import Frame

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at_s REAL NOT NULL,
    data TEXT, event TEXT, retry_ms INTEGER, comment TEXT);
"""
_COLUMNS = "data, event, retry_ms, comment"


class SQLiteLog:
    """Keeps frames in a SQLite file: the newest `max_events`, none older than `max_age_s`.

    A process that is killed and started again on the same file goes on with the same ids. One process appends; others
    may read the same file with a SQLiteLog of their own. An append is on its way to the disk when it returns: it
    survives the process, though not a power cut.

    Args:
        path: the file; it is made if it does not exist.
        max_events: how many frames it keeps.
        max_age_s: how old a frame may become; None keeps frames of any age.
        epoch: the epoch of a new file, random unless given. An existing file must have the same.
        durable: makes an append survive a power cut too, at the price of waiting for the disk.
        now_s: the clock, in seconds since 1970.

    Raises:
        LabError: the file cannot be opened, is something else, or has another epoch.
        ValueError: `max_events` is below 1, `max_age_s` is not above zero, or the epoch is empty or holds a hyphen.
    """

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
        try:
            # A Channel appends from any thread, one at a time.
            self._database = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=10.0)
            self._database.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
            self._database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._database.executescript(_SCHEMA)
            self.epoch = self._load_epoch(epoch)
        except sqlite3.Error as problem:
            raise LabError(
                f"{self.path} cannot be used as a log: {problem}. Is it the file of another program?"
            ) from None

    def _load_epoch(self, epoch: str | None) -> str:
        """The epoch of the file; a new file gets one."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")  # two that open a new file at once agree on one epoch
            row = self._database.execute("SELECT epoch FROM log").fetchone()
            if row is None:
                row = (epoch or secrets.token_hex(4),)
                self._database.execute("INSERT INTO log VALUES (?)", row)
        if epoch is not None and row[0] != epoch:
            raise LabError(
                f"{self.path} holds the log of epoch {row[0]!r}, not {epoch!r}. Leave epoch out, or take another file"
            )
        return str(row[0])

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. See EventLog."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            row = (self._now_s(), frame.data, frame.event, frame.retry_ms, frame.comment)
            number = self._database.execute(
                f"INSERT INTO events (at_s, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)", row
            ).lastrowid
            assert number is not None
            self._database.execute("DELETE FROM events WHERE number <= ?", (number - self._max_events,))
            self._drop_old()
        return f"{self.epoch}-{number}"

    def since(self, last_event_id: str) -> Replay:
        """The frames after this id, and whether there is a gap. See EventLog."""
        if not last_event_id:
            return Replay(())
        self._drop_old()
        number = number_of(last_event_id, self.epoch)
        # The number first: asked for after the frames, it could be that of an event which came in between, and an empty
        # log would look like one that has dropped it.
        last_number = self.last_number
        # One statement, one moment: a writer in another process cannot come between the frames.
        rows = self._database.execute(f"SELECT number, {_COLUMNS} FROM events ORDER BY number").fetchall()
        last_dropped_number = rows[0][0] - 1 if rows else last_number
        gap = number is None or number > last_number or number < last_dropped_number
        start = 0 if number is None or gap else number
        return Replay(tuple(self._row_to_frame(row) for row in rows if row[0] > start), gap)

    def _drop_old(self) -> None:
        if self._max_age_s is not None:
            self._database.execute("DELETE FROM events WHERE at_s < ?", (self._now_s() - self._max_age_s,))

    def _row_to_frame(self, row: tuple[int, str | None, str | None, int | None, str | None]) -> Frame:
        number, data, event, retry_ms, comment = row
        return Frame(data=data, event=event, id=f"{self.epoch}-{number}", retry_ms=retry_ms, comment=comment)

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
        kept_count = self._database.execute("SELECT count(*) FROM events").fetchone()[0]
        return (
            f"<SQLiteLog {self.epoch}: {kept_count} of {counted(self.last_number, 'event')} kept in {self.path.name}>"
        )
