"""What does one event cost a server, for each of many subscribers? And an idle subscriber, in memory?

    uv run --group peers python benchmarks/fanout.py [--subscribers 1000] [--events 100] [--rounds 3]

Each server runs in a process of its own; the subscribers, in another, read and count. The servers take turns
(A B C D, A B C D, ...). CPU is the server process's own, user and system, while the events go out. Memory is the
growth of its unique set size from no subscriber to all of them, idle; they come one after the other.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing as mp
import resource
import selectors
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection as Pipe
from typing import Any

import click
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

PAUSE_S = 0.05  # between events, so that no server can send two of them as one
TEXT = json.dumps({"price": 3.5, "currency": "EUR", "article": "tea", "note": "x" * 40})  # an event of about 120 bytes
REQUEST = b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"


# --- the servers: each is given a pipe, says its port, and publishes when told ---


def labkit_channel(pipe: Pipe) -> None:
    from labkit.server import Channel, serve

    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            await obey(pipe, server.port, lambda number: channel.publish(TEXT))

    asyncio.run(main())


def tornado_tutorial(pipe: Pipe) -> None:
    import tornado.web

    queues: list[asyncio.Queue[str]] = []

    class Events(tornado.web.RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            self.write(": open\n\n")
            await self.flush()
            queue: asyncio.Queue[str] = asyncio.Queue()
            queues.append(queue)
            while True:
                self.write(await queue.get())
                await self.flush()

    def publish(number: int) -> None:
        for queue in queues:
            queue.put_nowait(f"id: {number}\ndata: {TEXT}\n\n")

    async def main() -> None:
        server = tornado.web.Application([("/events", Events)], log_function=lambda handler: None).listen(
            0, "127.0.0.1"
        )
        (listener,) = server._sockets.values()
        await obey(pipe, listener.getsockname()[1], publish)

    asyncio.run(main())


def sse_starlette(pipe: Pipe) -> None:
    import uvicorn
    from sse_starlette.sse import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.routing import Route

    queues: list[asyncio.Queue[dict[str, str]]] = []

    async def events(request: Request) -> EventSourceResponse:
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        queues.append(queue)

        async def stream() -> AsyncIterator[dict[str, str]]:
            yield {"comment": "open"}
            while True:
                yield await queue.get()

        return EventSourceResponse(stream())

    def publish(number: int) -> None:
        for queue in queues:
            queue.put_nowait({"id": str(number), "data": TEXT})

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        settings = uvicorn.Config(Starlette(routes=[Route("/events", events)]), log_level="error")
        serving = asyncio.create_task(uvicorn.Server(settings).serve(sockets=[listener]))
        await obey(pipe, listener.getsockname()[1], publish)
        serving.cancel()

    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())


def bare_sends(pipe: Pipe) -> None:
    """The floor: accept, and send() the same bytes to each socket. No HTTP beyond a fixed head, no log, no limit."""

    clients: list[socket.socket] = []

    def publish(number: int) -> None:
        frame = f"id: {number}\ndata: {TEXT}\n\n".encode()
        chunk = b"%x\r\n%b\r\n" % (len(frame), frame)
        for client in list(clients):
            try:
                client.send(chunk)
            except OSError:
                clients.remove(client)  # one of the warm-up, gone long ago

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        listener.setblocking(False)

        async def accept() -> None:
            while True:
                client, _ = await loop.sock_accept(listener)
                client.setblocking(False)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                client.send(head + b"8\r\n: open\n\n\r\n")
                clients.append(client)

        accepting = asyncio.create_task(accept())
        await obey(pipe, listener.getsockname()[1], publish)
        accepting.cancel()

    asyncio.run(main())


async def obey(pipe: Pipe, port: int, publish: Callable[[int], object]) -> None:
    """Says the port; publishes as many events as it is told, and says the CPU seconds that took; ends at 0."""
    pipe.send(port)
    loop = asyncio.get_running_loop()
    while events := await loop.run_in_executor(None, pipe.recv):
        start_s = sum(psutil.Process().cpu_times()[:2])
        for number in range(events):
            publish(number)
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(0.5)
        pipe.send(sum(psutil.Process().cpu_times()[:2]) - start_s)


SERVERS = {
    "labkit Channel": labkit_channel,
    "tornado, queue per client": tornado_tutorial,
    "sse-starlette on uvicorn": sse_starlette,
    "bare send() (the floor)": bare_sends,
}


# --- the subscribers ---


def subscribe(pipe: Pipe, port: int, subscribers: int) -> None:
    """Connects one after the other, each greeted before the next, then counts events until it is told to stop."""
    selector = selectors.DefaultSelector()
    seen: dict[socket.socket, int] = {}
    for _ in range(subscribers):
        client = greeted(port)
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ)
        seen[client] = 0
    pipe.send("all are here")
    while not pipe.poll():
        for key, _ in selector.select(timeout=0.1):
            client = key.fileobj  # type: ignore[assignment]
            seen[client] += client.recv(65536).count(b"data: ")
    pipe.recv()
    pipe.send(sorted(set(seen.values())))


def greeted(port: int) -> socket.socket:
    """A subscriber that has had the head and the first comment."""
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(REQUEST)
    data = b""
    while b" open" not in data:
        data += client.recv(4096)
    return client


def measure(server: Callable[[Pipe], None], subscribers: int, events: int) -> tuple[float, float]:
    """CPU microseconds for each delivered event, and KiB of memory for each idle subscriber."""
    spawn = mp.get_context("spawn")
    ours, theirs = spawn.Pipe()
    serving = spawn.Process(target=server, args=(theirs,), daemon=True)
    serving.start()
    port = answer(ours, "the server does not start")
    process = psutil.Process(serving.pid)
    warm_up(port)
    before = process.memory_full_info().uss
    readers, their_end = spawn.Pipe()
    reading = spawn.Process(target=subscribe, args=(their_end, port, subscribers), daemon=True)
    reading.start()
    answer(readers, "not all subscribers were greeted")
    time.sleep(1.0)
    per_subscriber_kib = (process.memory_full_info().uss - before) / subscribers / 1024
    ours.send(events)
    cpu_s = answer(ours, "the server did not publish all events")
    readers.send("stop")
    counts = answer(readers, "the subscribers do not answer")
    assert counts == [events], f"some subscribers got {counts} of {events} events"
    ours.send(0)
    reading.join(10)
    serving.terminate()
    serving.join(10)
    return cpu_s / (subscribers * events) * 1e6, per_subscriber_kib


def answer(pipe: Pipe, otherwise: str, seconds: float = 90.0) -> Any:
    """What the other process says; an error if it stays silent."""
    if not pipe.poll(seconds):
        raise TimeoutError(otherwise)
    return pipe.recv()


def warm_up(port: int) -> None:
    """A few subscribers that come and go, so that imports and caches are not counted."""
    for _ in range(20):
        greeted(port).close()
    time.sleep(0.3)


@click.command(help=__doc__)
@click.option("--subscribers", default=1000, show_default=True)
@click.option("--events", default=100, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(subscribers: int, events: int, rounds: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    console = Console(width=110)
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVERS}
    order = [name for _ in range(rounds) for name in SERVERS]
    for name in track(order, "measuring", console=console, transient=True):
        results[name].append(measure(SERVERS[name], subscribers, events))
    cpu = {name: statistics.median(us for us, _ in samples) for name, samples in results.items()}
    kib = {name: statistics.median(kib for _, kib in samples) for name, samples in results.items()}
    ours = cpu["labkit Channel"]
    table = Table(
        "server", "CPU us per event", "labkit / it", "KiB per idle connection", title=f"{subscribers} subscribers"
    )
    for name in SERVERS:
        table.add_row(name, f"{cpu[name]:.1f}", f"{ours / cpu[name]:.2f}", f"{kib[name]:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
