"""What a real browser's EventSource does after each end of the table in labkit.wire.reconnecting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from labkit.lab.browser import BrowserAnswer, in_browser
from labkit.system.accepting import StreamAcceptor
from labkit.wire.reconnecting import AfterEnd

#: Watches one EventSource: what of it is counted, and its readyState at the end.
_WATCH = """
  const later = (ms) => new Promise((wake) => setTimeout(wake, ms));
  const watch = async (url, wait_ms) => {
    const source = new EventSource(url), one = { opened: 0, errors: 0, events: 0 };
    source.onopen = () => one.opened++;
    source.onerror = () => one.errors++;
    source.onmessage = () => one.events++;
    await later(wait_ms);
    one.state = source.readyState;
    source.close();
    return one;
  };
"""
#: Each server is asked by a page of its own origin, in a frame, or from here: then it is another origin.
SCRIPT = f"""{{
  {_WATCH}
  const framed = (url, wait_ms) => new Promise((done) => {{
    const frame = document.createElement("iframe");
    addEventListener("message", ({{ source, data }}) => source === frame.contentWindow && done(data));
    frame.src = `${{url}}frame?${{wait_ms}}`;
    document.body.append(frame);
  }});
  const servers = Object.entries(given.servers);
  const asked = servers.map(([, [url, own]]) => (own ? framed : watch)(url, given.wait_ms));
  const seen = await Promise.all(asked);
  return Object.fromEntries(servers.map(([name], n) => [name, seen[n]]));
}}"""
_FRAME = f"""<!doctype html><meta charset="utf-8"><script type="module">
  {_WATCH}
  await later(300);  // a server that will not be there has gone by now
  parent.postMessage(await watch("/", Number(location.search.slice(1))), "*");
</script>"""
COMMON = "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
_RST = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


def response_bytes(status: str, *lines: str, body: bytes = b"") -> bytes:
    """The bytes of a whole response that any page may read."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"])
    return f"{head}\r\n{COMMON}".encode() + body


def chunked_stream(text: bytes, *lines: str, ended: bool = True) -> bytes:
    """The bytes of an event stream, in chunks; without `ended` its last chunk is missing."""
    head = "\r\n".join(
        ["HTTP/1.1 200 OK", *(lines or ["Content-Type: text/event-stream"]), "Transfer-Encoding: chunked"]
    )
    return f"{head}\r\n{COMMON}".encode() + b"%x\r\n%s\r\n" % (len(text), text) + (b"0\r\n\r\n" if ended else b"")


@dataclass(slots=True)
class Ending:
    """A server that gives the first client its first answer, the second one the second, and all others the last.

    `breaks` sends RST after an answer, `leaves` stops listening for good, `absent` never listens, `stays` keeps the
    connection open, and `keeps` answers a further request on it. A page of its `own` origin asks, or one of another.
    It notes the request lines, and when they came on the loop's clock.
    """

    answers: Sequence[bytes] = ()
    breaks: bool = False
    leaves: bool = False
    absent: bool = False
    stays: bool = False
    keeps: bool = False
    own: bool = True
    asked: list[str] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)

    @property
    def waits_s(self) -> list[float]:
        """Seconds between a request and the next one."""
        return [after - before for before, after in zip(self.asked_s, self.asked_s[1:], strict=False)]


def endings() -> dict[str, Ending]:
    """By the situation of each row of TABLE: a server that makes it. Streams say `retry: 300`, and have one event."""
    opened, ended = (chunked_stream(b"retry: 300\ndata: 1\n\n", ended=ends) for ends in (False, True))
    html, later = "Content-Type: text/html", "Retry-After: 1"
    return {
        "the response ends": Ending([ended]),
        "the connection breaks": Ending([opened], breaks=True),
        "no connection, first time": Ending(absent=True),
        "no connection, later": Ending([opened], leaves=True),
        "the same, another origin": Ending([opened], leaves=True, own=False),
        "status 204": Ending([ended, b"HTTP/1.1 204 No Content\r\n" + COMMON.encode()]),
        "status 200, another type": Ending([response_bytes("200 OK", html, body=b"<p>a page")]),
        "status 404": Ending([response_bytes("404 Not Found", html)]),
        "status 500": Ending([ended, response_bytes("500 Internal Server Error", html)]),
        "status 502": Ending([ended, response_bytes("502 Bad Gateway", html)]),
        "status 503, Retry-After": Ending([ended, response_bytes("503 Service Unavailable", html, later)]),
    }


@contextlib.asynccontextmanager
async def _serving(ending: Ending) -> AsyncIterator[str]:
    """The URL of this server: another origin than all others, so that no six connections are shared."""
    listener = socket.create_server(("127.0.0.1", 0))

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            is_frame = await _answer_next(ending, reader, writer)
            while ending.keeps:
                await _answer_next(ending, reader, writer)
            if ending.stays and not is_frame:
                await reader.read()
            if ending.absent if is_frame else ending.leaves:
                await acceptor.stop()
            if ending.breaks and not is_frame:
                await asyncio.sleep(0.1)  # RST throws away what was not read yet
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
        writer.close()

    acceptor = StreamAcceptor(listener, reply)
    try:
        yield f"http://127.0.0.1:{acceptor.port}/"
    finally:
        await acceptor.stop()
        await acceptor.end_connections()


async def _answer_next(ending: Ending, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answers one request; whether it was for the page in the frame."""
    line = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition(" HTTP/")[0]
    is_frame = line.startswith("GET /frame")
    if is_frame:
        writer.write(response_bytes("200 OK", "Content-Type: text/html", body=_FRAME.encode()))
    else:
        ending.asked.append(line)
        ending.asked_s.append(asyncio.get_running_loop().time())
        writer.write(ending.answers[min(len(ending.asked), len(ending.answers)) - 1])
    await writer.drain()
    return is_frame


@contextlib.asynccontextmanager
async def serving_all(servers: Mapping[str, Ending]) -> AsyncIterator[dict[str, tuple[str, bool]]]:
    """What SCRIPT finds in `given.servers`: the URL of each, and whether its own page asks."""
    async with contextlib.AsyncExitStack() as stack:
        yield {about: (await stack.enter_async_context(_serving(one)), one.own) for about, one in servers.items()}


async def ask_endings(name: str, servers: Mapping[str, Ending], wait_s: float, firefox: bool = False) -> BrowserAnswer:
    """What became of one EventSource at each of these servers after so many seconds: its value has a dict for each."""
    async with serving_all(servers) as given:
        return await in_browser(name, SCRIPT, 30 + wait_s, firefox=firefox, servers=given, wait_ms=1000 * wait_s)


async def what_ends(firefox: bool = False) -> tuple[dict[str, AfterEnd], BrowserAnswer]:
    """What the browser does in each situation of TABLE, and what it said. It takes three seconds.

    A stream that is closed for good has `readyState` 2; every other one is tried again.

    Raises:
        LabError: there is no such browser here, and no recording.
    """
    said = await ask_endings("ends-firefox" if firefox else "ends", endings(), 3.0, firefox)
    return {about: "stop" if one["state"] == 2 else "again" for about, one in said.value.items()}, said
