"""The folder of a class: its log, what goes out of it, and the code and the secret, which stand in no log."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labkit.board.moments import Moment
from labkit.board.names import new_code
from labkit.errors import NOT_JSON, LabError
from labkit.log import SQLiteLog
from labkit.log.ids import number_in
from labkit.wire import Frame

#: Nothing of a class is dropped: 300 learners with 2000 messages each are less.
MAX_KEPT = 1_000_000
#: What the page can resume from. Whoever was away for longer asks for the whole state.
MAX_VIEWS = 5_000
_MOMENTS, _KEYS = "moments.sqlite", "keys.json"


class ClassFolder:
    """The files of a class, for their owner alone. A board that crashed goes on where it was.

    `code` lets learners in, `secret` commands; both stay the same for as long as the folder does. `moments` has all
    that happened, `view` and `notices` are the logs of the streams.

    Args:
        path: the folder; it is made if it does not exist.

    Raises:
        LabError: it cannot be used.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            keys = self._keys()
        except OSError as problem:
            raise LabError(f"{self.path} cannot be the folder of a class: {problem.strerror or problem}") from None
        self.code, self.secret = keys["code"], keys["secret"]
        # What was answered to with "kept" is on the disk. From the other two a power cut may take the end: then readers
        # are told of a gap, and ask for the state.
        self.moments = SQLiteLog(self.path / _MOMENTS, max_events=MAX_KEPT, durable=True)
        self.view = SQLiteLog(self.path / "view.sqlite", max_events=MAX_VIEWS)
        self.notices = SQLiteLog(self.path / "notices.sqlite", max_events=MAX_VIEWS)

    def _keys(self) -> dict[str, str]:
        file = self.path / _KEYS
        if not file.exists():
            keys = {"code": new_code(), "secret": secrets.token_urlsafe(12)}
            new = file.with_suffix(f".{secrets.token_hex(4)}")
            descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as text:
                json.dump(keys, text)
            new.replace(file)  # whole, or not there: a crash leaves no half of a key
        try:
            found: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return {name: str(found[name]) for name in ("code", "secret")}
        except (*NOT_JSON, KeyError, TypeError):
            raise LabError(f"{file} is not that of a class board. Take another folder") from None

    def append(self, moment: Moment) -> int:
        """Keeps the moment, and returns its number.

        Raises:
            LogFailed: it could not be written, and is not kept.
        """
        return number_in(self.moments.append(Frame(event=moment.kind, data=moment.text())))

    def read(self) -> Iterator[Moment]:
        """All moments, the oldest first."""
        yield from read_moments(self.moments)

    def close(self) -> None:
        """Closes its files."""
        for log in (self.moments, self.view, self.notices):
            log.close()


def read_moments(log: SQLiteLog) -> Iterator[Moment]:
    """The moments in such a log, the oldest first."""
    for frame in log.since(f"{log.epoch}-0").frames:
        yield Moment.of(frame.event or "", frame.data or "{}")


def open_moments(path: str | Path) -> list[Moment]:
    """All moments of a class, for its report. Its board may be running.

    Raises:
        LabError: there is no class in this folder.
    """
    file = Path(path) / _MOMENTS
    if not file.exists():
        raise LabError(f"{Path(path)} has no class in it: labkit board writes there. Say --folder for another one")
    with SQLiteLog(file, max_events=MAX_KEPT) as log:
        return list(read_moments(log))
