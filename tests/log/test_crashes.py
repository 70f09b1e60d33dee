"""A server with a log in a file is killed again and again, and its readers come back: what was told to a publisher arrives
once with each of them, and what was not kept was refused."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.client import EventSource
from labkit.errors import StreamLost
from labkit.system.sockets import reserved_port

from ..helpers import THOROUGH, soon

pytestmark = [pytest.mark.live, pytest.mark.slow]  # some 5 s each: that no kill at any moment costs an event

KILLS, READERS, EVENTS_BETWEEN = (20, 20, 25) if THOROUGH else (6, 10, 25)

#: Publishes "round.n", and writes down what became of each: "kept", or "refused" with an error. In trouble its file is
#: read-only for some events, and for some others its disk is full.
SERVER = """
import itertools, os, sys, time
from labkit.errors import LogFailed
from labkit.log import SQLiteLog
from labkit.server import Channel, launch
path, port, round, in_trouble = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "True"
log = SQLiteLog(path, max_events=100_000, epoch="e")
channel = Channel(log, retry_ms=20)
server = launch({"/events": channel}, port=port)
notes = os.open(path + ".notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
print("ready", flush=True)
for n in itertools.count():
    text = f"{round}.{n}"
    if in_trouble:
        log._database.execute(f"PRAGMA query_only={int(n % 50 in range(10, 15))}")
        log._database.execute(f"PRAGMA max_page_count={1 if n % 50 in range(30, 35) else 10**9}")
    try:
        channel.publish(text + (" " * 3_000 if in_trouble else ""))
        os.write(notes, f"kept {text}\\n".encode())
    except LogFailed:
        os.write(notes, f"refused {text}\\n".encode())
    time.sleep(0.002)
"""


class Reader:
    """One client that comes back for as long as it takes: the texts that it has got, and their numbers."""

    def __init__(self, url: str) -> None:
        self.url, self.texts, self.numbers, self.gaps = url, list[str](), list[int](), 0

    async def read(self) -> None:
        last_id = "e-0"
        while True:
            try:
                async with EventSource(self.url, last_event_id=last_id, reconnection_ms=20) as source:
                    async for event in source:
                        self.gaps += event.type == "gap"
                        last_id = event.last_event_id or last_id
                        self.texts.append(event.data.strip())
                        self.numbers.append(int(event.last_event_id.rpartition("-")[2]))
            except StreamLost:
                await asyncio.sleep(0.02)


async def crash(path: Path, in_trouble: bool) -> list[Reader]:
    """Kills a server again and again, when all readers have got some more. Returns them when they have it all."""
    with reserved_port() as port:  # also while no server listens there
        return await crash_at(port, path, in_trouble)


async def crash_at(port: int, path: Path, in_trouble: bool) -> list[Reader]:
    """See crash()."""
    readers = [Reader(f"http://127.0.0.1:{port}/events") for _ in range(READERS)]
    tasks = [asyncio.create_task(reader.read()) for reader in readers]
    for round in range(KILLS):
        process = start(path, port, str(round), in_trouble)
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
        if in_trouble:
            await lock(path)
        await all_have(readers, EVENTS_BETWEEN * (round + 1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    # One more server, that publishes nothing new before everybody has what was kept.
    last = start(path, port, "end", False, SERVER.replace("time.sleep(0.002)", "time.sleep(3600)"))
    try:
        await soon(lambda: all("end.0" in reader.texts[-1:] for reader in readers))
    finally:
        last.kill()
        last.wait()
        for task in tasks:
            task.cancel()
    return readers


def start(path: Path, port: int, round: str, in_trouble: bool, program: str = SERVER) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(path), str(port), round, str(in_trouble)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def lock(path: Path) -> None:
    """Locks the file as another program does, until something was refused for it."""

    def refused() -> int:
        return Path(f"{path}.notes").read_text().count("refused")

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = refused()
        await soon(lambda: refused() > before + 1)


async def all_have(readers: list[Reader], events: int) -> None:
    await soon(lambda: all(len(reader.numbers) >= events for reader in readers), f"{events} events with each reader")


@pytest.mark.parametrize("in_trouble", [False, True])
def test_nothing_is_lost_or_doubled_over_many_kills(tmp_path: Path, in_trouble: bool) -> None:
    path = tmp_path / "log.db"
    readers = asyncio.run(crash(path, in_trouble))
    notes = [line.split() for line in Path(f"{path}.notes").read_text().splitlines()]
    kept = [text for what, text in notes if what == "kept"]
    refused = {text for what, text in notes if what == "refused"}
    assert bool(refused) is in_trouble and len(kept) + KILLS >= KILLS * EVENTS_BETWEEN  # with those without a note
    for reader in readers:
        assert reader.gaps == 0
        assert reader.numbers == list(range(1, len(reader.numbers) + 1)), "lost or doubled"
        assert not refused & set(reader.texts), "what was refused came all the same"
        unsaid = [text for text in reader.texts if text not in set(kept)]
        assert [text for text in reader.texts if text not in unsaid] == kept, (
            "what was kept did not come, or not in order"
        )
        assert len(unsaid) <= KILLS + 1, "killed between the file and the note: at most one for each kill"
