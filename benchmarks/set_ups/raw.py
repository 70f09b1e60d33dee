"""Heads, framing, encodings, ends and manners of servers that write bytes by hand."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Callable

from labkit.lab.raw_server import loopback

from .serving import STREAM, Answer, Visit, by_hand, plain, set_up_of, stamped
from .set_up import Address, SetUp

PAGE = "https://page.example"
LOGIN = "<!doctype html><html><head><title>Sign in</title></head><body><form>...</form></body></html>"


def flow(
    frame: Callable[[int], bytes] = plain, *lines: str, every_s: float = 0.25, count: int | None = None, **head: str
) -> Answer:
    """A stream of these frames below this head."""

    async def answer(visit: Visit) -> None:
        await visit.head(*lines, **head)
        await visit.follow(frame, every_s, count)
        await visit.end()

    return answer


def page(text: str, *lines: str, status: str = "200 OK", kind: str = "text/html") -> Answer:
    """The same page for everybody."""

    async def answer(visit: Visit) -> None:
        await visit.page(text, *lines, status=status, kind=kind)

    return answer


def coded(frame: Callable[[int], bytes], begin: Callable[[], Callable[[bytes], bytes]], *lines: str) -> Answer:
    """A stream whose pieces each go through what `begin` makes for each connection."""

    async def answer(visit: Visit) -> None:
        code = begin()
        await visit.head(*lines)
        await visit.follow(lambda n: code(frame(n)) or b"", 0.25)

    return answer


# Compression


def zipped(flush: int | None, bits: int = 31) -> Callable[[], Callable[[bytes], bytes]]:
    def begin() -> Callable[[bytes], bytes]:
        packer = zlib.compressobj(6, zlib.DEFLATED, bits)
        return lambda data: packer.compress(data) + (b"" if flush is None else packer.flush(flush))

    return begin


async def hoarding(visit: Visit) -> None:
    """gzip that is never flushed: a block comes when some thousand events are in it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    if "gzip" not in visit.headers.get("accept-encoding", ""):
        await visit.head("Vary: Accept-Encoding")
        await visit.follow(plain)
    await visit.head("Content-Encoding: gzip", "Vary: Accept-Encoding")
    noise = random.Random(4)
    n = 0
    while True:
        await asyncio.sleep(0.1)
        piece = packer.compress(b'id: %d\ndata: {"key": "%x"}\n\n' % (n, noise.getrandbits(2400)))
        n += 1
        if piece:
            await visit.send(piece)


# Timing


async def in_batches(visit: Visit) -> None:
    await visit.head()
    waiting, n = b"", 0
    while True:
        await asyncio.sleep(0.13)
        waiting += b'data: {"n": %d, "at": %.3f}\n\n' % (n, time.time())
        n += 1
        if n % 11 == 0:
            await visit.send(waiting)
            waiting = b""


async def in_full_buffers(visit: Visit) -> None:
    """stdout of a child that is no terminal: C's stdio writes when 4,096 bytes are full."""
    await visit.head()
    waiting, n = b"", 0
    while True:
        await asyncio.sleep(0.05)
        waiting += b'id: %d\ndata: {"line": "%b"}\n\n' % (n, b"log " * 60)
        n += 1
        while len(waiting) >= 4096:
            await visit.send(waiting[:4096])
            waiting = waiting[4096:]


async def collected(visit: Visit) -> None:
    body = b""
    for n in range(30):
        body += stamped(n)
        await asyncio.sleep(0.15)
    await visit.head(f"Content-Length: {len(body)}")
    await visit.send(body)


async def collected_without_clock(visit: Visit) -> None:
    await visit.head()
    body = b""
    for n in range(30):
        body += b'data: {"row": %d}\n\n' % n
        await asyncio.sleep(0.15)
    await visit.send(body)
    await visit.end()


async def one_behind(visit: Visit) -> None:
    """An iterator that looks one ahead, to know whether there is a next one."""
    await visit.head()
    pace, n, held = random.Random(1), 0, b""
    while True:
        await visit.send(held) if held else None
        held = stamped(n)
        n += 1
        await asyncio.sleep(pace.uniform(0.2, 0.9))


