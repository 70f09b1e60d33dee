"""A server that does to a client what networks do, by script; and the recipes of docs/recipes/clients that read it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from labkit.system.secrets import clean_environment

from .recipe_servers import FOLDER, node_modules

CLIENTS = FOLDER / "clients"
PAGES = ("eventsource.html", "htmx.html")
PROGRAMS = ("fetch_in_twenty_lines.js", "httpx_client.py", "eventsource_package.mjs")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
OPENING = b"retry: 200\n\n"
#: Prints what the twenty lines yield: they are a module, and no program. A stream cannot be iterated, as in Safari.
RUNNER = """delete ReadableStream.prototype[Symbol.asyncIterator];
const { events } = await import("./fetch_in_twenty_lines.mjs");
for await (const { data } of events(process.argv[2])) console.log(data);
"""
SMALL_BYTES = 64 * 1024

#: Called with the last event id of the request, and with what it came over.
Answer = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def event(number: int) -> bytes:
    """An event whose id and data are its number."""
    return b"id: %d\ndata: event %d\n\n" % (number, number)


def stream(*pieces: bytes, up_to: int = 0, then: str = "hold") -> Answer:
    """An answer that sends the events behind the id that was asked, and the pieces; each is a chunk.

    A browser throws away what it has received of a cut answer and the page has not read yet: so what comes next is
    told by the id.

    Args:
        pieces: what is sent behind the events.
        up_to: the number of the last event; 0 for none.
        then: "hold" keeps the connection open, "cut" ends it in mid-answer, "end" in good order.
    """

    async def answer(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        events = [event(number) for number in range(int(asked or 0) + 1, up_to + 1)]
        for piece in (OPENING, *events, *pieces):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.01)
        if then == "hold":
            await reader.read(1)
        elif then == "end":
            writer.write(b"0\r\n\r\n")

    return answer


def status(code: int) -> Answer:
    """An answer without a body."""

    async def answer(asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = b"" if code == 204 else b"Content-Length: 0\r\n"
        writer.write(b"HTTP/1.1 %d As Planned\r\n%bConnection: close\r\n\r\n" % (code, length))

    return answer


class ScriptedServer:
    """Answers each path by a script: its first request by the first answer, and so on; the last answer is repeated.

    `asked` has, for each path, the last event id of each request, in its header or its URL; "" for none.
    """

    def __init__(self) -> None:
        self.scripts: dict[str, Sequence[Answer]] = {}
        self.pages: dict[str, bytes] = {}
        self.asked: dict[str, list[str]] = defaultdict(list)
        self.url = ""
        self._open: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            target, *lines = head.split("\r\n")
            parts = urlsplit(target.split(" ")[1])
            if parts.path in self.scripts:
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                in_url = parse_qs(parts.query).get("lastEventId", [""])[0]
                asked, script = headers.get("last-event-id", "") or in_url, self.scripts[parts.path]
                self.asked[parts.path].append(asked)
                await script[min(len(self.asked[parts.path]), len(script)) - 1](asked, reader, writer)
            else:
                self._send_page(parts.path, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    def _send_page(self, path: str, writer: asyncio.StreamWriter) -> None:
        page = self.pages.get(path)
        kind = b"text/javascript" if path.endswith(".js") else b"text/html"
        code = b"404 Not Found" if page is None else b"200 OK"
        page = page or b""
        writer.write(
            b"HTTP/1.1 %b\r\nContent-Type: %b; charset=utf-8\r\nContent-Length: %d\r\n" % (code, kind, len(page))
        )
        writer.write(b"Connection: close\r\n\r\n" + page)

    def page_of(self, file: str, path: str) -> str:
        """The URL of a page that reads the stream at `path`."""
        if file == "htmx.html":
            dist = node_modules("htmx.org@4") / "node_modules" / "htmx.org" / "dist"
            self.pages["/page/htmx.js"] = (dist / "htmx.js").read_bytes()
            self.pages["/page/ext/hx-sse.js"] = (dist / "ext" / "hx-sse.js").read_bytes()
        text = (CLIENTS / file).read_text("utf-8").replace('hx-sse:connect="/events"', f'hx-sse:connect="{path}"')
        self.pages[f"/page{path}"] = text.encode()
        return f"{self.url}/page{path}?url={path}"

    async def close(self) -> None:
        for task in tuple(self._open):
            task.cancel()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedServer]:
    """A scripted server on a free port of this machine."""
    answering = ScriptedServer()
    server = await asyncio.start_server(answering.accept, "127.0.0.1", 0, limit=SMALL_BYTES)
    answering.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield answering
    finally:
        server.close()
        await answering.close()


class Program:
    """A client that runs as a process; `lines` are what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, list[str]()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading


@contextlib.asynccontextmanager
async def reading(file: str, url: str) -> AsyncIterator[Program]:
    """A client recipe that reads this URL as a process of its own."""
    with tempfile.TemporaryDirectory(prefix="labkit-recipe-") as folder:
        copied = Path(folder) / file.replace(".js", ".mjs").replace(".mmjs", ".mjs")
        shutil.copy(CLIENTS / file, copied)
        command = [sys.executable, str(copied)]
        if file.endswith("js"):
            (Path(folder) / "node_modules").symlink_to(node_modules("eventsource@4") / "node_modules")
            started = copied
            if file == "fetch_in_twenty_lines.js":
                started = Path(folder) / "runner.mjs"
                started.write_text(RUNNER)
            command = [shutil.which("node") or "node", str(started)]
        environment = {**clean_environment(), "TOKEN": "sesame-of-the-tests"}
        process = await asyncio.create_subprocess_exec(
            *command, url, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        program = Program(process)
        try:
            yield program
        finally:
            await program.stop()
