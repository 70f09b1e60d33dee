"""A page in a real Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def in_chromium(path: str, visit: Callable[[Any], None], options: Sequence[str] = QUIET) -> None:
    """Calls `visit` with a browser, on a thread of its own: playwright would leave a running loop on this one."""
    from playwright.sync_api import sync_playwright

    problems: list[BaseException] = []

    def work() -> None:
        try:
            with sync_playwright() as playwright:
                visit(playwright.chromium.launch(executable_path=path, args=[*options]))
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
