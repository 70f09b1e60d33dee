"""The table of libraries that reconnect for a page: how it is computed, and the browser's own reader watched now."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from labkit.lab.engines import find_browser
from labkit.lab.lesson_13.claims import c71_libraries_lose_nothing
from labkit.lab.lesson_13.page_server import LIBRARIES, page
from labkit.lab.lesson_13.page_table import habits_of, page_habits
from labkit.lab.lesson_13.reconnecting import watch_pages


def flawless() -> dict[str, Any]:
    """A library that loses nothing, in every scenario."""
    get, back = ["GET", "", 0], ["GET", "3", 1600]
    all_six, ticks = (1, 2, 3, 4, 5, 6), tuple(range(1, 30))
    seen: dict[str, Any] = {
        "cut": {"asked": [get, back], "got": all_six},
        "end": {"asked": [get], "got": [1, 2, 3]},
        "refused": {"asked": [get, ["GET", "3", 400], ["GET", "3", 900]], "got": all_six},
        "refused-at-first": {"asked": [get, ["GET", "", 400]], "got": all_six},
        "post": {"asked": [["POST", "", 0]], "got": all_six},
        "retry-alone": {"asked": [get, ["GET", "3", 2100]], "got": all_six},
        "hidden": {"asked": [get], "got": ticks},
        "hidden-unnumbered": {"asked": [get], "got": ticks},
        "hidden-post": {"asked": [["POST", "", 0]], "got": ticks},
    }
    return {name: {**one, "got": list(one["got"])} for name, one in seen.items()}


def test_the_verdict_turns() -> None:
    seen = flawless()
    assert c71_libraries_lose_nothing([habits_of("good", seen)]).holds
    assert not c71_libraries_lose_nothing([]).holds
    for scenario in ("cut", "refused", "post", "hidden-unnumbered"):
        worse = copy.deepcopy(seen)
        del worse[scenario]["got"][4]
        verdict = c71_libraries_lose_nothing([habits_of("good", seen), habits_of("bad", worse)])
        assert not verdict.holds and f"bad: lost 1 ({scenario})" in verdict.because


def test_each_habit_is_seen() -> None:
    good = habits_of("good", flawless())
    assert all(cell is True for cell in good.cells.values()) and not good.asks_after_end
    changes: dict[str, Any] = {
        "resumes": ("cut", [["GET", "", 0], ["GET", "", 1600]]),
        "honours_retry": ("cut", [["GET", "", 0], ["GET", "3", 500]]),
        "honours_retry_alone": ("retry-alone", [["GET", "", 0], ["GET", "3", 700]]),
        "back_after_503": ("refused", [["GET", "", 0], ["GET", "3", 400]]),
        "repeats_post": ("post", [["POST", "", 0], ["POST", "3", 400]]),
        "repeats_post_hidden": ("hidden-post", [["POST", "", 0], ["POST", "3", 400]]),
        "leaves_when_hidden": ("hidden", [["GET", "", 0], ["GET", "9", 2000]]),
        "asks_after_end": ("end", [["GET", "", 0], ["GET", "3", 400]]),
    }
    for habit, (scenario, asked) in changes.items():
        seen = flawless()
        seen[scenario]["asked"] = asked
        changed = [name for name in changes if getattr(habits_of("x", seen), name) != getattr(good, name)]
        assert changed == [habit]


def test_the_recording_says_what_the_lesson_says() -> None:
    libraries, kept = page_habits()
    by_name = {one.library: one for one in libraries}
    assert list(by_name) == list(LIBRARIES) and kept.recorded_on
    assert all(one.resumes and not one.lost["cut"] for one in libraries)
    assert [name for name, one in by_name.items() if one.repeats_post] == ["fetch-event-source", "datastar"]
    assert [name for name, one in by_name.items() if one.back_after_503] == ["fetch-event-source", "htmx"]
    assert [name for name, one in by_name.items() if not one.leaves_when_hidden] == ["EventSource"]
    posts_once = {name: one.cells["posts\nonce"] for name, one in by_name.items()}
    assert posts_once == {"EventSource": "cannot", "fetch-event-source": False, "htmx": True, "datastar": False}
    assert not by_name["htmx"].honours_retry_alone and not c71_libraries_lose_nothing(libraries).holds


def test_each_page_asks_for_its_stream() -> None:
    for library in LIBRARIES:
        assert f"/stream?library={library}&scenario=cut" in page(library, "cut")
    assert 'hx-post="/stream?library=htmx&scenario=hidden-post"' in page("htmx", "hidden-post")
    assert "@post(" in page("datastar", "post") and 'method: "POST"' in page("fetch-event-source", "post")


@pytest.mark.browser
@pytest.mark.live
def test_the_browsers_own_reader_is_watched() -> None:
    """4 s of waiting, 1 s of work: the server, the pages and the script of the benchmark are run once."""
    if find_browser() is None:
        pytest.skip("no Chromium is installed: apt install chromium")
    seen = asyncio.run(watch_pages(None, ["EventSource"], ["end"]))
    asked = seen["pages"]["EventSource"]["end"]["asked"]
    assert [(method, id) for method, id, _ in asked] == [("GET", ""), ("GET", "3")]
    assert seen["pages"]["EventSource"]["end"]["got"] == [1, 2, 3, 4, 5, 6] and "Chrom" in seen["browser"]
