"""Draws docs/images/eventstream.png: Chromium's own EventStream panel, with a stream of this lab in it.

uv run python tools/devtools.py
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, async_playwright
from tornado.web import RequestHandler

from labkit.lab import find_browser
from labkit.lab.texts import ALICE
from labkit.log import MemoryLog
from labkit.server import Channel, launch
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "eventstream.png"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-allow-origins=*")


class Asking(RequestHandler):
    """A page that opens the stream, a moment after it was loaded."""

    def get(self) -> None:
        self.finish(
            "<!doctype html><title>lab</title><script>setTimeout(() => new EventSource('/words'), 500)</script>"
        )


async def main() -> None:
    channel = Channel(MemoryLog(epoch="alice"))
    server = launch({"/page": Asking, "/words": channel}, name="devtools")
    server.play(channel, itertools.cycle(ALICE), every_s=0.15)
    browser = find_browser()
    assert browser is not None
    with tempfile.TemporaryDirectory() as profile, reserved_port() as port:
        command = [
            browser,
            *FLAGS,
            f"--remote-debugging-port={port}",
            f"--user-data-dir={profile}",
            server.url + "/page",
        ]
        with Child(command):
            target = await inspected(port)
            async with async_playwright() as playwright:
                viewer = await playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = await viewer.new_page(viewport={"width": 1000, "height": 440}, device_scale_factor=1.5)
                await page.goto(
                    f"http://127.0.0.1:{port}/devtools/devtools_app.html?ws=127.0.0.1:{port}/devtools/page/{target}"
                )
                await three_clicks(page)
                await page.screenshot(path=PICTURE)
                await viewer.close()
    server.stop()


async def inspected(port: int) -> str:
    """The id of the page that is inspected."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(100):
            try:
                targets: list[dict[str, Any]] = json.loads((await client.get(f"http://127.0.0.1:{port}/json")).text)
                return next(str(target["id"]) for target in targets if target["url"].endswith("/page"))
            except (httpx.TransportError, StopIteration):
                await asyncio.sleep(0.1)
    raise SystemExit("the inspected browser did not start")


async def three_clicks(page: Page) -> None:
    await page.get_by_role("tab", name="Network").click()
    await page.keyboard.press("Control+r")
    await page.get_by_text("words", exact=True).first.click()
    await page.get_by_role("tab", name="EventStream").click()
    await page.wait_for_timeout(2500)


asyncio.run(main())
