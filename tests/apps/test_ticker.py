"""The ticker: the newest price wins, for slow readers too; cuts, restarts, and its page in a real Chromium."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.apps import find_app, launch_app
from labkit.apps.launching import app_routes
from labkit.apps.ticker.market import Market
from labkit.apps.ticker.naive_server import NaiveTicker
from labkit.apps.ticker.newest import FIRST_EVENTS, HEARTBEAT_S, MOST_EVENTS, SOON_S, STRANGERS_S, Credit, Newest
from labkit.apps.ticker.server import Ticker
from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.errors import LabError
from labkit.proxy import launch_relay, relay
from labkit.server import launch, serve

from ..chromium import in_chromium
from .cuts import BUFFERS, CutAnywhere, complaints_of_the_doctor, killed_app


def test_a_market_walks_alike_from_the_same_seed_and_knows_its_symbols() -> None:
    market, again, other = Market(), Market(), Market(seed=2)
    assert len(market.symbols) == 300
    assert [market.move() for _ in range(50)] == [again.move() for _ in range(50)] != [other.move() for _ in range(50)]
    symbol = market.symbols[7]
    assert market.find(f" {symbol.lower()} ") == symbol
    with pytest.raises(LabError, match=r"no symbol 'AAHX'\. There is, for example: .*AAHP"):
        market.find("aahx")


def test_a_market_moves_so_often_in_a_second_and_makes_up_for_no_sleep() -> None:
    async def moved() -> list[int]:
        clock = ImpatientClock()
        market, counts = Market(clock=clock), [0] * 4
        async for _ in market.moves(100):
            second = int(clock.now_s())
            if second >= 10:
                return counts
            counts[min(second, 3)] += 1
            if counts[2:] == [50, 0]:
                clock._now_s += 6.0  # the machine slept
        return counts

    counts = asyncio.run(moved())
    assert abs(counts[0] - 100) <= 1 and abs(counts[1] - 100) <= 1 and 140 <= counts[3] <= 155


def test_the_newest_value_takes_the_place_of_the_one_before() -> None:
    newest: Newest[int] = Newest()
    for n in range(1000):
        newest.put("ab"[n % 2], n)
    rows, number = newest.since(0)
    assert rows == {"a": 998, "b": 999}
    newest.put("a", 1000)
    assert newest.since(number) == ({"a": 1000}, 1001) and newest.since(1001)[0] == {}


def test_a_reader_gets_more_while_it_keeps_up_and_less_when_it_is_late() -> None:
    now_s = 0.0
    credit = Credit(lambda: now_s)

    def send_all() -> int:
        count = 0
        while credit.has_room():
            credit.note_sent()
            count += 1
        return count

    assert (send_all(), credit.patience_s) == (FIRST_EVENTS, STRANGERS_S)
    read = FIRST_EVENTS
    for _ in range(20):
        now_s += SOON_S / 2
        credit.confirm(read)
        read += send_all()
    assert (credit.limit, credit.patience_s) == (MOST_EVENTS, HEARTBEAT_S)
    for lie in (read + 1, read - MOST_EVENTS, 0, -1, "many", None, 2.5):
        credit.confirm(lie)
        assert not credit.has_room()
    for _ in range(20):
        now_s += 2 * SOON_S
        credit.confirm(read)
        read += send_all()
    assert credit.limit == 1


class SlowReader:
    """Reads an event when it is told to, and no byte beyond what it must."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.sendall(b"GET /prices HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        self.kept = b""

    def read(self) -> Any:
        while True:
            while b"\n\n" not in self.kept:
                self.kept += self.connection.recv(512)
            block, _, self.kept = self.kept.partition(b"\n\n")
            for line in block.splitlines():
                if line.startswith(b"data: "):
                    return json.loads(line[6:])


def moves_behind(folder: Path, naive: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], int]:
    """How many moves old the newest price that a slow reader has is, after each of 30 times 100 moves, in which it reads
    one event; and how many events or rows are kept for it. The price of a symbol is the number of its last move."""
    now_s = 0.0
    monkeypatch.setattr(Market, "quote", lambda market, symbol: [market.prices[symbol], 0])
    monkeypatch.setattr("labkit.apps.ticker.newest.Credit", lambda: Credit(lambda: now_s))
    app: Any = find_app("ticker", folder, naive)
    behind: list[int] = []
    with launch(app_routes("ticker", app, naive), name="ticker") as server, httpx.Client(trust_env=False) as client:
        reader = SlowReader(server.port)
        name = "" if naive else reader.read()
        newest, numbers = 0.0, itertools.count(1)

        def move_once() -> None:
            symbol = app.market.move()
            app.market.prices[symbol] = next(numbers) + 1000.0
            app.publish(symbol)

        for turn in range(1, 31):
            while naive and not app.readers:
                pass
            for _ in range(10):
                server.call(lambda: [move_once() for _ in range(10)])
            now_s += 0.1
            rows = reader.read()["rows"]
            newest = max(newest, *(row[0] for row in rows.values())) if rows else newest
            behind.append(turn * 100 + 1000 - int(newest))
            if not naive:
                client.post(f"{server.url}/read", json={"reader": name, "read": turn})
        kept = max(one.qsize() for one in app.readers) if naive else len(app.newest.since(0)[0])
        reader.connection.close()
    return behind, kept


@pytest.mark.live
def test_a_slow_reader_gets_the_newest_prices_and_the_naive_one_older_and_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind, kept = moves_behind(tmp_path, False, monkeypatch)
    assert max(behind) <= 1000 and kept == 300  # 1,000 moves are a second
    behind, _ = moves_behind(tmp_path, True, monkeypatch)
    assert behind == sorted(behind) and behind[-1] > 2900  # of 3,000 moves it has read thirty


