"""A program that writes a log, so that there is something to see; it rotates it as logrotate does."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from labkit.apps.requests import Values, text_in
from labkit.errors import LabError

EVERY_S = 0.4
#: With so many bytes it is renamed, and a new file begun; so many old ones are kept.
MOST_BYTES = 2 * 1024 * 1024
KEPT_FILES = 3
BURST_LINES = 30_000
PATHS = ("/", "/cart", "/search?q=fox", "/login", "/api/orders")
STATUSES = (200, 200, 304, 200, 404, 200, 200, 500, 200, 302, 503)


def utc_now() -> str:
    """The time as a log's line begins with it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class DemoWriter:
    """Writes numbered lines into a file: after a restart it counts on. `number` is the last line's."""

    def __init__(self, path: Path, now: Callable[[], str] = utc_now) -> None:
        self.path, self._now = path, now
        self.number = self._last_number()
        path.touch()

    def _last_number(self) -> int:
        for path in (self.path, self._old(1)):
            if path.exists():
                with path.open("rb") as file:
                    file.seek(max(0, path.stat().st_size - 4096))
                    if numbers := re.findall(rb" n=(\d+) ", file.read()):
                        return int(numbers[-1])
        return 0

    async def work(self) -> None:
        """Writes a line now and then, until it is cancelled."""
        while True:
            self.write()
            await asyncio.sleep(EVERY_S)

    def write(self, count: int = 1, said: str = "") -> None:
        """Writes so many lines; `said` is what a visitor wrote."""
        with self.path.open("a", encoding="utf-8") as file:
            for _ in range(count):
                self.number += 1
                path, status = PATHS[self.number % len(PATHS)], STATUSES[self.number % len(STATUSES)]
                level = "ERROR" if status >= 500 else "INFO"
                file.write(f"{self._now()} {level} n={self.number} GET {path} {status}{said and ' ' + said}\n")
        if self.path.stat().st_size > MOST_BYTES:
            self.rename()

    def rename(self) -> None:
        """Rotates by renaming: demo.log becomes demo.log.1, and a new file begins. An empty one stays."""
        if not self.path.stat().st_size:
            return
        for number in range(KEPT_FILES, 0, -1):
            older = self.path if number == 1 else self._old(number - 1)
            if older.exists():
                older.replace(self._old(number))
        self.path.touch()

    def copy_and_truncate(self) -> None:
        """Rotates by copying: the bytes go to demo.log.1, and the file itself is emptied. An empty one stays."""
        if not self.path.stat().st_size:
            return
        for number in range(KEPT_FILES, 1, -1):
            if self._old(number - 1).exists():
                self._old(number - 1).replace(self._old(number))
        shutil.copyfile(self.path, self._old(1))
        self.truncate()

    def truncate(self) -> None:
        """Empties the file. What nobody has read is gone."""
        with self.path.open("r+b") as file:
            file.truncate()

    def act(self, values: Values) -> None:
        """Does what a button of the page says: its `action`, and for "say" what was `said`.

        Raises:
            LabError: there is no such action.
        """
        actions: dict[str, Callable[[], None]] = {
            "rename": self.rename,
            "copy": self.copy_and_truncate,
            "truncate": self.truncate,
            "burst": lambda: self.write(BURST_LINES),
            "say": lambda: self.write(1, " ".join(text_in(values, "said").split())),
        }
        action = text_in(values, "action")
        if action not in actions:
            raise LabError(f"there is no action {action!r}. There is: {', '.join(actions)}")
        actions[action]()

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
