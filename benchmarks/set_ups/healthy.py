"""Healthy servers that are written by hand, and that look odd to a careless judge."""

from __future__ import annotations

import asyncio
import json
import random
import time
import zlib
from typing import Any

import brotli

from .raw import PAGE, coded, cross, flow, redirected, zipped
from .serving import Visit, plain, set_up_of, stamped

CHAT = ["def f(x):\n    return {'a': None}", "<html><body>an example</body></html>", "use \\n for a line break",
        "[object Object] is what you see when you forget JSON.stringify", "Καλημέρα κόσμε, größer als 5 €",
        "data: hello", "Traceback (most recent call last):", "NaN is not a number", "", "null"]  # fmt: skip


async def byte_by_byte(visit: Visit) -> None:
    await visit.head()
    n = 0 if visit.last_id is None else visit.last_id + 1
    while True:
        for byte in plain(n):
            await visit.send(bytes([byte]))
            await asyncio.sleep(0.002)
        n += 1
        await asyncio.sleep(0.2)


async def history_first(visit: Visit) -> None:
    """A hundred events of the last minutes, then what happens now."""
    await visit.head()
    began_s, every_s = time.time() - 300, 0.5
    n = int(300 / every_s) - 100 if visit.last_id is None else visit.last_id + 1
    while True:
        due_s = began_s + n * every_s
        await asyncio.sleep(max(0.0, due_s - time.time()))
        await visit.send(b'id: %d\ndata: {"n": %d, "at": %.3f}\n\n' % (n, n, due_s))
        n += 1


async def snapshot_first(visit: Visit) -> None:
    await visit.head()
    rows = json.dumps({str(n): n * n for n in range(200)}).encode()
    number = int(time.time() * 10)
    await visit.send(b"id: %d\nevent: snapshot\ndata: %b\n\n" % (number, rows))
    while True:
        await asyncio.sleep(0.3)
        number = int(time.time() * 10)
        await visit.send(b'id: %d\nevent: change\ndata: {"7": %d}\n\n' % (number, number % 100))


async def at_random(visit: Visit) -> None:
    await visit.head()
    pace = random.Random(visit.number)
    while True:
        await asyncio.sleep(pace.expovariate(4))
        for _ in range(pace.choice([1, 1, 1, 2, 5])):
            await visit.send(b'data: {"trade": %d, "at": %d}\n\n' % (pace.randrange(9999), time.time() * 1000))


async def polled(visit: Visit) -> None:
    """SELECT ... every 2 s: what was inserted since then comes together, with its own times."""
    await visit.head()
    pace, waiting, next_s = random.Random(5), [], time.time()
    polled_s = time.time()
    while True:
        next_s += pace.expovariate(3)
        while next_s > polled_s + 2:
            await asyncio.sleep(max(0.0, polled_s + 2 - time.time()))
            polled_s += 2
            for at_s in waiting:
                await visit.send(b'event: row\ndata: {"created_at": %.3f}\n\n' % at_s)
            waiting = []
        waiting.append(next_s)


async def a_job(visit: Visit) -> None:
    await visit.head()
    for done in range(0, 101, 10):
        await visit.send(b'event: progress\ndata: {"percent": %d}\n\n' % done)
        await asyncio.sleep(0.3)
    await visit.send(b"event: end\ndata: {}\n\n")
    await visit.end()


async def quiet_with_heartbeats(visit: Visit) -> None:
    await visit.head()
    await visit.send(b"retry: 5000\n\n")
    while True:
        await asyncio.sleep(15)
        await visit.send(b": still here\n\n")


async def firehose(visit: Visit) -> None:
    await visit.head()
    await visit.follow(lambda n: plain(n) * 1, 0.01)


async def told_gap(visit: Visit) -> None:
    await visit.head()
    if visit.last_id is not None:
        await visit.send(b'event: gap\ndata: {"oldest": 4000}\n\n')
        visit.headers.pop("last-event-id")
    await visit.follow(plain)


async def slow_database(visit: Visit) -> None:
    await asyncio.sleep(1.5)
    await visit.head()
    await visit.send(b": open\n\n")
    await visit.follow(plain, 0.5)


async def with_a_length(visit: Visit) -> None:
    events = [b"data: line %d\n\n" % n for n in range(40)]
    await visit.head(f"Content-Length: {sum(map(len, events))}")
    for event in events:
        await visit.send(event)
        await asyncio.sleep(0.1)


