from __future__ import annotations

import httpx
import pytest

from labkit.server.launch import launched
from labkit.widgets import BrowserClient, Typewriter
from labkit.widgets.reach import reach_url

pytestmark = pytest.mark.live


def test_one_answer_for_all_widgets_which_pages_of_this_machine_alone_can_read() -> None:
    url = reach_url()
    client, typed = BrowserClient("http://127.0.0.1:9/words"), Typewriter("http://127.0.0.1:9/answer")
    assert client.reach == typed.reach == url
    assert BrowserClient("http://127.0.0.1:9/words", route="proxy").reach == ""  # it does not ask
    near = httpx.get(url, headers={"Origin": "http://localhost:8888"})
    assert near.text == "here\n" and near.headers["Access-Control-Allow-Origin"] == "http://localhost:8888"
    assert near.headers["Cache-Control"] == "no-store"  # the way may change
    far = httpx.get(url, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in far.headers
    assert httpx.get(url.rpartition("/")[0] + "/here-guessed").status_code == 404
    assert url.partition("/here-")[0] not in [
        server.url for server in launched()
    ]  # no server of a lesson: it is not paused
