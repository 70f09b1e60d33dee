from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from labkit.lab.lesson_10 import SharedTabs, TheSix, hear_topics, share_one_stream, the_six
from labkit.lab.lesson_10.claims import (
    c32_six_over_http_1,
    c33_http_2_lifts_it,
    c34_topics_share,
    c68_http_3_like_2,
    c69_tabs_share,
)


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "none")


def six(protocol: str, streams: int = 8, tabs: int = 1, firefox: bool = False) -> TheSix:
    return asyncio.run(the_six(protocol, streams, tabs, firefox))


def test_c32() -> None:
    seen = [six("HTTP/1.1"), six("HTTP/1.1", 4, 2), six("HTTP/1.1", firefox=True), six("HTTP/1.1", 4, 2, True)]
    verdict = c32_six_over_http_1(seen)
    assert verdict.holds and verdict.because.startswith(
        "Chromium 156, 1 tab: 6 of 8 open, the page waited; Chromium 156, 2"
    )
    assert not c32_six_over_http_1([six("HTTP/2")]).holds
    assert not c32_six_over_http_1([*seen, replace(seen[0], page_came=True)]).holds
    assert not c32_six_over_http_1([]).holds


def test_c33() -> None:
    verdict = c33_http_2_lifts_it(six("HTTP/2"), six("HTTP/2", 110))
    assert verdict.holds
    assert verdict.because == "8 of 8 open and the page came; of 110, 100 opened, and then the page waited"
    assert not c33_http_2_lifts_it(six("HTTP/1.1"), six("HTTP/2", 110)).holds
    assert not c33_http_2_lifts_it(six("HTTP/2"), replace(six("HTTP/2", 110), opened=(110,), page_came=True)).holds


def test_c68() -> None:
    over_2, over_3 = ([six(protocol), six(protocol, firefox=True)] for protocol in ("HTTP/2", "HTTP/3"))
    assert c68_http_3_like_2(over_2, over_3).holds
    assert not c68_http_3_like_2(over_2, over_2).holds  # it spoke HTTP/2 after all
    assert not c68_http_3_like_2(over_2, [replace(one, opened=(7,)) for one in over_3]).holds
    assert not c68_http_3_like_2([], []).holds


def test_c34() -> None:
    heard = asyncio.run(hear_topics())
    assert heard.heard == {"prices": 10, "news": 10, "chat": 0, "weather": 0}
    assert c34_topics_share(heard).holds
    assert not c34_topics_share(replace(heard, lost=1)).holds
    assert not c34_topics_share(replace(heard, heard={**heard.heard, "chat": 1})).holds


def tabs(by: str, firefox: bool) -> SharedTabs:
    return asyncio.run(share_one_stream(8, by, firefox=firefox))


def test_c69() -> None:
    seen = [tabs(by, firefox) for by in ("worker", "leader") for firefox in (False, True)]
    verdict = c69_tabs_share(seen)
    assert verdict.holds
    assert verdict.because.endswith("Firefox 153, by a leader: 8 tabs over 1, 0 lost, 0 doubled")
    for wrong in ({"streams": 8}, {"opened": 6}, {"lost": 1}, {"doubled": 1}, {"tabs": 4, "opened": 4}):
        assert not c69_tabs_share([*seen, replace(seen[0], **wrong)]).holds
    assert not c69_tabs_share([]).holds