@pytest.mark.live
def test_fifty_cuts_end_with_the_newest_prices_and_never_go_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Market, "quote", lambda market, symbol: [market.prices[symbol], 0])

    async def pages() -> None:
        app, numbers = Ticker(tmp_path), itertools.count(1)
        async with serve(app.routes) as server, relay(server.url, CutAnywhere(50, 12_000), seed=3) as proxy:

            async def move() -> None:
                while proxy.connections <= 50:
                    symbol = app.market.move()
                    app.market.prices[symbol] = next(numbers) + 1000.0
                    app.publish(symbol)
                    await asyncio.sleep(0.001)

            moving = asyncio.ensure_future(move())
            rows: dict[str, list[float]] = {}
            async with EventSource(proxy.url, clock=ImpatientClock()) as source:
                async for event in source:
                    if event.type == "reader":
                        continue
                    news = json.loads(event.data)["rows"]
                    assert all(row[0] >= rows.get(symbol, row)[0] for symbol, row in news.items())
                    rows = news if event.type == "snapshot" else rows | news
                    if proxy.connections > 50 and rows == app.newest.since(0)[0]:
                        break
            moving.cancel()
            assert len(rows) == 300 and max(row[0] for row in rows.values()) == 1000 + next(numbers) - 1

    asyncio.run(pages())


async def first_event(url: str, type: str) -> Any:
    async with EventSource(url, clock=ImpatientClock()) as source:
        return await anext(event async for event in source if event.type == type)


@pytest.mark.live
def test_the_doctor_and_a_proxy_that_buffers() -> None:
    with launch_app("ticker") as server:
        assert complaints_of_the_doctor(f"{server.url}/prices") == []
        behind = launch_relay(server.url, BUFFERS, name="before the ticker")
        snapshot = asyncio.run(first_event(f"{behind.url}/prices", "snapshot"))
        behind.stop()
    assert len(json.loads(snapshot.data)["rows"]) == 300


@pytest.mark.live
def test_what_is_watched_outlives_a_kill_and_strangers_are_refused(tmp_path: Path) -> None:
    symbol = Market().symbols[5]
    killed_app("ticker", tmp_path, lambda client: client.post("watch", json={"symbol": symbol, "watch": True}))
    with launch_app("ticker", tmp_path) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        event = asyncio.run(first_event(f"{server.url}/prices", "snapshot"))
        assert [name for name, row in json.loads(event.data)["rows"].items() if row[2]] == [symbol]
        for values, why in (({"symbol": "QQQQQ"}, "no symbol 'QQQQQ'"), ({}, "'symbol' is missing")):
            answer = client.post("/watch", json=values)
            assert answer.status_code == 400 and why in answer.text
        assert client.post("/read", json={"reader": "nobody", "read": 5}).status_code == 204
        assert client.post("/watch", json={"symbol": symbol}).status_code == 204
    assert symbol not in Ticker(tmp_path).watched and symbol not in NaiveTicker(tmp_path).watched


@pytest.mark.live
def test_who_says_nothing_gets_an_event_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.apps.ticker.newest.STRANGERS_S", 0.01)

    async def frames() -> list[str]:
        source = Ticker(tmp_path).prices("")
        kinds = [frame.event async for frame in aslice(source, 8)]
        await source.aclose()
        return kinds

    assert asyncio.run(frames()) == ["reader", "snapshot", *["prices"] * 6]  # a closed market's are empty: heartbeats


async def aslice(source: Any, count: int) -> Any:
    for _ in range(count):
        yield await anext(source)


@pytest.mark.browser
def test_the_page_as_a_person_uses_it(
    tmp_path: Path, tool: Callable[[str], str], artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import expect

    monkeypatch.setattr(Ticker, "per_second", 100.0)  # benchmarks/apps.py has the page under 1,000
    server = [launch_app("ticker", tmp_path)]
    proxy = launch_relay(server[0].url, name="before the ticker")
    first, second = Market().symbols[1:3]

    def visit(browser: Any) -> None:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        broken: list[str] = []
        page.on("pageerror", lambda problem: broken.append(str(problem)))
        page.goto(proxy.url)
        expect(page.locator("#others tr")).to_have_count(300)

        def press(symbol: str, name: str = "Watch") -> None:
            page.get_by_label("symbol").fill(symbol)
            page.get_by_role("button", name=name, exact=True).click()

        press(second)
        press(first.lower())
        expect(page.locator("#watched tr")).to_have_count(2)
        assert [text[:4] for text in page.locator("#watched tr").all_inner_texts()] == [first, second]
        press("<img src=x onerror='document.title=1'>")
        expect(page.locator("#problem")).to_contain_text('there is no symbol "<IMG SRC=X')
        expect(page.get_by_label("symbol")).to_have_value("<img src=x onerror='document.title=1'>")
        proxy.cut()
        expect(page.locator("#state")).to_have_attribute("data-state", "connecting")
        expect(page.locator("#state")).to_have_text("open")
        page.reload()
        expect(page.locator("#watched tr")).to_have_count(2)
        port = server[0].port
        server[0].stop()
        expect(page.locator("#state")).to_contain_text("the server is away")
        server[0] = launch_app("ticker", tmp_path, port=port)
        expect(page.locator("#state")).to_have_text("open")
        press(first, "Do not watch")
        expect(page.locator("#others tr")).to_have_count(299)
        assert page.locator("#others td:first-child").all_inner_texts() == sorted({*Market().symbols} - {second})
        assert page.title() == "Ticker" and broken == []
        page.screenshot(path=artifacts / "ticker-phone.png")

    try:
        in_chromium(tool("chromium"), visit)
    finally:
        proxy.stop()
        server[0].stop()
