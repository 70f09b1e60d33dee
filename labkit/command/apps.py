"""`labkit apps NAME`: one of the small apps, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from labkit.apps import launch_app
from labkit.command.serve import proxy_lines
from labkit.command.terminal import until_interrupted


def run_app(
    name: str,
    port: int,
    folder: Path | None,
    *,
    naive: bool,
    allowed: Collection[str],
    say: Callable[[str], object],
) -> None:
    """Serves the app until Ctrl-C. `say` is called with each line for the terminal.

    Raises:
        LabError: there is no such app, or another program listens on that port.
    """
    folder = folder or Path("work") / "apps" / name
    server = launch_app(name, folder, naive, port, allowed)
    with until_interrupted(server.stop, say, "stopped"):
        say(f"{name} is on http://localhost:{server.port}/, and keeps what must outlive it in {folder}")
        for line in proxy_lines(server.port, allowed, os.environ, f"apps {name}", ""):
            say(line)
        say("Ctrl-C stops it.")
