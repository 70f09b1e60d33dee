"""A reader that connects and never reads, and what it costs the server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

SMALL_WINDOW_BYTES = 4096


async def slow_reader(
    url: str,
    publish: Callable[[str], object],
    held_bytes: Callable[[], int],
    events: int = 1024,
    event_bytes: int = 8192,
) -> list[tuple[int, int]]:
    """(bytes published so far, the most that the server held since the point before), for every eighth event.

    A client with a small receive window asks for the stream and never reads a byte, while `publish` is called with
    large texts. What the kernels' socket buffers take in between is in neither number.
    """
    address = urlsplit(url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW_BYTES)
    client.setblocking(False)
    try:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (address.hostname, address.port))
        await loop.sock_sendall(client, f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        await asyncio.sleep(0.1)  # the server has noticed the reader
        samples, most = [(0, held_bytes())], 0
        for number in range(1, events + 1):
            publish("x" * event_bytes)
            await asyncio.sleep(0.0006)  # the server has written what it could
            most = max(most, held_bytes())
            if number % 8 == 0:
                samples.append((number * event_bytes, most))
                most = 0
        return samples
    finally:
        client.close()
