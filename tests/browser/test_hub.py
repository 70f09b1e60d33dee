"""On a hub only Jupyter's own port can be reached: the browser's client goes through Jupyter's proxy."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, expect

from .conftest import open_notebook, serve_jupyter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SETUP = """
from labkit.log import MemoryLog
from labkit.server import Channel, launch
from labkit.widgets import BrowserClient
channel = Channel(MemoryLog(epoch="e"), retry_ms=500)
server = launch({"/words": channel}, name="hub")
client = BrowserClient(server.url + "/words", on_cut=channel.end, route="proxy")
client
"""
PLAY = """
await client.connected()
server.play(channel, [f"{number} <script>window.hacked = 1</script>" for number in range(40)], every_s=0.1)
await client.until(events=40)
print(client.texts == [f"{number} <script>window.hacked = 1</script>" for number in range(40)])
print([visit.last_event_id for visit in channel.visits])
"""


def test_the_browsers_client_works_and_resumes_through_the_proxy(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "lessons").mkdir()
    book = new_notebook(cells=[new_code_cell(SETUP.strip()), new_code_cell(PLAY.strip())])
    book.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(book, tmp_path / "lessons" / "hub.ipynb")
    context = chromium.new_context()
    with serve_jupyter(tmp_path, "/user/x/") as url:
        lab = open_notebook(context, url, "hub")
        lab.run_all()
        client = lab.page.locator(".labkit-client")
        expect(client.locator(".bar")).to_contain_text("through Jupyter's proxy")
        expect(client.locator(".status")).to_contain_text(re.compile(r"last event ID e-(\d|1\d)\b"), timeout=30_000)
        client.get_by_role("button", name="Cut the connection").click()
        lab.wait_until_done()
        shown = lab.output("client.connected()").inner_text()
        assert shown.startswith("True"), shown  # each event once, in order, and text all the way
        assert re.search(r"\['', 'e-\d+'\]", shown), shown
        assert lab.page.evaluate("window.hacked") is None
        assert lab.complaints == []
    context.close()
