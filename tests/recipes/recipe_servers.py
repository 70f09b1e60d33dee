"""The recipes of docs/recipes as real processes, and somebody who publishes."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from labkit.errors import LabError
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

FOLDER = Path(__file__).parent.parent.parent / "docs" / "recipes"
#: npm's packages are installed once, and kept for the next run.
NODE_FOLDER = Path(tempfile.gettempdir()) / "labkit-recipes-node"
TOKEN = "sesame-of-the-tests"
START_S = 30.0
EXPRESS = ("express@5", "compression")  # the second one for the tool that measures
SERVERS = (
    "fastapi_app.py", "fastapi_labkit.py", "django_app.py", "flask_app.py", "aiohttp_app.py", "express_app.mjs",
    "plain_http_server.py",
)  # fmt: skip


class RecipeServer:
    """A recipe that runs: its file, its URL, and a connection over which events are published."""

    def __init__(self, file: str, port: int, child: Child) -> None:
        self.file, self.port, self.child = file, port, child
        self.url = f"http://127.0.0.1:{port}/events"
        self.bearer = {"Authorization": f"Bearer {TOKEN}"}
        self._publisher = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._published_s = 0.0

    def publish(self, data: str, event: str = "") -> None:
        """Publishes an event over a connection that is kept, for as long as servers keep one: gunicorn for 2 s."""
        if time.monotonic() - self._published_s > 1:
            self.forget_connection()
        self._published_s = time.monotonic()
        headers = {**self.bearer, "Content-Type": "application/x-www-form-urlencoded"}  # as curl -d has it
        self._publisher.request("POST", f"/publish?event={event}", data.encode(), headers)
        response = self._publisher.getresponse()
        response.read()
        if response.status != 202:
            raise LabError(f"/publish answered {response.status}")

    def forget_connection(self) -> None:
        """Publishes over a new connection from now on."""
        self._publisher.close()

    def processes(self) -> list[psutil.Process]:
        """The recipe's own processes."""
        return psutil.Process(self.child._guard.pid).children(recursive=True)

    def descriptors(self) -> int:
        """How many files and sockets they have open."""
        return sum(process.num_fds() for process in self.processes())

    @contextlib.contextmanager
    def ticking(self, every_s: float) -> Iterator[None]:
        """Publishes a number each `every_s` seconds meanwhile."""
        leaving = threading.Event()

        def tick() -> None:
            number = 0
            while not leaving.wait(every_s):
                number += 1
                self.publish(f"tick {number}")

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            leaving.set()
            thread.join()

    def ask(self, method: str = "GET", path: str = "/events", **headers: str) -> tuple[int, http.client.HTTPMessage]:
        """Status and headers of one answer; the stream is left at once."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, b"" if method == "POST" else None, headers)
        response = connection.getresponse()
        try:
            return response.status, response.headers
        finally:
            response.close()
            connection.close()


@contextlib.contextmanager
def running(
    file: str, heartbeat_s: float = 15.0, command: Sequence[str] = (), text: str | None = None
) -> Iterator[RecipeServer]:
    """A server recipe as a process of its own, from when it answers.

    Args:
        file: its name in docs/recipes.
        heartbeat_s: after so much silence it sends a comment. (FastAPI's own says 15 s, whatever is given.)
        command: what runs it instead of its usual command; {FILE} and {PORT} are filled in.
        text: what is run instead of the recipe's own text.

    Raises:
        LabError: it did not start, or what it needs is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="labkit-recipe-") as folder, reserved_port() as port:
        copied = Path(folder) / file
        copied.write_text((FOLDER / file).read_text("utf-8") if text is None else text, "utf-8")
        program = [sys.executable, str(copied)]
        if file.endswith(".mjs"):
            (copied.parent / "node_modules").symlink_to(node_modules(*EXPRESS) / "node_modules")
            program = [_path_of("node"), str(copied)]
        if command:
            program = [word.format(FILE=copied, PORT=port, FOLDER=folder) for word in command]
        variables = {"PORT": str(port), "TOKEN": TOKEN, "HEARTBEAT_S": str(heartbeat_s)}
        said = Path(folder) / "said.txt"
        with said.open("wb") as log, Child(program, environment=variables, log=log) as child:
            server = RecipeServer(file, port, child)
            _wait_until_it_answers(server, said)
            yield server


def node_modules(*packages: str) -> Path:
    """The folder in which these packages of npm are installed; they are installed now if they are not.

    Raises:
        LabError: node or npm is missing, or npm failed.
    """
    npm, _ = _path_of("npm"), _path_of("node")
    folder = NODE_FOLDER / "-".join(package.replace("/", "_") for package in packages)
    if not (folder / "node_modules").exists():
        NODE_FOLDER.mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=NODE_FOLDER))  # another worker may install at the same time
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        done = subprocess.run([npm, "install", *options, *packages], cwd=fresh, timeout=120, check=False)
        if done.returncode:
            raise LabError(f"npm could not install {' '.join(packages)}")
        with contextlib.suppress(OSError):  # the other one was first
            fresh.rename(folder)
    return folder


def _path_of(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise LabError(f"{name} is not installed (Debian: apt install nodejs npm)")
    return path


def _wait_until_it_answers(server: RecipeServer, said: Path) -> None:
    until_s = time.monotonic() + START_S
    while server.child.running and time.monotonic() < until_s:
        with contextlib.suppress(OSError, http.client.HTTPException):
            server.ask()
            return
        time.sleep(0.03)
    raise LabError(f"it did not start: {said.read_text(errors='replace').strip()[-600:]}")


def lines_of_code(text: str) -> list[str]:
    """The lines of a recipe that are neither blank nor a comment, without docstrings."""
    text = re.sub(r'^\s*"""[\s\S]*?"""$', "", text, flags=re.M)
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith(("#", "//"))]
