"""How many requests an app is answering at this moment, counted where the app is called."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OpenRequests:
    """Counts the requests that an app has begun to answer and not finished. Any thread may count, and wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts one request for as long as the block runs."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def wait_until_none(self, within_s: float) -> bool:
        """True as soon as no request is open; False if some still are after `within_s` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, within_s)

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()