async def three_seconds_late(visit: Visit) -> None:
    await visit.head()
    await visit.send(b": open\n\n")
    queue: list[tuple[float, bytes]] = []
    loop, n = asyncio.get_running_loop(), 0
    while True:
        queue.append((loop.time() + 3, stamped(n)))
        n += 1
        await asyncio.sleep(0.2)
        if queue[0][0] <= loop.time():
            await visit.send(queue.pop(0)[1])


async def corked(visit: Visit) -> None:
    """A writer that gathers for 200 ms after the first byte."""
    await visit.head()
    pace, n, waiting = random.Random(3), 0, b""
    next_s = due_s = time.monotonic()
    while True:
        await asyncio.sleep(max(0.0, min(next_s, due_s if waiting else next_s) - time.monotonic()))
        now_s = time.monotonic()
        if waiting and now_s >= due_s:
            await visit.send(waiting)
            waiting = b""
        if now_s >= next_s:
            due_s = due_s if waiting else now_s + 0.2
            waiting += b'data: {"n": %d, "at": %.3f}\n\n' % (n, time.time())
            n, next_s = n + 1, now_s + pace.uniform(0.03, 0.5)


async def head_with_first_event(visit: Visit) -> None:
    await asyncio.sleep(2.5)
    await visit.head()
    await visit.follow(lambda n: plain(n), 1.0, 100)


async def silent(visit: Visit) -> None:
    await visit.head()
    await visit.send(b"id: 1\ndata: {}\n\n")
    await visit.stay()


async def silent_from_the_start(visit: Visit) -> None:
    await visit.head()
    await visit.stay()


async def no_answer(visit: Visit) -> None:
    await visit.stay()


async def only_once(visit: Visit) -> None:
    """The generator of the first reader runs on, and the lock with it."""
    if visit.number == 0:
        await visit.head()
        await visit.follow(plain)
    await visit.stay()


# Ends


async def cut_when_idle(visit: Visit) -> None:
    await visit.head()
    for n in range(5):
        await visit.send(plain(visit.number * 5 + n if visit.last_id is None else visit.last_id + 1 + n))
        await asyncio.sleep(0.3)
    await asyncio.sleep(2.7)
    visit.writer.transport.abort()


async def cut_at_four_seconds(visit: Visit) -> None:
    await visit.head()
    try:
        async with asyncio.timeout(4):
            await visit.follow(stamped, 0.2)
    except TimeoutError:
        visit.writer.transport.abort()


async def crashed(visit: Visit) -> None:
    await visit.head()
    for n in range(6 + 5 * visit.number):
        await visit.send(stamped(n))
        await asyncio.sleep(0.2 + 0.1 * visit.number)
    visit.writer.transport.abort()


async def promised_too_much(visit: Visit) -> None:
    await visit.head("Content-Length: 99999")
    await visit.follow(plain, 0.2, 9)


async def counted_characters(visit: Visit) -> None:
    text = "".join(f"data: Größe {n}, 5 €, naïveté\n\n" for n in range(9))
    await visit.head(f"Content-Length: {len(text)}")
    await visit.send(text.encode()[: len(text)])


async def ends_without_blank_line(visit: Visit) -> None:
    await visit.head()
    await visit.follow(lambda n: plain(n)[:-1] if n == 8 else plain(n), 0.2, 9)
    await visit.end()


async def not_really_chunked(visit: Visit) -> None:
    await visit.head()
    visit.chunked = False
    await visit.follow(plain)


# Coming back


async def from_the_beginning(visit: Visit) -> None:
    await visit.head()
    n = 1
    while True:
        await visit.send(b"id: %d\ndata: row %d\n\n" % (n, n))
        n += 1
        await asyncio.sleep(0.25)


async def skips_the_missed(visit: Visit) -> None:
    visit.headers.pop("last-event-id", None)
    await visit.head()
    await visit.follow(plain)


async def shows_the_last_again(visit: Visit) -> None:
    if visit.last_id is not None:
        visit.headers["last-event-id"] = str(visit.last_id - 1)
    await visit.head()
    await visit.follow(plain)


def refuses_ids(status: str) -> Answer:
    async def answer(visit: Visit) -> None:
        if visit.last_id is not None:
            await visit.page("invalid literal for int()", status=status, kind="text/plain")
            return
        await visit.head()
        await visit.follow(plain)

    return answer


