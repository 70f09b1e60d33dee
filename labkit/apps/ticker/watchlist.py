"""Which symbols are watched, in a file."""

from __future__ import annotations

import json
from pathlib import Path


class Watchlist:
    """A set of symbols that is still there when its process is killed and started again.

    Args:
        path: the file; it is made with the first change.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._symbols: set[str] = set(json.loads(path.read_text("utf-8")) if path.exists() else ())

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._symbols

    def add(self, symbol: str) -> None:
        """Puts it on the list."""
        self._keep(self._symbols | {symbol})

    def discard(self, symbol: str) -> None:
        """Takes it off the list, if it is there."""
        self._keep(self._symbols - {symbol})

    def _keep(self, symbols: set[str]) -> None:
        replacement = self._path.with_suffix(".new")
        replacement.write_text(json.dumps(sorted(symbols)), "utf-8")
        replacement.replace(self._path)  # in one step: a kill in between leaves the old list whole
        self._symbols = symbols