async def busy_now_and_then(visit: Visit) -> None:
    """A garbage collector's pause of 0.4 s, once."""
    await visit.head()
    n = 0
    while True:
        await visit.send(b'data: {"n": %d, "at": %.3f}\n\n' % (n, time.time()))
        n += 1
        if n == 20:
            await asyncio.sleep(0.4)
        await asyncio.sleep(0.15)


async def two_kinds(visit: Visit) -> None:
    """Heartbeats that are events of a type of their own."""
    await visit.head()
    n = 0
    while True:
        n += 1
        await visit.send(b'event: price\ndata: {"p": %d}\n\n' % n)
        if n % 5 == 0:
            await visit.send(b"event: ping\ndata: {}\n\n")
        await asyncio.sleep(0.25)


def brotlied() -> Any:
    packer = brotli.Compressor(quality=4)
    return lambda data: packer.process(data) + packer.flush()


def in_chat(n: int) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (n, json.dumps({"text": CHAT[n % len(CHAT)], "n": n}).encode())


def of_two_lines(n: int) -> bytes:
    return b"id: %d\ndata: first line\ndata: second line %d\n\n" % (n, n)


def from_another_zone(n: int) -> bytes:
    return b'id: %d\ndata: {"time": "%b"}\n\n' % (
        n,
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 7200)).encode(),
    )


def big(n: int) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (n, json.dumps([n] * 40_000).encode())


ALLOWED = f"Access-Control-Allow-Origin: {PAGE}"
PREFLIGHT = (ALLOWED, "Access-Control-Allow-Headers: content-type, last-event-id")

SET_UPS = [
    set_up_of(flow(stamped), "a careful server"),
    set_up_of(flow(lambda n: b"data: %d\n\n" % n), "a ticker without ids"),
    set_up_of(flow(lambda n: plain(n).replace(b"\n", b"\r\n")), "CR LF"),
    set_up_of(flow(lambda n: plain(n).replace(b"\n", b"\r")), "CR alone"),
    set_up_of(flow(lambda n: plain(n).replace(b": ", b":", 2)), "no blank behind the colon"),
    set_up_of(flow(of_two_lines), "events of two lines"),
    set_up_of(flow(in_chat), "texts that speak of mistakes, as JSON"),
    set_up_of(flow(from_another_zone), "a clock two hours ahead, in whole seconds"),
    set_up_of(flow(big, every_s=0.5), "events of 160 KB"),
    set_up_of(flow(plain, kind="Text/Event-Stream; Charset=UTF-8"), "a type in capitals"),
    set_up_of(flow(plain, "Content-Encoding: identity"), "Content-Encoding: identity"),
    set_up_of(flow(plain, "Content-Encoding: none"), "Content-Encoding: none, against Next.js's compression"),
    set_up_of(flow(plain, "Expires: -1", cache=""), "Expires: -1 and no Cache-Control"),
    set_up_of(flow(plain, cache="Cache-Control: no-cache, no-transform"), "no-transform"),
    set_up_of(coded(plain, zipped(zlib.Z_SYNC_FLUSH), "Content-Encoding: gzip"), "gzip, flushed after each event"),
    set_up_of(coded(plain, zipped(zlib.Z_SYNC_FLUSH, 15), "Content-Encoding: deflate"), "deflate, flushed"),
    set_up_of(coded(plain, brotlied, "Content-Encoding: br"), "brotli, flushed", headers={"Accept-Encoding": "br"}),
    set_up_of(byte_by_byte, "byte by byte"),
    set_up_of(history_first, "a hundred old events first"),
    set_up_of(snapshot_first, "a snapshot, then changes"),
    set_up_of(at_random, "trades at random"),
    set_up_of(polled, "a database that is asked each 2 s"),
    set_up_of(a_job, "a job that ends"),
    set_up_of(quiet_with_heartbeats, "a quiet stream with heartbeats each 15 s"),
    set_up_of(firehose, "a hundred events a second"),
    set_up_of(told_gap, "a server that says what it has lost"),
    set_up_of(slow_database, "a head after 1.5 s"),
    set_up_of(with_a_length, "a length that is right"),
    set_up_of(busy_now_and_then, "a pause of the garbage collector"),
    set_up_of(two_kinds, "heartbeats of a type of their own"),
    set_up_of(redirected, "a redirect to the new path"),
    set_up_of(cross(ALLOWED, "Vary: Origin", preflight=PREFLIGHT), "another origin, allowed", origin=PAGE),
    set_up_of(cross("Access-Control-Allow-Origin: *"), "any origin, without a preflight", origin=PAGE),
    set_up_of(cross(ALLOWED, preflight=PREFLIGHT), "a POST from another origin", origin=PAGE, content=b"{}"),
]  # fmt: skip
