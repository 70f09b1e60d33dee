"""The file of a log: who may read it, and whose files are left alone."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.log import SQLiteLog
from labkit.log.database import APPLICATION_ID
from labkit.wire import Frame

FOREIGN = {
    "events with one column": "CREATE TABLE events (a)",
    "a table beside ours": "CREATE TABLE log (epoch TEXT); CREATE TABLE events (number, at_s, data, event, retry_ms, comment);"
    " CREATE TABLE users (name)",
    "one of our tables": "CREATE TABLE log (epoch TEXT)",
    "another application's id": "PRAGMA application_id=252006673; CREATE TABLE t (a)",
    "an empty one with an id": "PRAGMA application_id=252006673; CREATE TABLE t (a); DROP TABLE t",
}


@pytest.mark.parametrize("script", FOREIGN.values(), ids=FOREIGN)
def test_the_file_of_another_program_is_left_as_it_is(tmp_path: Path, script: str) -> None:
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(LabError, match="is the SQLite file of another program, and stays as it is"):
        SQLiteLog(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [file.name for file in tmp_path.iterdir()] == ["foreign.db"]


def test_a_log_from_before_the_id_goes_on_and_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SQLiteLog(path, epoch="e") as log:
        log.append(Frame(data="a"))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA application_id=0")
        database.execute("DROP TABLE writers")
    with SQLiteLog(path) as log:
        assert [frame.data for frame in log.since("e-0").frames] == ["a"]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with SQLiteLog(tmp_path / "log.db") as log:
            log.append(Frame(data="a"))
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert "log.db-wal" in modes and set(modes.values()) == {0o600}
