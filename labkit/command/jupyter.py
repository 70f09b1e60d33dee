"""Starts JupyterLab as a child process that shares the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from labkit.command.lessons import Place

_DEFAULTS = Path(__file__).parent / "jupyter_defaults"


def command(
    place: Place, lesson: str, *, browser: bool = True, port: int | None = None, options: Sequence[str] = ()
) -> list[str]:
    """The command that opens the copy of a lesson in this environment's JupyterLab.

    Args:
        place: where the copies are.
        lesson: the file name of the lesson.
        browser: False opens no browser.
        port: the port; None lets JupyterLab choose.
        options: more options for JupyterLab; they go last, and so win.
    """
    parts = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={place.root}"]
    # The address that is printed leads to the lesson too, which a file to open would not.
    parts += [f"--LabApp.default_url=/lab/tree/{place.work.name}/{lesson}"]
    parts += [
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--ServerApp.contents_manager_class=labkit.command.contents.LessonContents",
    ]
    if not browser:
        parts.append("--no-browser")
    if port is not None:
        parts += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if is_root():
        parts.append("--allow-root")
    return [*parts, *options]


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment variables for JupyterLab: this environment's kernel comes first, and labkit's defaults hold."""
    own_paths = {"JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"), "JUPYTER_CONFIG_PATH": str(_DEFAULTS)}
    return {**base, **{name: os.pathsep.join(filter(None, [path, base.get(name)])) for name, path in own_paths.items()}}


def is_root() -> bool:
    """Whether this user is root. JupyterLab then needs --allow-root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def run_jupyter(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs JupyterLab, and returns its exit code. Ctrl-C goes to JupyterLab, which asks before it shuts down."""
    children: list[subprocess.Popen[bytes]] = []
    with _signals_go_to(children):
        children.append(subprocess.Popen(command, env=environment))
        code = children[0].wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_go_to(children: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    def pass_on(number: int, frame: FrameType | None) -> None:
        for child in children:
            if number == signal.SIGTERM or not _terminal_signals_child():
                child.send_signal(number)

    previous_handlers = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)


def _terminal_signals_child() -> bool:
    """Whether a Ctrl-C has reached the child already: a second one would skip JupyterLab's question."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # stdin is no terminal, or closed
        return False
