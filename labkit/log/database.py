"""The SQLite file of a log: made for its owner alone, and never mistaken for another program's."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from labkit.errors import LabError

#: Says in the file's own head that it is a log of labkit: "labk". Source: SQLite, PRAGMA application_id.
APPLICATION_ID = 0x6C61626B
#: What a file from before had instead: these tables, and no others.
_OWN_COLUMNS = {
    "log": {"epoch"},
    "writers": {"epoch", "first_number"},
    "events": {"number", "at_s", "data", "event", "retry_ms", "comment"},
}
_OPEN_TIMEOUT_S = 10.0


def open_database(path: Path, schema: str, durable: bool) -> sqlite3.Connection:
    """A connection to the file, which is made for its owner alone (0600) where it does not exist.

    The file of another program stays as it is: it is looked at before anything is written, write-ahead log included.

    Raises:
        LabError: it is the file of another program.
        sqlite3.Error, OSError: it cannot be opened.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    database = sqlite3.connect(
        # A Channel appends from any thread, one at a time.
        f"file:{quote(str(path))}?mode=rw", uri=True, check_same_thread=False, isolation_level=None,
        timeout=_OPEN_TIMEOUT_S,
    )  # fmt: skip
    try:
        _refuse_foreign(database, path)
        database.execute("PRAGMA journal_mode=WAL")  # readers do not wait for the writer
        database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        database.executescript(schema)
        if _application_id(database) != APPLICATION_ID:
            database.execute(f"PRAGMA application_id={APPLICATION_ID}")
    except BaseException:
        database.close()
        raise
    return database


def _refuse_foreign(database: sqlite3.Connection, path: Path) -> None:
    id = _application_id(database)
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables.discard("sqlite_sequence")
    if id == APPLICATION_ID or (id == 0 and not tables):
        return
    is_from_before = id == 0 and {"log", "events"} <= tables <= set(_OWN_COLUMNS)
    if not is_from_before or any(_columns(database, table) != _OWN_COLUMNS[table] for table in tables):
        raise LabError(f"{path} is the SQLite file of another program, and stays as it is. Take another file")


def _application_id(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA application_id").fetchone()[0])


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
