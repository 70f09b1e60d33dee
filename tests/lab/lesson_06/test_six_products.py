"""The same stream behind six products: which hold it, what is missing, and what is said of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.lab.lesson_06 import SixProducts, how_much_longer, six_products
from labkit.lab.lesson_06.six_products import TICKS
from labkit.recording import Lags, Repeated

SENT = tuple(0.1 * n for n in range(20))
LIVE = Lags(SENT, tuple(at + 0.001 for at in SENT))
LUMP = Lags(SENT, (2.0,) * 20)
NAMES = ("nginx", "HAProxy", "Apache", "Caddy", "Varnish", "Envoy")


@pytest.mark.live
def test_two_of_six_hold_as_they_come_and_one_more_when_it_compresses(tool: Callable[[str], str]) -> None:
    """Some four seconds: fifteen real proxies start. No other test has them all at once, as the lesson does."""
    for name in NAMES:
        tool(name.lower())
    seen = asyncio.run(six_products(replace(TICKS, count=16)))
    assert seen.missing == {} and len(seen.runs["as it comes"]) == len(seen.runs["compressing"]) == 6
    assert all(len(run.at_s) == 16 for runs in seen.runs.values() for run in runs.values())
    versions = {name: tuple(map(int, number.split("."))) for name, number in map(str.split, seen.runs["as it comes"])}
    old_nginx, old_caddy = versions["nginx"] < (1, 29, 7), versions["Caddy"] < (2, 9)
    assert seen.held("as it comes") == [*["nginx"] * old_nginx, "HAProxy"]
    assert seen.held("compressing") == ["nginx", "HAProxy", *["Caddy"] * old_caddy, "Varnish"]
    assert seen.held("one line changed") == []
    assert [name.split()[0] for name in seen.lines] == seen.held("compressing")


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(f"LABKIT_{name.upper()}", "none")
    seen = asyncio.run(six_products())
    assert list(seen.missing) == list(NAMES) and all("install" in advice for advice in seen.missing.values())
    assert seen.finding == "None of the six products is on this machine" and seen.held("as it comes") == []
    assert repr(seen).splitlines()[4] == f"Varnish         is missing: {seen.missing['Varnish']}"


@pytest.mark.live
def test_what_is_here_and_does_not_run_is_missing_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.setenv(f"LABKIT_{name.upper()}", "none")
    broken = tmp_path / "varnishd"
    broken.write_text("#!/bin/sh\necho varnish-9.9 no compiler >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("LABKIT_VARNISH", str(broken))
    monkeypatch.setenv("LABKIT_APACHE", sys.executable)
    seen = asyncio.run(six_products(replace(TICKS, count=2)))
    assert "Varnish 9.9 did not start. It says: varnish-9.9 no compiler" in seen.missing["Varnish"]
    assert "is not Apache" in seen.missing["Apache"] and seen.runs["as it comes"] == {}


def test_what_was_found_is_counted_and_told() -> None:
    runs = {
        "as it comes": {"nginx 1.22.1": LUMP, "Apache 2.4": LIVE},
        "compressing": {"nginx 1.22.1": LUMP, "Apache 2.4": LUMP},
        "one line changed": {"nginx 1.22.1": LIVE},
    }
    seen = SixProducts(runs, {"nginx 1.22.1": "proxy_buffering off;"}, {})
    assert seen.finding == ("Of 2 products, 1 hold events back as they come, 2 compressing, none with one line changed")
    assert (
        repr(seen).splitlines()[0]
        == "nginx 1.22.1    as it comes: held   compressing: held   proxy_buffering off; live"
    )
    free = SixProducts({**runs, "as it comes": {"Apache 2.4": LIVE}, "one line changed": {}}, {}, {})
    assert free.finding == "Of 1 product, none hold events back as they come, 2 compressing"


def test_how_much_longer_is_said_only_where_both_sides_are_steady() -> None:
    steady = {64: Repeated((0.62, 0.64, 0.66)), 2048: Repeated((0.020, 0.021, 0.022))}
    assert how_much_longer(steady) == "Events 32 times smaller wait 30 times longer"
    for doubtful in ({64: Repeated((0.3, 0.64, 0.9))}, {2048: Repeated((0.020, 0.021, 0.038))}):
        assert how_much_longer({**steady, **doubtful}).endswith("too busy to tell by how much")
