"""Draws docs/images/board.png: a class board in Chromium, with an invented class on it.

uv run python tools/board_picture.py
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import async_playwright

from labkit.board import ClassBoard
from labkit.board.link import BoardLink
from labkit.board.names import OFFERED
from labkit.board.outbox import Outbox
from labkit.clock import wait_until
from labkit.command.board import PORT, lesson_titles
from labkit.lab import find_browser

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "board.png"
LEARNERS = 24
QUESTION = "What does the client of the forgetful server get?"
CHOICES = ["all twelve words", "some words are missing", "some words come twice", "nothing after the cut"]
_numbers = itertools.count(1)


async def main() -> None:
    rng = random.Random(3)
    browser = find_browser()
    assert browser is not None
    with tempfile.TemporaryDirectory() as folder, ClassBoard(folder, port=PORT, lessons=lesson_titles()) as board:
        secrets = [f"invented learner {number:03}" for number in range(LEARNERS)]
        links = [
            BoardLink(board.url, board.folder.code, name, secret, Outbox(time.monotonic))
            for name, secret in zip(OFFERED, secrets, strict=False)
        ]
        async with httpx.AsyncClient(base_url=board.url, trust_env=False) as http:
            running = []
            for link in links:  # one after the other, so that they stand in this order
                running.append(asyncio.ensure_future(link.run()))
                await wait_until(lambda link=link: link.state == "open")
            for secret in secrets:
                await learn(http, secret, rng)
            await command(http, board, kind="notice", id="n1", text="Who has seen a 503?")
            for secret in secrets[2:5]:
                await say(http, secret, {"kind": "hand", "notice": "n1"})
            running[7].cancel()  # somebody has closed the laptop
            key = next(iter(board.desk.state.questions))
            await command(http, board, kind="lift", id="n2", key=key, lifted=True)
            await asyncio.sleep(1.5)
            await picture(browser, f"{board.url}#{board.folder.code}")
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def learn(http: httpx.AsyncClient, secret: str, rng: random.Random) -> None:
    """One learner's last half hour: an exercise, a guess, what was measured, and the next exercise."""
    ago_s = rng.uniform(900, 1700)
    question = {"question": QUESTION, "choices": CHOICES, "unit": "", "lesson": "04"}
    guess = rng.choices(CHOICES, [4, 9, 3, 2])[0]
    messages: list[dict[str, Any]] = [
        checked("missing_and_doubled", True, ago_s + 1200, "00"),
        {"kind": "asked", **question, "ago_s": ago_s},
    ]
    if rng.random() < 0.9:
        messages.append({"kind": "guess", **question, "guess": guess, "ago_s": ago_s})
        messages.append({"kind": "measured", **question, "guess": guess, "measured": CHOICES[1], "ago_s": ago_s - 60})
    if rng.random() < 0.75:
        messages.append(checked("doubled_events", False, ago_s - 200, "04"))
        if rng.random() < 0.6:
            messages.append(checked("doubled_events", True, ago_s - 500, "04"))
            if rng.random() < 0.5:
                messages.append(checked("since", False, ago_s - 700, "04"))
    await say(http, secret, *messages)


def checked(exercise: str, passed: bool, ago_s: float, lesson: str) -> dict[str, Any]:
    """A check of an exercise with three levels."""
    return {"kind": "check", "exercise": exercise, "level": 3 if passed else 1, "levels": 3, "passed": passed,
            "mistake": "", "ago_s": max(0.0, ago_s), "lesson": lesson}  # fmt: skip


async def say(http: httpx.AsyncClient, secret: str, *messages: dict[str, Any]) -> None:
    """What a learner's kernel sends."""
    body = {"messages": [{"id": f"p{next(_numbers)}", **message} for message in messages]}
    (await http.post("moments", json=body, headers={"Authorization": f"Bearer {secret}"})).raise_for_status()


async def command(http: httpx.AsyncClient, board: ClassBoard, **message: Any) -> None:
    """What the instructor's page sends."""
    head = {"Authorization": f"Bearer {board.folder.secret}"}
    (await http.post("commands", json=message, headers=head)).raise_for_status()


async def picture(browser: str, url: str) -> None:
    """The page as it is on a projector."""
    async with async_playwright() as playwright:
        viewer = await playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = await viewer.new_page(viewport={"width": 1440, "height": 810})
        await page.goto(url)
        await page.locator(".person").first.wait_for()
        await page.wait_for_timeout(1500)  # the bars grow
        await page.screenshot(path=PICTURE)
        await viewer.close()


if __name__ == "__main__":
    asyncio.run(main())
