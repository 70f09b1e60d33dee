"""Checks of the browsers that lessons ask: whether each is here, starts, and reaches a page of this machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from labkit.command.findings import RoomFinding
from labkit.lab.engines import chromium_command, find_browser, find_firefox, firefox_command
from labkit.system.child import Child

#: A browser that is started for the first time on a slow disk.
START_TIMEOUT_S = 40.0
_POLL_S = 0.1
_ADVICE = "lessons show recorded answers; to ask your own, install Chromium, Chrome or Edge"


def check_browsers(timeout_s: float = START_TIMEOUT_S) -> Iterator[RoomFinding]:
    """Checks each browser by opening a page of this machine in it.

    Args:
        timeout_s: how long it may take.
    """
    if path := find_browser():
        yield check_start("Chromium", path, chromium_command, timeout_s)
    else:
        yield RoomFinding("note", "there is no Chromium here", _ADVICE)
    if path := find_firefox():  # a few cells ask it too, and nobody needs it
        yield check_start("Firefox", path, firefox_command, timeout_s)


def check_start(name: str, path: str, command: Callable[[str, str, str], list[str]], timeout_s: float) -> RoomFinding:
    """Checks that the browser at this path opens a page of this machine. Who ends or is silent is noticed."""
    asked = Event()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Says nothing: the terminal shows what was found."""

    began_s = time.monotonic()
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            said = _open(path, url, command, asked, began_s + timeout_s)
        finally:
            server.shutdown()
    if asked.is_set():
        return RoomFinding(
            "ok", f"{name} starts, and reaches this machine ({time.monotonic() - began_s:.1f} s): {path}"
        )
    return RoomFinding("trouble", f"{name} is found and does not start: {path}{said}", _advice(said))


def _open(path: str, url: str, command: Callable[[str, str, str], list[str]], asked: Event, until_s: float) -> str:
    """Opens the page, and returns why it was not asked for; "" if it was."""
    with (
        tempfile.TemporaryDirectory(prefix="labkit-browser-", ignore_cleanup_errors=True) as profile,
        (Path(profile) / "said.txt").open("w+b") as log,
        Child(command(path, profile, url), environment={"HOME": profile}, log=log) as child,
    ):
        while not asked.wait(_POLL_S):
            if time.monotonic() > until_s:
                return " (it opened no page in time)"
            if not child.running:
                log.seek(0)
                return _last_words(log.read().decode("utf-8", "replace"))
    return ""


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in ("sandbox", "error", "fatal", "cannot"))]
    return f" ({(telling or lines)[-1][:200]})" if lines else " (it ended at once, without a word)"


def _advice(said: str) -> str:
    if "sandbox" in said.lower():
        return "a container forbids its sandbox: allow user namespaces, or set LABKIT_BROWSER=none for recorded answers"
    return (
        "mend or reinstall it, name another with LABKIT_BROWSER=path, or set LABKIT_BROWSER=none for recorded answers"
    )
