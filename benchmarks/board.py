"""Does a class board count each vote once, and how late is it, while the Wi-Fi drops and the board is killed?

uv run python benchmarks/board.py                   # ten minutes, 30 simulated learners, 3 notebooks in Chromium
uv run python benchmarks/board.py --minutes 1 --notebooks 0

Each learner is what a notebook has: a link with its outbox, and a stream of banners. Three relays are the Wi-Fi of ten
learners each, and drop all of theirs now and then. In the middle the board is killed (SIGKILL) and started again. The
lag is from the learner's act to the projector's stream; what was done while the Wi-Fi or the board was away is counted
apart.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
from board_notebooks import Notebooks

from labkit.board.folder import open_moments
from labkit.board.link import POLICY, BoardLink
from labkit.board.moments import public_number
from labkit.board.names import OFFERED
from labkit.board.outbox import Outbox
from labkit.board.state import ClassState
from labkit.client import EventSource
from labkit.client.httpx_client import new_client
from labkit.clock import wait_until
from labkit.faults import RefuseConnections
from labkit.proxy import LabRelay, launch_relay
from labkit.system.sockets import reserved_port

QUESTIONS, CHOICES = 12, ["yes", "no", "it depends"]
GROUP = 10  # learners behind one access point
ACTS_EVERY_S = 2.0  # of one learner: a guess, or a check
DROPS_EVERY_S, DROP_S = 12.0, 2.5
NOTICES_EVERY_S = 5.0
SERVER = """
import sys
from labkit.board import ClassBoard
board = ClassBoard(sys.argv[1], port=int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.read()  # it ends with the program that has started it
"""


class Learner:
    """A simulated learner: what it did and when, and which banners it heard."""

    def __init__(self, number: int, url: str, code: str) -> None:
        self.rng, self.name = random.Random(number), OFFERED[number % len(OFFERED)]
        self.who = f"simulated learner {number:04}"
        self.id = public_number(self.who)
        self.outbox = Outbox(time.monotonic)
        self.notices: list[str] = []
        self.link = BoardLink(url, code, self.name, self.who, self.outbox, self.hear, rng=self.rng)
        self.votes: dict[str, str] = {}
        self.guesses, self.checked_s = 0, list[float]()

    def hear(self, notice: dict[str, Any]) -> None:
        if notice["id"] and notice["id"] not in self.notices[-1:]:
            self.notices.append(notice["id"])

    def act(self) -> None:
        if self.rng.random() < 0.5:
            question, guess = f"Question {self.rng.randrange(QUESTIONS)}?", self.rng.choice(CHOICES)
            facts = {"question": question, "choices": CHOICES, "unit": "", "guess": guess, "lesson": "04"}
            self.votes[question] = guess
            self.guesses += 1
            self.outbox.put("guess", lambda: facts)
        else:
            self.checked_s.append(time.monotonic())
            facts = {"exercise": "since", "level": 1, "levels": 3, "passed": False, "mistake": "late", "lesson": "04"}
            self.outbox.put("check", lambda: facts)

    async def live(self, until_s: float) -> None:
        while time.monotonic() < until_s:
            await asyncio.sleep(self.rng.expovariate(1 / ACTS_EVERY_S))
            self.act()


class Flood:
    """A learner who sends as much as a program can, and is refused."""

    def __init__(self, url: str, code: str) -> None:
        self.url, self.code, self.statuses = url, code, Counter[int]()

    async def run(self, until_s: float) -> None:
        who = "a flood in one person"
        facts = {"kind": "guess", "question": "Question 0?", "choices": CHOICES, "unit": "", "guess": "no"}
        async with new_client(self.url) as http:
            joining = {"code": self.code, "name": "flood", "who": who}
            (await http.post(self.url + "join", json=joining)).raise_for_status()
            number = 0
            while time.monotonic() < until_s:
                messages = [{**facts, "id": f"f{number}-{place}"} for place in range(50)]
                number += 1
                with contextlib.suppress(httpx.RequestError):
                    head = {"Authorization": f"Bearer {who}"}
                    answer = await http.post(self.url + "moments", json={"messages": messages}, headers=head)
                    self.statuses[answer.status_code] += 1


class Projector:
    """The projector's stream: when each learner's n-th check was seen."""

    def __init__(self, url: str, code: str) -> None:
        self.url, self.code = url, code
        self.seen_s: dict[tuple[str, int], float] = {}
        self.events = 0

    async def watch(self) -> None:
        async with EventSource(f"{self.url}events?code={self.code}", policy=POLICY, reconnection_ms=200) as source:
            async for event in source:
                self.events += 1
                thing = json.loads(event.data)
                if event.type == "learner" and "tries" in thing:
                    for tries in range(thing["tries"], 0, -1):
                        if (thing["id"], tries) in self.seen_s:
                            break
                        self.seen_s[thing["id"], tries] = time.monotonic()


class BoardProcess:
    """The board as a process of its own, which can be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.url = folder, port, f"http://127.0.0.1:{port}/"
        self.kills = 0
        self.start()
        self.keys: dict[str, str] = json.loads((folder / "keys.json").read_text("ascii"))

    def start(self) -> None:
        command = [sys.executable, "-c", SERVER, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self.kills += 1
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def command(self, **message: Any) -> None:
        async with new_client(self.url) as http:
            while True:
                with contextlib.suppress(Exception):
                    head = {"Authorization": f"Bearer {self.keys['secret']}"}
                    if (await http.post(self.url + "commands", json=message, headers=head)).status_code == 200:
                        return
                await asyncio.sleep(0.1)


class Day:
    """What happens while the learners learn, and when the way to the board was not free."""

    def __init__(self, board: BoardProcess, wifi: list[LabRelay], until_s: float) -> None:
        self.board, self.wifi, self.until_s = board, wifi, until_s
        self.rng, self.drops = random.Random(5), 0
        self.notices: list[str] = []
        self.away: list[tuple[int, float, float]] = []  # access point (-1: all), from, to

    async def drop_wifi(self) -> None:
        while (wait_s := self.rng.expovariate(1 / DROPS_EVERY_S)) and time.monotonic() + wait_s < self.until_s - 5:
            await asyncio.sleep(wait_s)
            number, start_s = self.rng.randrange(len(self.wifi)), time.monotonic()
            await asyncio.to_thread(self.wifi[number].set, RefuseConnections())
            await asyncio.to_thread(self.wifi[number].cut, self.rng.choice(["fin", "rst"]))
            await asyncio.sleep(self.rng.uniform(0.2, 2 * DROP_S))
            await asyncio.to_thread(self.wifi[number].set)
            self.drops += 1
            self.away.append((number, start_s, time.monotonic()))

    async def kill_the_board(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        start_s = time.monotonic()
        await asyncio.to_thread(self.board.kill)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(self.board.start)
        self.away.append((-1, start_s, time.monotonic()))

    async def say(self) -> None:
        while time.monotonic() < self.until_s - 2:
            id = f"notice-{len(self.notices)}"
            self.notices.append(id)
            await self.board.command(kind="notice", id=id, text=f"line {id}")
            await asyncio.sleep(NOTICES_EVERY_S)

    def was_away(self, access_point: int, at_s: float) -> bool:
        """Whether the way was broken then, or a moment before: a link waits up to 2 s before it tries again."""
        return any(which in (-1, access_point) and start <= at_s <= end + 2.5 for which, start, end in self.away)


async def run(minutes: float, count: int, notebooks: int, flooded: bool, folder: Path) -> None:
    with reserved_port() as port:
        board = BoardProcess(folder, port)
        groups = max(1, -(-count // GROUP))
        wifi = [launch_relay(board.url, name=f"wifi {number}", seed=number) for number in range(groups)]
        learners = [
            Learner(number, wifi[number // GROUP].url.rstrip("/") + "/", board.keys["code"]) for number in range(count)
        ]
        projector = Projector(board.url, board.keys["code"])
        pool, browsers = ThreadPoolExecutor(1), Notebooks(notebooks, wifi[0].url.rstrip("/") + "/" + board.keys["code"])
        if notebooks:
            await asyncio.get_running_loop().run_in_executor(pool, browsers.open, f"{board.url}#{board.keys['code']}")
        links = [asyncio.ensure_future(learner.link.run()) for learner in learners]
        await wait_until(lambda: all(learner.link.state == "open" for learner in learners), 60.0)
        until_s = time.monotonic() + 60 * minutes
        day, flood = Day(board, wifi, until_s), Flood(board.url, board.keys["code"])
        watching = asyncio.ensure_future(projector.watch())
        browsing = (
            asyncio.get_running_loop().run_in_executor(pool, browsers.work, until_s) if notebooks else asyncio.sleep(0)
        )
        await asyncio.gather(
            *(learner.live(until_s) for learner in learners), day.drop_wifi(), day.say(), browsing,
            day.kill_the_board(30 * minutes), *([flood.run(until_s)] if flooded else []),
        )  # fmt: skip
        await wait_until(lambda: not any(len(learner.outbox) for learner in learners), 30.0)
        await asyncio.sleep(5.0)  # the last banners, over links that have just come back
        if notebooks:
            await asyncio.get_running_loop().run_in_executor(pool, browsers.close)
        for task in (*links, watching):
            task.cancel()
        await asyncio.gather(*links, watching, return_exceptions=True)
        board.kill()
        for one in wifi:
            one.stop()
    show(learners, projector, day, folder, browsers, minutes)
    if flooded:
        print("the flood's requests, by status:", dict(flood.statuses))


def show(
    learners: list[Learner], projector: Projector, day: Day, folder: Path, browsers: Notebooks, minutes: float
) -> None:
    moments = open_moments(folder)
    state = ClassState(moments)
    simulated = {learner.id for learner in learners}
    kept = Counter(
        (moment.who, moment.id) for moment in moments if moment.kind in ("guess", "check") and moment.who in simulated
    )
    sent = sum(learner.guesses + len(learner.checked_s) for learner in learners)
    votes = {(one.question, id): guess for one in state.questions.values() for id, guess in one.votes.items()}
    wrong_votes = sum(
        votes.get((question, learner.id)) != guess for learner in learners for question, guess in learner.votes.items()
    )
    lags_ms, free_ms = [], []
    for number, learner in enumerate(learners):
        for n, at_s in enumerate(learner.checked_s, start=1):
            lag_ms = 1000 * (projector.seen_s.get((learner.id, n), float("inf")) - at_s)
            lags_ms.append(lag_ms)
            if not day.was_away(number // GROUP, at_s):
                free_ms.append(lag_ms)
    missed = sum(len(set(day.notices[:-1]) - set(learner.notices)) for learner in learners)
    twice = sum(len(learner.notices) - len(set(learner.notices)) for learner in learners)
    table = Table("what", "count", title=f"{len(learners)} learners, {minutes:g} minutes")
    for row in (
        ("guesses and checks done", sent), ("kept", len(kept)), ("lost", sent - len(kept)),
        ("kept twice", sum(count - 1 for count in kept.values())),
        ("votes that are not the learner's last", wrong_votes),
        ("requests", sum(learner.link.posts for learner in learners)),
        ("Wi-Fi drops, of ten learners each", day.drops), ("kills of the board", day.board.kills - 1),
        ("banners sent", len(day.notices)), ("banners that a learner did not see", missed),
        ("banners seen twice", twice),
        ("events to the projector", projector.events),
        ("lag, all: median ms", quantile(lags_ms, 0.5)), ("lag, all: 90 % ms", quantile(lags_ms, 0.9)),
        ("lag, way free: median ms", quantile(free_ms, 0.5)), ("lag, way free: 99 % ms", quantile(free_ms, 0.99)),
        *browsers.rows(state),
    ):  # fmt: skip
        table.add_row(row[0], str(row[1]))
    Console(width=110).print(table)


def quantile(numbers: list[float], share: float) -> str:
    return f"{np.quantile(numbers, share):,.1f} (n = {len(numbers)})" if numbers else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--notebooks", type=int, default=3)
    parser.add_argument("--flood", action="store_true", help="one learner more, who sends all the time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(asked.minutes, asked.learners, asked.notebooks, asked.flood, Path(folder)))


if __name__ == "__main__":
    os.environ.pop("LABKIT_BOARD", None)
    main()
