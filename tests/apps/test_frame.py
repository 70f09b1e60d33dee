"""What all apps share: the catalogue, the launching, the actions, and the lines that were added."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from labkit.apps import CATALOGUE, added_lines, catalogue_lines, find_app, launch_app
from labkit.apps.catalogue import app_folder
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.errors import LabError
from labkit.server import launch

LINES = 60
#: An app holds by some thirty lines more than its naive version.
ADDED = range(15, 50)


def test_an_unknown_app_is_an_error_that_names_those_that_are_there(tmp_path: Path) -> None:
    for call in (lambda: app_folder("tickr"), lambda: find_app("tickr", tmp_path), lambda: launch_app("tickr")):
        with pytest.raises(LabError, match=r"no app 'tickr'\. There is: "):
            call()
    assert [line.split()[0] for line in catalogue_lines()] == list(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_app_is_small_and_some_thirty_lines_more_than_its_naive_version(name: str) -> None:
    folder = app_folder(name)
    for files in (("server.py",), ("page.html", "page.js")):
        lines = [line for file in files for line in (folder / file).read_text("utf-8").splitlines() if line.strip()]
        assert len(lines) <= LINES, files
    pairs = added_lines(name)
    assert [pair.file for pair in pairs] == ["server.py", "page.js"]
    assert sum(pair.count for pair in pairs) in ADDED
    assert "more than the naive version" in pairs[0]._repr_html_()
    assert "innerHTML" not in (folder / "page.js").read_text("utf-8")


@pytest.mark.live
def test_an_action_answers_or_says_why_not() -> None:
    def act(values: Values) -> Values | None:
        if values.get("nothing"):
            return None
        return {"hello": text_in(values, "name", 5)}

    async def later(values: Values) -> Values:
        await asyncio.sleep(0)
        return {"later": True}

    routes = {"/act": (ActionHandler, {"act": act}), "/later": (ActionHandler, {"act": later})}
    with launch(routes, "actions") as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        assert client.post("/act", json={"name": " fox "}).json() == {"hello": "fox"}
        assert client.post("/act", json={"nothing": 1}).status_code == 204
        assert client.post("/later").json() == {"later": True}
        for body, why in (
            (b"[]", "no JSON object"),
            (b"{", "no JSON object"),
            (b"\xff", "no JSON object"),
            (b'{"name": ""}', "'name' is missing"),
            (b'{"name": 4}', "'name' is missing"),
            (b'{"name": "badgers"}', "7 characters; 5 are allowed"),
        ):
            answer = client.post("/act", content=body)
            assert answer.status_code == 400 and why in answer.text
        foreign = client.post("/act", json={"name": "fox"}, headers={"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403


@pytest.mark.live
def test_a_page_that_draws_too_much_does_not_freeze_the_notebook_around_it() -> None:
    """Chromium gives a frame of the same host a process of its own only where the page's head asks for it."""
    with launch_app("ticker", naive=True) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        assert client.get("/").headers["Origin-Agent-Cluster"] == "?1"


@pytest.mark.live
@pytest.mark.parametrize("path, body", [("/post", {"me": "bob", "text": "hi"}), ("/graphql", {"query": "{ prices }"})])
def test_an_origin_that_is_named_may_ask_every_handler_of_an_app(
    path: str, body: dict[str, str], tmp_path: Path
) -> None:
    """A hub's page, named by --origin: whichever handler answers, it is asked by the same rule."""
    name = "graphql" if path == "/graphql" else "notifications"
    with launch_app(name, tmp_path, allowed=["https://hub.example"]) as server:

        def status(origin: str) -> int:
            return httpx.post(f"{server.url}{path}", json=body, headers={"Origin": origin}).status_code

        assert status("https://hub.example") != 403 == status("https://elsewhere.example")
