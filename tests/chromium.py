"""A page in a real Chromium."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

#: A name that leads here, as a name of a web server does that somebody pointed at this machine.
REBOUND = "rebound.example"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Chromium:
    """One browser for all tests of a worker: starting it and its driver takes a processor a second.

    It has a thread of its own: playwright would leave a running loop on the tests' one.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright: Any = None
        self._browser: Any = None

    def call(self, path: str, visit: Callable[[Any], None]) -> None:
        self._thread.submit(self._visit, path, visit).result()

    def _visit(self, path: str, visit: Callable[[Any], None]) -> None:
        if self._playwright is None:
            from playwright.sync_api import sync_playwright

            self._playwright = sync_playwright().start()
        if self._browser is None or not self._browser.is_connected():
            options = [*QUIET, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"]
            self._browser = self._playwright.chromium.launch(executable_path=path, args=options)
        try:
            visit(self._browser)
        finally:
            for context in self._browser.contexts:
                context.close()

    def end(self, patience_s: float = 20.0) -> None:
        """Ends the browser. One that does not end, or whose page still works for a test that is over, is killed."""
        ended = self._thread.submit(self._end)
        try:
            ended.result(patience_s)
        except TimeoutError:
            self._kill()  # what its thread waits for is an error now
        self._thread.shutdown(cancel_futures=True)

    @staticmethod
    def _kill() -> None:
        """Kills playwright's driver and the browser that it started, of this process alone."""
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if re.search("chrom|playwright", " ".join(child.cmdline())):
                    child.kill()

    def _end(self) -> None:
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()


_chromium: list[Chromium] = []


def in_chromium(path: str, visit: Callable[[Any], None]) -> None:
    """Calls `visit` with this worker's browser, on the browser's thread. The pages that it opens are closed then."""
    if not _chromium:
        _chromium.append(Chromium())
    _chromium[0].call(path, visit)


def end_chromium() -> None:
    """Ends the browser, if one was started."""
    while _chromium:
        _chromium.pop().end()
