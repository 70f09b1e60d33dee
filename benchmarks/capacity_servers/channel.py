"""labkit's Channel, told what to publish as loop.c is: python channel.py [PORT]"""

from __future__ import annotations

import asyncio
import sys

from labkit.bench_servers.payload import event
from labkit.server import Channel, serve


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    channel = Channel(retry_ms=1000)
    event(64)  # made at the first event, before anything is measured
    async with serve(channel, port) as server:
        print(server.port, flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            events, per_s, size_bytes = map(float, line.split())
            start_s = loop.time()
            for number in range(int(events)):
                await asyncio.sleep(max(0.0, start_s + number / per_s - loop.time()))
                channel.publish(event(int(size_bytes)))
            print("done", flush=True)


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
