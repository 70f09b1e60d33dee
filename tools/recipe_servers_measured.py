"""What each server recipe does, measured: a real process, real sockets, and a reader for each question."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labkit.errors import LabError, counted
from labkit.testing import CheckFailed, Cut, sse_endpoint
from labkit.wire import Comment, Decoder, Event, Signal
from tests.recipes.recipe_servers import FOLDER, TOKEN, RecipeServer, lines_of_code, running

QUIET_S = 17.0  # a heartbeat of 15 s comes within it
SHORT_HEARTBEAT_S = 1.0
PATIENCE_S = 40.0
STUCK_READERS, EVENT_BYTES, KEPT_EVENTS = 20, 16_000, 1000
MANY_READERS = 150
TEN_CUTS = [
    Cut(bytes=1), Cut(bytes=30), Cut(bytes=60), Cut(events=1), Cut(events=1, into=3), Cut(events=1, into=20),
    Cut(events=2), Cut(events=2, into=40), Cut(events=3, into=25, how="rst"), Cut(events=5, how="rst"),
]  # fmt: skip
#: What puts the framework's own compression in front of the recipe: (what stands there, what stands there then).
GZIP = "from starlette.middleware.gzip import GZipMiddleware\napp.add_middleware(GZipMiddleware, minimum_size=0)\n\n\n"
COMPRESSED = {
    "fastapi_app.py": ("def check(", GZIP + "def check("),
    "fastapi_labkit.py": ("def knows(", GZIP + "def knows("),
    "django_app.py": ("ROOT_URLCONF=", 'MIDDLEWARE=["django.middleware.gzip.GZipMiddleware"], ROOT_URLCONF='),
    "aiohttp_app.py": (
        "    await response.prepare", "    response.enable_compression()\n    await response.prepare",
    ),
    "express_app.mjs": ("const app = express();", "const app = express();\napp.use(compression());"),
}  # fmt: skip
RUNSERVER = (
    "import sys; sys.path.insert(0, '{FOLDER}'); import django_app; from django.core.management import "
    "execute_from_command_line as run; run(['manage', 'runserver', '--noreload', '127.0.0.1:{PORT}'])"
)


@dataclass(frozen=True)
class Row:
    """One line of the table: a recipe, and what runs it if that is not its usual command."""

    name: str
    file: str
    command: tuple[str, ...] = ()


ROWS = (
    Row("FastAPI", "fastapi_app.py"),
    Row("labkit in FastAPI", "fastapi_labkit.py"),
    Row("Django, uvicorn", "django_app.py"),
    Row("Flask, gunicorn --threads 100", "flask_app.py"),
    Row("aiohttp", "aiohttp_app.py"),
    Row("Express", "express_app.mjs"),
    Row("http.server", "plain_http_server.py"),
    Row("Django, runserver", "django_app.py", (sys.executable, "-c", RUNSERVER)),
    Row(
        "Flask, gunicorn without --threads", "flask_app.py",
        (sys.executable, "-m", "gunicorn", "--chdir", "{FOLDER}", "--bind", "127.0.0.1:{PORT}", "flask_app:app"),
    ),
)  # fmt: skip
COLUMNS = (
    "lines of code",
    "first event", "readers at once", "ten cuts", "gap told", "heartbeat", "notices leaving",
    "a reader that stands still", "planned end", "without a token", "own compression", "SIGTERM",
)  # fmt: skip


@dataclass
class Reading:
    """One stream that is read for a while."""

    server: RecipeServer
    last_event_id: str = ""
    signals: list[Signal] = field(default_factory=list)
    clean: bool = False

    def open(self, timeout_s: float = 5.0, coding: str = "identity") -> http.client.HTTPResponse:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout_s)
        last = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        self.connection.request("GET", "/events", headers={**self.server.bearer, "Accept-Encoding": coding, **last})
        self.response = self.connection.getresponse()
        self.decoder = Decoder()
        return self.response

    def read(self) -> bool:
        """Reads what comes next; False at the end, which `clean` describes.

        Raises:
            TimeoutError: nothing came.
        """
        try:
            piece = self.response.read1()
        except (http.client.HTTPException, ConnectionError):
            return False
        self.clean = not piece
        self.signals += self.decoder.feed(piece)
        return bool(piece)

    @property
    def events(self) -> list[Event]:
        return [signal for signal in self.signals if isinstance(signal, Event)]

    def close(self) -> None:
        with contextlib.suppress(AttributeError):
            self.response.close()
        self.connection.close()


@contextlib.contextmanager
def reading(server: RecipeServer, last_event_id: str = "", timeout_s: float = 5.0) -> Iterator[Reading]:
    """A stream that has begun, for as long as the block runs."""
    stream = Reading(server, last_event_id)
    try:
        if stream.open(timeout_s).status == 200:
            stream.read()
        yield stream
    finally:
        stream.close()


def measure(row: Row, tell: Callable[[str], None]) -> dict[str, str]:
    """The cells of one line."""
    cells = {"lines of code": str(len(lines_of_code((FOLDER / row.file).read_text("utf-8"))))}
    with running(row.file, command=row.command) as server:
        cells["first event"] = first_event(server)
    with running(row.file, command=row.command) as server:  # another one: the first may wait for who has left
        cells["readers at once"] = readers_at_once(server)
    if row.command:
        return cells  # nothing comes, or to one reader: there is nothing more to ask
    questions = {
        "ten cuts": ten_cuts, "gap told": gap_told, "without a token": without_token,
        "notices leaving": notices_leaving, "planned end": planned_end, "SIGTERM": on_sigterm,
    }  # fmt: skip
    with running(row.file, SHORT_HEARTBEAT_S) as server:
        for name, ask in questions.items():
            tell(f"{row.name}: {name}")
            cells[name] = ask(server)
    with running(row.file) as server:
        tell(f"{row.name}: a reader that stands still")
        cells["a reader that stands still"] = standing_still(server)
    cells["own compression"] = own_compression(row)
    with running(row.file) as server:
        tell(f"{row.name}: heartbeat")
        cells["heartbeat"] = heartbeat(server)
    return cells


def first_event(server: RecipeServer) -> str:
    """How long after its publication the first event is there."""
    try:
        with reading(server, timeout_s=4.0) as stream:
            published_s = time.monotonic()
            server.publish("one")
            while not stream.events:
                if not stream.read():
                    return "the stream ended"
            return f"{(time.monotonic() - published_s) * 1000:.0f} ms"
    except (TimeoutError, OSError, http.client.HTTPException):
        return "does not come"


def readers_at_once(server: RecipeServer) -> str:
    """How many of so many readers get the head of their stream within 3 s."""
    sockets = []
    for _ in range(MANY_READERS):
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        sock.sendall(_request())
        sockets.append(sock)
    until_s, answered = time.monotonic() + 3, 0
    for sock in sockets:
        sock.settimeout(max(0.01, until_s - time.monotonic()))
        with contextlib.suppress(OSError):
            answered += sock.recv(12).endswith(b"200")
    for sock in sockets:
        sock.close()
    return f"{answered} of {MANY_READERS}"


def _request() -> bytes:
    return f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def ten_cuts(server: RecipeServer) -> str:
    """Whether a reader that is cut at ten places has all, once."""
    with server.ticking(0.02), sse_endpoint(server.url, headers=server.bearer, seconds=1) as endpoint:
        lost = 0
        for cut in TEN_CUTS:
            try:
                endpoint.survives_cut([cut])
            except CheckFailed:
                lost += 1
        return "nothing lost" if not lost else f"{lost} lose events"


def gap_told(server: RecipeServer) -> str:
    """What comes first to a reader with an id that is not known."""
    with reading(server, "nobody-knows-it") as stream:
        server.publish("one")
        while not stream.events:
            stream.read()
        return "yes" if stream.events[0].type == "gap" else "no"


def without_token(server: RecipeServer) -> str:
    """The statuses without a token, with a wrong one, and with a cookie."""
    cookie = server.ask(Cookie=f"session={TOKEN}")[0]
    return f"{server.ask()[0]}, cookie {cookie}"


def notices_leaving(server: RecipeServer) -> str:
    """How long after a reader has left a quiet stream its socket is given back. A heartbeat comes each second."""
    time.sleep(SHORT_HEARTBEAT_S)
    before = server.descriptors()
    with reading(server):
        pass
    left_s = time.monotonic()
    while server.descriptors() > before:
        if time.monotonic() - left_s > PATIENCE_S:
            return f"not in {PATIENCE_S:g} s"
        time.sleep(0.02)
    took_s = time.monotonic() - left_s
    count = counted(max(1, round(took_s / SHORT_HEARTBEAT_S)), "heartbeat")
    return "at once" if took_s < 0.5 else f"after {count}"


def planned_end(server: RecipeServer) -> str:
    """How the stream ends behind the event `done`, and what who asks again is told."""
    with reading(server) as stream:
        server.publish("the last", "done")
        while stream.read():
            pass
        newest = stream.events[-1].last_event_id
    status = server.ask(**{"Last-Event-ID": newest}, **server.bearer)[0]
    server.publish("it goes on")
    return f"{'clean' if stream.clean else 'a cut'}, then {status}"


def on_sigterm(server: RecipeServer) -> str:
    """How an open stream ends, and when the process has ended."""
    with reading(server) as stream:
        began_s = time.monotonic()
        stopping = threading.Thread(target=server.child.stop)
        stopping.start()
        while stream.read():
            pass
        stopping.join()
        return f"{'clean' if stream.clean else 'a cut'}, {time.monotonic() - began_s:.1f} s"


def standing_still(server: RecipeServer) -> str:
    """What is held for a reader that reads nothing: in the process, and in the kernel's send buffer."""
    data = "x" * EVENT_BYTES
    for _ in range(KEPT_EVENTS + 100):
        server.publish(data)
    sockets = [_stuck(server.port) for _ in range(STUCK_READERS)]
    try:
        time.sleep(0.3)
        before, most_bytes, most_kernel = _memory(server), 0, 0
        for number in range(400):
            server.publish(data)
            if number % 20 == 19:
                most_bytes = max(most_bytes, _memory(server) - before)
                most_kernel = max(most_kernel, _send_queues(server.port))
        each, kernel = most_bytes / STUCK_READERS / 1024, most_kernel / STUCK_READERS / 1024
        return f"{max(0.0, each):.0f} + {kernel:.0f} KiB"
    finally:
        for sock in sockets:
            sock.close()