async def a_cached_file(visit: Visit) -> None:
    await visit.head("Age: 0" if visit.number == 0 else "Age: 12", cache="Cache-Control: public, max-age=300")
    for n in range(12):
        await visit.send(b"data: the line number %d of the answer\n\n" % n)
        await asyncio.sleep(0.2 if visit.number == 0 else 0)
    await visit.end()


# CORS


def cross(*lines: str, preflight: tuple[str, ...] | None = None) -> Answer:
    async def answer(visit: Visit) -> None:
        if visit.method == "OPTIONS":
            if preflight is None:
                await visit.page("Method Not Allowed", status="405 Method Not Allowed", kind="text/plain")
            else:
                await visit.head(*preflight, "Content-Length: 0", status="204 No Content", kind="")
            return
        await visit.head(*lines)
        await visit.follow(plain)

    return answer


async def redirected(visit: Visit) -> None:
    if visit.target == "/events":
        await visit.page("", "Location: /v2/events", status="307 Temporary Redirect")
        return
    await visit.head()
    await visit.follow(plain)


async def in_a_circle(visit: Visit) -> None:
    await visit.page("", f"Location: {visit.target}", status="301 Moved Permanently")


async def to_the_login(visit: Visit) -> None:
    if visit.target == "/events":
        await visit.page("", "Location: /login?next=/events", status="302 Found")
        return
    await visit.page(LOGIN)


async def http_1_0(visit: Visit) -> None:
    visit.writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n")
    await visit.follow(plain)


async def posts_only(visit: Visit) -> None:
    if visit.method == "GET":
        await visit.page('{"detail":"Method Not Allowed"}', "Allow: POST", status="405 Method Not Allowed",
                         kind="application/json")  # fmt: skip
        return
    await visit.head()
    await visit.follow(plain)


@contextlib.asynccontextmanager
async def of_ssh() -> AsyncIterator[Address]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        await reader.read()

    async with loopback(greet) as url:
        yield Address(url + "events")


@contextlib.asynccontextmanager
async def closed() -> AsyncIterator[Address]:
    async with by_hand(silent) as address:
        pass
    yield address


