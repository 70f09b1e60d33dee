"""A learner's link: each message counts once, whatever becomes of requests, of the Wi-Fi and of the board."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.board import ClassBoard, outbox
from labkit.board.folder import open_moments
from labkit.board.link import BoardLink, NotOnBoard
from labkit.board.outbox import BATCH, MAX_WAITING, Outbox
from labkit.board.state import ClassState
from labkit.clock import SystemClock
from labkit.server import serve
from labkit.system.sockets import reserved_port

from ..helpers import soon

pytestmark = pytest.mark.live


class QuickClock(SystemClock):
    """Waits for a fiftieth of the time: what a class waits for seconds, a test waits for milliseconds."""

    async def sleep_s(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


class Learner:
    """A learner with a link, and the banners that came."""

    def __init__(self, url: str, code: str, name: str, seed: int = 0) -> None:
        self.outbox, self.notices, self.name = Outbox(time.monotonic), list[dict[str, Any]](), name
        self.link = BoardLink(
            url,
            code,
            name,
            f"secret of {name:_>12}",
            self.outbox,
            self.notices.append,
            clock=QuickClock(),
            rng=Random(seed),
        )
        self.task = asyncio.ensure_future(self.link.run())

    def guess(self, number: int) -> None:
        facts = {"question": f"Question {number}?", "choices": ["1", "2"], "unit": "", "guess": "1"}
        self.outbox.put("guess", lambda: facts)

    async def said_all(self) -> None:
        await soon(lambda: not len(self.outbox) or self.task.done(), f"{self.name} has said all")

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@contextlib.asynccontextmanager
async def cutting_wifi(port: int, rng: Random) -> AsyncIterator[str]:
    """A way to the board that breaks each connection, after any number of bytes of its requests, or of its answers."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, room: int) -> None:
        while room > 0 and (data := await reader.read(4096)):
            writer.write(data[:room])
            await writer.drain()
            room -= len(data)
        if room <= 0:
            writer.transport.abort()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_board = None
        with contextlib.suppress(OSError, asyncio.CancelledError):
            from_board, to_board = await asyncio.open_connection("127.0.0.1", port)
            up, down = (rng.randrange(1, 2500), 10**9) if rng.random() < 0.5 else (10**9, rng.randrange(0, 1000))
            ways = [
                asyncio.ensure_future(pass_on(reader, to_board, up)),
                asyncio.ensure_future(pass_on(from_board, writer, down)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for side in (writer, to_board):
            if side is not None:
                side.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def test_each_vote_counts_once_although_requests_are_cut_at_random_places(
    board: ClassBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 1)  # a request for each message

    async def main() -> int:
        rng = Random(11)
        async with cutting_wifi(board.server.port, rng) as url:
            learners = [
                Learner(url, board.folder.code, name, seed) for seed, name in enumerate(("fox", "heron", "maple"))
            ]
            for number in range(12):
                for learner in learners:
                    learner.guess(number)
                await asyncio.sleep(0.005)
            for learner in learners:
                await learner.said_all()
                await learner.end()
            return sum(learner.link.posts for learner in learners)

    posts = asyncio.run(main())
    state = board.desk.state
    assert sorted(learner.name for learner in state.learners.values()) == ["fox", "heron", "maple"]
    assert len(state.questions) == 12 and all(len(question.votes) == 3 for question in state.questions.values())
    guesses = [moment for moment in open_moments(board.folder.path) if moment.kind == "guess"]
    assert len(guesses) == 36 and posts > 36 + 3, posts  # each is kept once, and some requests came to nothing


SERVER = """
import sys, time
from labkit.board import ClassBoard, outbox
board = ClassBoard(sys.argv[1], port=int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.read()  # it ends with the test
"""


def test_a_killed_board_loses_nothing_and_banners_come_through(tmp_path: Path) -> None:
    def start(port: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        return process

    async def main(port: int) -> list[str]:
        process = start(port)
        keys = json.loads((tmp_path / "keys.json").read_text("ascii"))
        url, told = f"http://127.0.0.1:{port}/", 0
        learners = [Learner(url, keys["code"], name, seed) for seed, name in enumerate(("fox", "heron"))]
        for kill in range(2):
            for number in range(15):
                for learner in learners:
                    learner.guess(15 * kill + number)
                await asyncio.sleep(0.004)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
            for learner in learners:
                learner.guess(99)  # while nobody is there
            process = start(port)
            told += await command(url, keys["secret"], f"n{kill}", f"notice {kill}")
        for learner in learners:
            await learner.said_all()
            await soon(lambda learner=learner: learner.notices and learner.notices[-1]["text"] == "notice 1")  # type: ignore[misc]
            await learner.end()
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        assert told == 2
        return [learner.notices[-1]["text"] for learner in learners]

    with reserved_port() as port:
        assert asyncio.run(main(port)) == ["notice 1"] * 2
    state = ClassState(open_moments(tmp_path))
    assert len(state.questions) == 31 and all(len(question.votes) == 2 for question in state.questions.values())
    ids = [(moment.who, moment.id) for moment in open_moments(tmp_path) if moment.kind == "guess"]
    assert len(ids) == len(set(ids)) == 64


async def command(url: str, secret: str, id: str, text: str) -> int:
    from labkit.client.httpx_client import new_client

    async with new_client(url) as http:
        body = {"kind": "notice", "id": id, "text": text}
        answer = await http.post(url + "commands", json=body, headers={"Authorization": f"Bearer {secret}"})
    return int(answer.status_code == 200)


def test_a_wrong_code_ends_the_link_with_the_boards_sentence(board: ClassBoard) -> None:
    async def main() -> None:
        learner = Learner(board.url, "CCCCCC", "fox")
        with pytest.raises(NotOnBoard, match="not the code"):
            await learner.task

    asyncio.run(main())


def test_a_hotels_login_page_is_no_answer(board: ClassBoard) -> None:
    class Portal(RequestHandler):
        def prepare(self) -> None:
            self.finish("<html>Welcome to our Wi-Fi. Please log in.</html>")

    async def main() -> None:
        async with serve({"/join": Portal, "/moments": Portal, "/notices": Portal}) as portal:
            learner = Learner(portal.base_url + "/", board.folder.code, "fox")
            learner.guess(1)
            await soon(lambda: learner.link.posts > 2)
            assert learner.link.state == "away" and len(learner.outbox) == 1 and not learner.task.done()
            learner.link.url = board.url  # logged in
            await learner.said_all()
            await learner.end()

    asyncio.run(main())
    assert len(board.desk.state.questions) == 1


def test_another_class_at_the_same_address_is_joined_anew(board: ClassBoard) -> None:
    async def main() -> None:
        learner = Learner(board.url, board.folder.code, "fox")
        await soon(lambda: learner.link.state == "open")
        board.server.call(board.desk.state.learners.clear)
        learner.guess(1)
        await learner.said_all()
        await learner.end()

    asyncio.run(main())
    assert [learner.name for learner in board.desk.state.learners.values()] == ["fox"] and board.desk.state.questions


def test_the_outbox_keeps_the_last_of_what_is_typed_and_is_bounded() -> None:
    now_s = 0.0
    box = Outbox(lambda: now_s)
    for typed in ("4", "42", "420"):
        box.put("guess", lambda typed=typed: {"guess": typed}, later_s=0.5, replaces="q")  # type: ignore[misc]
    assert box.batch() == [] and box.wait_s() == 0.5
    now_s = 2.0
    first = box.batch()
    assert [message["guess"] for message in first] == ["420"] and first[0]["ago_s"] == 2.0
    box.put("guess", lambda: {"guess": "9"}, replaces="q")  # it does not take back what is on its way
    assert box.batch()[0]["id"] == first[0]["id"]
    box.kept()
    for number in range(MAX_WAITING + 10):
        box.put("check", lambda number=number: {"n": number})  # type: ignore[misc]
    assert len(box) == MAX_WAITING and box.dropped == 11
    assert [message["n"] for message in box.batch()] == list(range(10, 10 + BATCH))


def test_what_cannot_be_built_is_left_out() -> None:
    box = Outbox(time.monotonic)
    box.put("result", lambda: {"x": 1 / 0})
    box.put("leave", dict)
    assert [message["kind"] for message in box.batch()] == ["leave"]
