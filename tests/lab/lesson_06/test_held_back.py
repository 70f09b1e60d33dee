"""The experiments of lesson 06, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from labkit.doctor import examine
from labkit.errors import LabError
from labkit.lab import Ticks, record
from labkit.lab.lesson_06 import (
    Mystery,
    accept_matters,
    arrivals,
    arrivals_by_case,
    as_they_come,
    both_through,
    by_heartbeat,
    cheat_sheet,
    lag_by_size,
    record_ticks,
    record_twice,
    remedies,
    three_hops,
    typing_handler,
    under_a_total_timer,
)
from labkit.lab.lesson_06.claims import is_held
from labkit.lab.lesson_06.mystery import _ORDERS, KINDS
from labkit.proxy import HAProxy, Nginx
from labkit.recording import Lags, lags
from labkit.server import serve

pytestmark = pytest.mark.live

QUICK = Ticks(count=12, interval_s=0.05)


@pytest.fixture(params=["real", "embedded"])
def proxies(request: pytest.FixtureRequest, tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """With the real proxies, and with the relay in their place."""
    if request.param == "embedded":
        monkeypatch.setenv("LABKIT_NGINX", "none")
        monkeypatch.setenv("LABKIT_HAPROXY", "none")
    else:
        tool("nginx")
        tool("haproxy")
    return str(request.param)


def test_six_setups_show_their_patterns(proxies: str) -> None:
    found = asyncio.run(
        arrivals_by_case(
            {
                "direct": (QUICK, ()),
                "HTTP/1.0": (QUICK, [Nginx(to_origin="1.0")]),
                "HTTP/1.1": (QUICK, [Nginx(to_origin="1.1")]),
                "gzip": (QUICK, [Nginx(to_origin="1.1", gzip=True)]),
                "TLS": (QUICK, [Nginx(to_origin="1.1", tls=True)]),
                "HAProxy": (QUICK, [HAProxy()]),
            }
        )
    )
    assert [name for name, run in found.items() if is_held(run)] == ["HTTP/1.0", "gzip", "TLS", "HAProxy"]
    assert all(len(run.at_s) == 12 for run in found.values())


def test_both_remedies_cure_all_eight_setups(proxies: str) -> None:
    table = asyncio.run(remedies(QUICK))
    assert len(table) == 8
    held = [row for row, cells in table.items() if cells["nothing"].median_s > 0.1]
    assert len(held) == 7 and "HTTP/1.1 to the server" not in held
    for row, cells in table.items():
        assert cells["X-Accel-Buffering: no"].median_s < 0.1, row
        assert cells["proxy_buffering off"].median_s < 0.1, row


def test_smaller_events_wait_longer(proxies: str) -> None:
    found = asyncio.run(lag_by_size((256, 1024), repetitions=1))
    assert found[256].median_s > 2 * found[1024].median_s > 0


def test_the_head_waits_with_the_first_event(proxies: str) -> None:
    late = Ticks(count=2, interval_s=0.01, first_s=0.5)
    direct, through = (asyncio.run(record_ticks(late, *setups)) for setups in ((), (Nginx(to_origin="1.1"),)))
    assert direct.head_s < 0.25 < through.head_s


def test_what_cheat_sheets_say(tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    tool("nginx")
    found = asyncio.run(cheat_sheet(("add_header X-Accel-Buffering no;", "tcp_nodelay on;", "proxy_buffering off;")))
    assert found is not None and [is_held(run) for run in found.values()] == [True, True, False]
    monkeypatch.setenv("LABKIT_NGINX", "none")
    assert asyncio.run(cheat_sheet()) is None and asyncio.run(record_twice()) is None


def test_the_default_has_changed(tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    tool("nginx")
    for name, run in asyncio.run(as_they_come()).items():
        number, _, kind = name.removeprefix("nginx ").partition(", ")
        version = tuple(map(int, number.split(".")))
        assert is_held(run) == (kind != "as it comes" or version < (1, 29, 7)), name


def test_a_cache_plays_a_recording(tool: Callable[[str], str]) -> None:
    tool("nginx")
    cached, fresh = asyncio.run(record_twice()), asyncio.run(record_twice(cache=False))
    assert cached is not None and fresh is not None
    assert cached[0].body == cached[1].body and fresh[0].body != fresh[1].body
    assert cached[1].end_s < cached[0].end_s / 5


def test_jupyters_proxy_looks_at_accept() -> None:
    found = asyncio.run(accept_matters(QUICK))
    assert is_held(found["*/*"]) and not is_held(found["text/event-stream"])


def test_heartbeats_save_from_idle_timers_only(proxies: str) -> None:
    found = asyncio.run(by_heartbeat())
    assert [counts for name, counts in found.items() if "total" not in name] == [(5, 10)] * 3
    without, with_them = found["a relay's total timer"]
    assert without == with_them == 5


def test_resuming_survives_a_total_timer() -> None:
    texts = [str(number) for number in range(25)]
    unplanned = asyncio.run(under_a_total_timer(texts))
    planned = asyncio.run(under_a_total_timer(texts, max_age_s=0.4))
    assert unplanned.texts == planned.texts == texts
    assert unplanned.planned == 0 < planned.planned


def test_a_proxy_that_drops_upgrade(proxies: str) -> None:
    direct, through = asyncio.run(both_through(None)), asyncio.run(both_through(Nginx(to_origin="1.1")))
    assert direct == ("3 messages", "3 events")
    assert "messages" not in through[0] and through[1] == "3 events"
    if proxies == "real":
        assert asyncio.run(both_through(Nginx(upgrade=True))) == direct


@pytest.mark.parametrize("seed", [0, 1, 3])  # the three orders
def test_the_mystery_can_be_solved_and_the_doctor_confirms(seed: int) -> None:
    mystery = three_hops(seed)

    async def at_each() -> list[list[str]]:
        async def names(url: str) -> list[str]:
            return [finding.name for finding in (await examine(url, seconds=5)).findings]

        return await asyncio.gather(*(names(url) for url in mystery.hops))

    shows = {"a cork": "corked", "full buffers": "full-buffers", "compression": "compression-holds", "an idle timer": "idle-timeout"}  # fmt: skip
    found = asyncio.run(at_each())
    for number, kind in enumerate(mystery._order, start=1):
        assert shows[kind] in found[number] and shows[kind] not in found[number - 1], (number, kind, found)
    assert mystery.answer(*mystery._order).count("right") == 3
    mystery.stop()


def test_an_answer_is_told_what_is_wrong() -> None:
    mystery: Mystery = three_hops(1)
    right = mystery._order
    wrong = mystery.answer(right[1], right[0], right[2])
    assert wrong.count("right.") == 1 and f"proxy 1: not {right[1]}" in wrong
    assert "Compare 'behind 1 proxy' with 'the server itself'" in wrong  # the names in the lesson's figure
    assert (
        mystery.answer(*(word.split()[-1].capitalize() if "cork" in word else word.upper() for word in right)).count(
            "right."
        )
        == 3
    )
    assert "Not yet" in mystery.answer("?", "?", "?") and "cork" in mystery.answer()
    for bad in (("a cork",), ("a cork", "a cat", "full buffers")):
        with pytest.raises(LabError, match="an answer is three of these"):
            mystery.answer(*bad)
    assert three_hops(1) is not mystery  # the one before has ended
    three_hops(1).stop()
    assert all(set(order) <= set(KINDS) and len(set(order)) == 3 for order in _ORDERS)


def test_the_naive_answer_types_itself() -> None:
    async def main() -> Lags:
        words = ["a", "b", "c"] * 3
        async with serve({"/answer": typing_handler(words, 0.06)}) as server:
            return lags(await record(server.url, 5, events=9))

    seen = asyncio.run(main())
    assert len(seen.bursts) >= 8 and not is_held(seen)


def test_nothing_arrives_from_a_server_that_says_nothing() -> None:
    assert asyncio.run(arrivals(Ticks(count=0))) == Lags((), ())