@contextlib.asynccontextmanager
async def over_tls(scheme: str) -> AsyncIterator[Address]:
    """A server with a certificate that it has signed itself."""
    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield Address(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/events")
    finally:
        server.close()


async def broken_inside(visit: Visit) -> None:
    await visit.head()
    await visit.follow(plain, 0.2, 5)
    await visit.send(
        b'Traceback (most recent call last):\n  File "/srv/app.py", line 41, in events\n    yield frame(row)\n'
        b"KeyError: 'price'\n"
    )
    await visit.end()


async def page_inside(visit: Visit) -> None:
    await visit.head()
    await visit.follow(plain, 0.2, 5)
    await visit.send(b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
                     b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")  # fmt: skip
    await visit.end()


async def second_head(visit: Visit) -> None:
    """A CGI program that prints its own status line, behind a server that has sent one."""
    await visit.head()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    await visit.follow(plain)


HEADS = [
    set_up_of(flow(kind="text/plain; charset=utf-8"), "a stream as text/plain", "wrong-media-type"),
    set_up_of(flow(kind="application/json"), "a stream as JSON", "wrong-media-type"),
    set_up_of(flow(kind=""), "a stream without Content-Type", "wrong-media-type"),
    set_up_of(flow(kind="text/event-source"), "a media type that is none", "wrong-media-type"),
    set_up_of(flow(kind="text/html; charset=UTF-8"), "PHP's default type over a stream", "wrong-media-type"),
    set_up_of(flow(kind="text/event-stream; charset=ISO-8859-1"), "a charset of Latin-1", "wrong-charset"),
    set_up_of(flow(kind="text/event-stream;charset=utf8"), "a charset that is spelled utf8", "wrong-charset"),
    set_up_of(page("<h1>Not Found</h1>", status="404 Not Found"), "a path that is not there", "wrong-status"),
    set_up_of(
        page('{"error":"token expired"}', "WWW-Authenticate: Bearer", status="401 Unauthorized",
             kind="application/json"), "a stream that wants a token", "wrong-status", remedy="here"),
    set_up_of(page("slow down", "Retry-After: 30", status="429 Too Many Requests", kind="text/plain"),
              "a limit on requests", "wrong-status"),
    set_up_of(page('{"error":"Not Acceptable: Client must accept application/json"}', status="406 Not Acceptable",
                   kind="application/json"), "a server that wants another Accept", "wrong-status"),
    set_up_of(page("", status="204 No Content", kind=""), "nothing new, with 204", "wrong-status"),
    set_up_of(page("Upgrade Required", "Upgrade: websocket", status="426 Upgrade Required", kind="text/plain"),
              "the port of a WebSocket", "wrong-status"),
    set_up_of(posts_only, "a GET where only POST is served", "wrong-status"),
    set_up_of(page("<h1>It works</h1>", kind=STREAM), "HTML under the right type", "html-page"),
    set_up_of(page('<!DOCTYPE html><html><body><div id="root"></div><script src="/app.js"></script></body></html>'),
              "the index of a single-page application", "html-page"),
    set_up_of(to_the_login, "a redirect to the login page", "html-page"),
    set_up_of(page('{"status":"ok","events":[]}', kind="application/json"), "JSON that is no stream",
              "wrong-media-type"),
    set_up_of(http_1_0, "HTTP/1.0 to the end of the connection", "close-delimited"),
    set_up_of(flow(cache="Cache-Control: public, max-age=600"), "a public stream for ten minutes", "cacheable"),
    set_up_of(a_cached_file, "a cache that plays the first answer again", "replayed", seconds=6.0),
    set_up_of(in_a_circle, "a redirect to itself", "not examined: redirects"),
    set_up_of(page('{"error":"unauthorized"}', kind=STREAM), "a JSON error under the stream's type", "json-lines",
              "not examined: unauthorized"),
    SetUp("a port where nobody listens", "raw bytes", ("not examined: cannot be reached",), closed),
    set_up_of(page("", kind=STREAM), "an empty stream that ends", "not examined: ended"),
    SetUp("a certificate of nobody", "raw bytes", ("not examined: certificate",), lambda: over_tls("https")),
    SetUp("http:// at the port of https://", "raw bytes", ("not examined: not HTTP",), lambda: over_tls("http")),
    SetUp("the port of SSH", "raw bytes", ("not examined: HTTP",), of_ssh),
    set_up_of(not_really_chunked, "chunked by the head alone", "not examined: HTTP", "broken-off"),
]  # fmt: skip

CROSS = [
    set_up_of(cross(), "another origin without CORS headers", "cors-refused", origin=PAGE),
    set_up_of(cross(f"Access-Control-Allow-Origin: {PAGE}/"), "an origin with a slash", "cors-refused", origin=PAGE),
    set_up_of(cross(f"Access-Control-Allow-Origin: http://localhost:3000, {PAGE}"), "a list of origins",
              "cors-refused", origin=PAGE),
    set_up_of(cross("Access-Control-Allow-Origin: *", f"Access-Control-Allow-Origin: {PAGE}"),
              "two layers that both add the origin", "cors-refused", origin=PAGE),
    set_up_of(cross("Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true"),
              "any origin, with credentials", "cors-credentials", origin=PAGE),
    set_up_of(cross(f"Access-Control-Allow-Origin: {PAGE}"), "a POST whose preflight is refused",
              "preflight-refused", origin=PAGE, content=b"{}"),
]  # fmt: skip

CODINGS = [
    set_up_of(hoarding, "gzip without a flush", "compression-holds"),
    set_up_of(coded(plain, lambda: gzip.compress, "Content-Encoding: gzip"), "each event a gzip of its own",
              "gzip-members"),
    set_up_of(coded(plain, zipped(zlib.Z_SYNC_FLUSH)), "gzip without its header", "unreadable-encoding"),
    set_up_of(flow(plain, "Content-Encoding: gzip"), "the header of gzip over plain text", "unreadable-encoding"),
    set_up_of(coded(plain, lambda: lambda data: gzip.compress(gzip.compress(data)), "Content-Encoding: gzip"),
              "gzip in gzip, and one header", "unreadable-encoding", "gzip-members"),
    set_up_of(flow(lambda n: plain(n).decode().encode("utf-16-le")), "UTF-16", "not-utf8"),
    set_up_of(flow(lambda n: "data: Köln, {n} €\n\n".replace("€", "").encode("latin-1")), "Latin-1", "not-utf8"),
    set_up_of(flow(lambda n: b"data: caf\xc3\n\ndata: \xa9 au lait\n\n"), "a character cut by two events",
              "not-utf8"),
    set_up_of(flow(lambda n: b"\xef\xbb\xbf" + plain(n)), "a byte order mark before each event", "bom"),
    set_up_of(flow(lambda n: "id: {n}\ndata: Köln für 5 €\n\n".encode().decode("cp1252").encode()),
              "UTF-8 read as Windows-1252", "encoded-twice"),
    set_up_of(flow(lambda n: b"data: " + "5 €, Gr\u00f6\u00dfe".encode()[n % 5: 10 + n % 2].decode(errors="replace")
                   .encode() + b"\n\n"), "bytes decoded in pieces by the sender", "replacement-characters"),
]  # fmt: skip

TIMES = [
    set_up_of(in_batches, "eleven events in one write", "held"),
    set_up_of(in_full_buffers, "the stdout of a child, in blocks of 4,096 bytes", "full-buffers"),
    set_up_of(collected, "the answer collected, then sent", "held-to-the-end"),
    set_up_of(collected_without_clock, "the head at once, the body at the end", "held-to-the-end"),
    set_up_of(one_behind, "an iterator that looks one ahead", "one-late"),
    set_up_of(three_seconds_late, "a queue of three seconds", "always-late"),
    set_up_of(corked, "a writer that gathers for 200 ms", "corked", "held"),
    set_up_of(head_with_first_event, "the head with the first event", "head-late"),
    set_up_of(silent, "no heartbeat", "no-heartbeat", seconds=20.0),
    set_up_of(silent_from_the_start, "a head, and nothing more", "no-heartbeat"),
    set_up_of(no_answer, "a handler that never answers", "head-held"),
    set_up_of(only_once, "a server for one reader", "second-unanswered", "head-held"),
    set_up_of(cut_when_idle, "a cut after 3 s of silence", "idle-timeout"),
    set_up_of(cut_at_four_seconds, "a cut after 4 s in all", "total-timeout"),
    set_up_of(crashed, "a server that dies", "broken-off"),
    set_up_of(promised_too_much, "a length that is never reached", "broken-off"),
    set_up_of(counted_characters, "a length in characters", "length-cuts"),
    set_up_of(ends_without_blank_line, "no blank line behind the last event", "ends-inside"),
    set_up_of(broken_inside, "a traceback in the stream", "page-inside"),
    set_up_of(page_inside, "a 502 page in the stream", "page-inside"),
    set_up_of(second_head, "the head twice", "page-inside"),
]

RETURNS = [
    set_up_of(from_the_beginning, "each connection from the beginning", "resume-ignored"),
    set_up_of(skips_the_missed, "what was missed is not sent", "resume-ignored"),
    set_up_of(shows_the_last_again, "an id too far back", "resume-ignored"),
    set_up_of(refuses_ids("500 Internal Server Error"), "an id that the server cannot read", "resume-refused"),
    set_up_of(refuses_ids("204 No Content"), "204 to whoever comes back", "resume-refused"),
    set_up_of(flow(lambda n: b'id: 1\ndata: {"n": %d}\n\n' % n), "the id 1 on each event", "ids-repeat"),
    set_up_of(flow(lambda n: b"id: a\x01%d\ndata: x\n\n" % n), "a control character in the id", "id-poison"),
    set_up_of(flow(lambda n: b"id: %d-%b\ndata: x\n\n" % (n, b"c" * 9000)), "a state of 9 KB as the id", "id-poison"),
    set_up_of(flow(lambda n: b"retry: 0\n" + plain(n)), "retry: 0", "retry-too-short"),
    set_up_of(flow(lambda n: b"retry: 1\n" + plain(n)), "seconds where milliseconds are meant", "retry-too-short"),
    set_up_of(flow(lambda n: b"retry: 3600000\n" + plain(n)), "an hour of reconnection time", "retry-too-long"),
    set_up_of(flow(lambda n: b"retry: 3s\n" + plain(n)), "retry: 3s", "retry-unreadable"),
]


SET_UPS = [*HEADS, *CROSS, *CODINGS, *TIMES, *RETURNS]
