"""Checks of the machine itself: room on the disk, memory, ports, the way to itself, and what lessons can use."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from labkit.command.findings import RoomFinding

#: A browser's profile, a lesson's results and JupyterLab's own files, with room to spare.
NEEDED_DISK_BYTES = 500 * 2**20
#: JupyterLab 150 MiB, a kernel 130, a headless Chromium 250; and the learner's own browser.
NEEDED_MEMORY_BYTES = 2**30
#: Port -> who wants it, and what to do when it is taken.
PORTS = {
    8080: ("labkit serve", "labkit serve --port 8081"),
    8888: ("JupyterLab", "nothing: it takes the next free one, and says which"),
}
#: JupyterLab loads them from these folders of share/jupyter/labextensions.
FRONTENDS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "anywidget": "anywidget"}


def check_disk(folders: Iterable[Path], free_bytes: Callable[[Path], int] | None = None) -> Iterator[RoomFinding]:
    """Checks that there is room where lessons and temporary files go."""
    measure = free_bytes or (lambda folder: shutil.disk_usage(folder).free)
    for folder in dict.fromkeys([*folders, Path(tempfile.gettempdir())]):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        try:
            free = measure(there)
        except OSError as problem:
            yield RoomFinding("note", f"the disk of {folder} cannot be asked ({problem.strerror or problem})")
            continue
        if free < NEEDED_DISK_BYTES:
            need = f"make room there: {NEEDED_DISK_BYTES // 2**20} MiB are enough"
            yield RoomFinding("trouble", f"{free // 2**20:,} MiB are free for {folder}", need)
        else:
            yield RoomFinding("ok", f"{free / 2**30:.1f} GiB are free for {folder}")


def check_memory(free_bytes: int | None) -> RoomFinding:
    """Checks that memory is left for JupyterLab, a kernel and a browser. None: the machine does not say."""
    if free_bytes is None:
        return RoomFinding("ok", "how much memory is free cannot be asked here")
    free = f"{free_bytes / 2**30:.1f} GiB of memory are free"
    if free_bytes < NEEDED_MEMORY_BYTES:
        return RoomFinding("trouble", free, "close other programs; 1 GiB is needed for a lesson and its browser")
    return RoomFinding("ok", free)


def check_ports(is_free: Callable[[int], bool] | None = None) -> Iterator[RoomFinding]:
    """Checks the ports that commands take by themselves. A lesson takes any that is free."""
    for port, (who, advice) in PORTS.items():
        if (is_free or _is_free)(port):
            yield RoomFinding("ok", f"port {port} is free")
        else:
            yield RoomFinding("note", f"port {port}, which {who} would take, is taken by another program", advice)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
            return True
    return False


def check_loopback(connect: Callable[[tuple[str, int]], object] | None = None) -> RoomFinding:
    """Checks that a program here can reach a server here: some guards of machines forbid it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answering = threading.Thread(target=_answer_once, args=(server,), daemon=True)
        answering.start()
        for name in ("127.0.0.1", "localhost"):
            try:
                with contextlib.closing(_connected((name, port), connect)):
                    pass
            except OSError as problem:
                advice = (
                    "let programs of this machine reach 127.0.0.1: a firewall, a guard of the company, or /etc/hosts"
                )
                why = problem.strerror or problem
                return RoomFinding("trouble", f"a server of this machine cannot be reached at {name} ({why})", advice)
    return RoomFinding("ok", "servers of this machine can be reached")


def _connected(place: tuple[str, int], connect: Callable[[tuple[str, int]], object] | None) -> socket.socket:
    if connect is not None:
        connect(place)
    return socket.create_connection(place, timeout=5)


def _answer_once(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


def check_frontend(folders: Iterable[Path]) -> Iterator[RoomFinding]:
    """Checks that JupyterLab will find the scripts that draw widgets.

    Args:
        folders: where JupyterLab looks for extensions, the first first.
    """
    places = list(folders)
    for name, package in FRONTENDS.items():
        version = next(filter(None, (_version(folder / name / "package.json") for folder in places)), None)
        if version is None:
            advice = f"pip install --force-reinstall {package}   (it must be the Python that JupyterLab runs on)"
            yield RoomFinding("trouble", f"JupyterLab has no {name}, so that no widget is drawn", advice)
        else:
            yield RoomFinding("ok", f"JupyterLab has {name} {version}")


def _version(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text("utf-8")).get("version", "?"))
    except (OSError, ValueError, AttributeError):
        return None


def check_tools(found: Iterable[tuple[str, bool, str]]) -> RoomFinding:
    """What lessons 06 and 11 can use, in one line; nothing of it is needed.

    Args:
        found: the name of each program, whether it is here, and what stands in for it.
    """
    tools = list(found)
    here = ", ".join(name for name, is_here, _ in tools if is_here) or "none"
    missing = ", ".join(f"{name} ({stand_in})" for name, is_here, stand_in in tools if not is_here)
    return RoomFinding("ok", f"optional programs here: {here}" + (f"; not here: {missing}" if missing else ""))