def _stuck(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(_request())
    sock.recv(64)
    return sock


def _memory(server: RecipeServer) -> int:
    return sum(process.memory_info().rss for process in server.processes())


def _send_queues(port: int) -> int:
    """The bytes that the kernel holds for sending from this port. Source: proc(5), /proc/net/tcp, tx_queue."""
    total = 0
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        words = line.split()
        if int(words[1].partition(":")[2], 16) == port:
            total += int(words[4].partition(":")[0], 16)
    return total


def own_compression(row: Row) -> str:
    """What the framework's own compression does to the stream, when it is switched on."""
    if row.file not in COMPRESSED:
        return "has none"
    text, (old, new) = (FOLDER / row.file).read_text("utf-8"), COMPRESSED[row.file]
    if old not in text:
        raise LabError(f"{row.file} has changed: {old!r} is not in it")
    text = text.replace(old, new, 1)
    if row.file.endswith(".mjs"):
        text = text.replace(
            'import express from "express";', 'import express from "express";\nimport compression from "compression";'
        )
    with running(row.file, text=text) as server, server.ticking(0.1):
        stream = Reading(server)
        coding = stream.open(timeout_s=3.0, coding="gzip").headers.get("Content-Encoding", "")
        if not coding:
            stream.close()
            return "leaves it alone"
        try:
            body, until_s = b"", time.monotonic() + 1.5
            while time.monotonic() < until_s:
                body += stream.response.read1()
        except TimeoutError:
            pass
        stream.close()
        return f"{coding}: a browser gets {_events_in(body)} of 15 events"


def _events_in(body: bytes) -> int:
    """Of the first member alone: there a browser stops."""
    plain = zlib.decompressobj(wbits=31).decompress(body)
    return sum(isinstance(signal, Event) for signal in Decoder().feed(plain))


def heartbeat(server: RecipeServer) -> str:
    """When the first comment comes on a quiet stream."""
    with reading(server, timeout_s=QUIET_S) as stream:
        began_s = time.monotonic()
        stream.signals.clear()
        try:
            while not any(isinstance(signal, Comment) for signal in stream.signals):
                if not stream.read():
                    return "the stream ended"
        except TimeoutError:
            return f"none in {QUIET_S:g} s"
        return f"after {time.monotonic() - began_s:.0f} s"
