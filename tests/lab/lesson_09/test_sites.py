from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import labkit.lab
from labkit.lab.lesson_09 import after_a_token_runs_out
from labkit.lab.lesson_09.sites import COOKIES, PLACES, SITES_SCRIPT, WAYS, FromPlace, ask_from
from labkit.lab.lesson_09.tickets import TICKETS_SCRIPT, TicketDesk

GUARDS = {"everybody": lambda ask: True, "a lax cookie": lambda ask: ask.cookie("Lax"),
          "own pages": lambda ask: ask.request.headers.get("Origin") == ask.own_origin,
          "the token": lambda ask: ask.get_body_argument("token", "") == ask.token}  # fmt: skip


@pytest.mark.live
@pytest.mark.browser
def test_a_page_of_another_site_sends_what_the_cookie_allows_and_passes_no_guard(tool: Callable[[str], str]) -> None:
    tool("chromium")
    (seen,) = asyncio.run(ask_from({"another site": PLACES["another site"]}, GUARDS))
    sent = {way: [name for name, went in cookies.items() if went] for way, cookies in seen.sent.items()}
    assert sent == {
        "EventSource": ["None"],
        "fetch, POST": ["None"],
        "a form, POST": ["None", "not said"],  # for two minutes: "not said" is not quite Lax
        "a link": ["None", "not said", "Lax"],
    }
    assert seen.published == {"everybody": True, "a lax cookie": False, "own pages": False, "the token": False}


def recorded(monkeypatch: pytest.MonkeyPatch) -> dict[str, FromPlace]:
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    return {seen.place: seen for seen in asyncio.run(ask_from(PLACES, dict.fromkeys(GUARDS, bool)))}


def test_without_a_browser_the_recordings_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = recorded(monkeypatch)
    assert list(seen) == list(PLACES) and all(one.recorded_on for one in seen.values())
    own, same, other = seen.values()
    assert all(all(cookies.values()) for one in (own, same) for cookies in one.sent.values())
    assert list(other.sent) == list(WAYS) and list(other.sent["a link"]) == list(COOKIES)


def test_recordings_are_of_these_scripts() -> None:
    place = Path(labkit.lab.__file__).parent / "recorded"
    names = ["site-its-own-page", "site-another-page-of-its-site", "site-another-site"]
    kept = [json.loads((place / f"{name}.json").read_text("utf-8")) for name in names]
    assert {one["script"] for one in kept} == {SITES_SCRIPT}
    assert json.loads((place / "tickets.json").read_text("utf-8"))["script"] == TICKETS_SCRIPT


def test_a_ticket_is_taken_once() -> None:
    desk = TicketDesk()
    one, other = desk.issue(), desk.issue()
    assert [desk.use(ticket) for ticket in (one, one, "", other, other)] == [True, False, False, True, False]


@pytest.mark.live
def test_a_token_that_runs_out_ends_a_client_unless_it_asks_for_another() -> None:
    assert asyncio.run(after_a_token_runs_out()) == {
        "the same token again": "5 events, then 401: given up",
        "a new token each time": "12 events, none missing, 3 tokens",
        "a server that does not look": "12 events, 7 of them after the token had run out",
    }
