"""Two channels in one process, one with a log in memory, one with a log in Redis: python two_logs.py REDIS_URL

It says two ports, memory's first, then publishes by turns on both what it is told, as loop.c is.
Told nothing, it is another node of the same log.
"""

from __future__ import annotations

import asyncio
import sys

from labkit.bench_servers.payload import event
from labkit.log import RedisLog
from labkit.server import Channel, serve


async def main(redis_url: str) -> None:
    loop = asyncio.get_running_loop()
    memory, shared = Channel(), Channel(RedisLog(redis_url, name="lag"))
    event(64)
    async with serve(memory) as one, serve(shared) as other:
        print(one.port, other.port, flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            events, per_s, size_bytes = map(float, line.split())
            start_s = loop.time()
            for number in range(int(events)):
                await asyncio.sleep(max(0.0, start_s + number / per_s - loop.time()))
                if number % 2:
                    memory.publish(event(int(size_bytes)))
                else:
                    await shared.publish_async(event(int(size_bytes)))
            print("done", flush=True)


asyncio.run(main(sys.argv[1]))
