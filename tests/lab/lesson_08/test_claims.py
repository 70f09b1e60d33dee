"""Each verdict of lesson 08 turns when somebody measures the opposite; results doubt themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit.bench import BreakEven, Costs, Outage, Result, Wire, load
from labkit.errors import LabError
from labkit.lab.lesson_08.claims import (
    c35_polling_costs,
    c36_long_polling_is_slow,
    c37_smaller_overhead,
    c38_lower_latency,
    c39_needs_a_handshake,
    c40_written_by_hand,
    c41_costs,
    c42_threads_fall_early,
    c43_rare_is_fine,
    c44_post_beside_sse,
)
from labkit.lab.lesson_08.decide import TOLD, Advice, Need, Reason, decide, rules
from labkit.lab.lesson_08.four_pages import page_lines
from labkit.lab.verdict import Verdict

QUIET = [[0.1, 0.12, 0.11]] * 5


def measured(unit: str = "ms", **medians: float) -> Result:
    """A result with samples close to these medians; names are written with _ for a space."""
    rounds = {name.replace("_", " "): [[at * 0.99, at, at * 1.01]] * 5 for name, at in medians.items()}
    return Result("?", unit, {"null": QUIET, **rounds})


def bare(sse: float, socket: float) -> Result:
    both = {"SSE, data alone": sse, "WebSocket, data alone": socket}
    return Result("?", "ms", {"null": QUIET, **{name: [[at * 0.99, at, at * 1.01]] * 5 for name, at in both.items()}})


def test_a_result_tells_medians_with_intervals_and_what_is_missing() -> None:
    result = Result(
        "How late?", "ms", {"null": QUIET, "SSE": [[1.0, 2.0], [3.0]], "gone": [[], []]}, missing={"gone": "it died"}
    )
    assert result.median("SSE") == 2.0 and result.subjects == ["null", "SSE"]
    low, high = result.interval("SSE")
    assert low <= 2.0 <= high
    told = repr(result)
    assert (
        told.startswith("How late?\n")
        and "SSE: 2 ms (" in told
        and "n = 3" in told
        and "gone: nothing, it died" in told
    )
    with pytest.raises(LabError, match="gone has no samples: it died"):
        result.median("gone")


def test_two_are_compared_by_rounds_and_noise_is_no_winner() -> None:
    result = Result("?", "ms", {"null": QUIET, "a": [[1.0], [1.1], [0.9]] * 3, "b": [[2.0], [2.1], [1.9]] * 3})
    assert result.lower("a", "b") is True and result.lower("b", "a") is False
    mixed = Result("?", "ms", {"null": QUIET, "a": [[1.0], [3.0]] * 3, "b": [[3.0], [1.0]] * 3})
    assert mixed.lower("a", "b") is None
    a = [[1.0], [2.0], [3.0], [4.0], [5.0]]
    paired = Result("?", "ms", {"a": a, "b": [[one + 1] for (one,) in a]})
    assert paired.lower("a", "b") is True  # of the same rounds, whatever lies between them
    holes = Result("?", "ms", {"a": [[], *a[1:]], "b": [*paired.rounds["b"][:4], []]})
    assert holes.lower("a", "b") is True
    assert Result("?", "ms", {"a": [[1.0]], "b": [[9.0]]}).lower("a", "b") is None  # one round proves nothing
    close = Result("?", "ms", {"null": QUIET, "a": [[1.0]] * 5, "b": [[1.05]] * 5})
    assert close.lower("a", "b") is None and close.resolution == pytest.approx(0.11)  # less than the measuring costs
    busy = replace(result, rounds={**result.rounds, "null": [[0.1, 9.0, 8.0]] * 5})
    assert busy.noisy and busy.lower("a", "b") is None and "too noisy" in repr(busy)


def test_results_are_saved_and_loaded(tmp_path: Path) -> None:
    result = measured(SSE=1.0)
    result.save(tmp_path / "mine.json")
    assert load(tmp_path / "mine.json") == result
    (tmp_path / "bad.json").write_text(json.dumps({"x": 1}))
    for name in ("bad.json", "nowhere.json"):
        with pytest.raises(LabError, match="holds no saved result"):
            load(tmp_path / name)


def test_c35() -> None:
    rare = Wire(64, 900.0, 900.0, 1600.0, 300, 4.0)
    assert c35_polling_costs(measured(polling=50.0), rare, 0.1).holds
    assert not c35_polling_costs(measured(polling=2.0), rare, 0.1).holds
    assert not c35_polling_costs(measured(polling=50.0), replace(rare, requests=0.5), 0.1).holds


def test_c36() -> None:
    assert not c36_long_polling_is_slow({10: measured(long_polling=1.0), 500: measured(long_polling=2.0)}).holds
    assert c36_long_polling_is_slow({10: measured(long_polling=1.0), 500: measured(long_polling=300.0)}).holds


def test_c37() -> None:
    def costs(sse: float, socket: float) -> dict[str, Wire]:
        made = {"SSE": 30.0, "WebSocket": 54.0, "SSE, data alone": sse, "WebSocket, data alone": socket}
        return {name: Wire(64, 0.0, 64 + more, 0.0, 400, 0.0) for name, more in made.items()}

    verdict = c37_smaller_overhead(costs(14, 2))
    assert (
        verdict.holds
        and verdict.because == "data alone: SSE +14 bytes, WebSocket +2; with id and type: SSE +30, WebSocket +54"
    )
    assert not c37_smaller_overhead(costs(14, 20)).holds


def test_c38() -> None:
    assert c38_lower_latency(bare(0.5, 0.2)).holds
    assert not c38_lower_latency(bare(0.2, 0.5)).holds and not c38_lower_latency(bare(0.3, 0.3)).holds
    busy = bare(0.5, 0.2)
    assert c38_lower_latency(replace(busy, rounds={**busy.rounds, "null": [[9.0]] * 5})).holds is None


def test_c39() -> None:
    assert c39_needs_a_handshake(measured("round trips", SSE=1.0, WebSocket=2.0)).holds
    assert not c39_needs_a_handshake(measured("round trips", SSE=1.0, WebSocket=1.0)).holds


def test_c40() -> None:
    fine = Outage(40, 0, 0, 205.0, 2)
    assert c40_written_by_hand({"SSE": fine, "WebSocket": fine}, page_lines()).holds
    assert not c40_written_by_hand({"SSE": fine, "WebSocket": replace(fine, lost=3)}, page_lines()).holds
    assert not c40_written_by_hand({"SSE": replace(fine, recovered_ms=None)}, page_lines()).holds
    assert not c40_written_by_hand({"SSE": fine}, {"SSE": 20, "WebSocket": 11}).holds
    assert not c40_written_by_hand({}, page_lines()).holds


def costs(sse: list[float], socket: list[float], thread: list[float]) -> Costs:
    by_name = {"SSE": sse, "WebSocket": socket, "SSE, a thread each": thread}
    memory = Result("memory?", "KiB", {name: [[kib] for kib in rounds] for name, rounds in by_name.items()})
    others = {name: [[1.0]] * 3 for name in by_name}
    return Costs(memory, *(Result("?", "", others) for _ in range(3)))


def test_c41_and_c42() -> None:
    usual = costs([2.0, 2.4, 2.2], [15.0, 17.0, 16.0], [25.0, 26.0, 27.0])
    assert c41_costs(usual).holds and c42_threads_fall_early(usual).holds
    turned = costs([30.0, 31.0, 32.0], [15.0, 17.0, 16.0], [25.0, 26.0, 27.0])
    assert c41_costs(turned).holds is False and c42_threads_fall_early(turned).holds is False
    apart = costs([14.0, 18.0, 16.0], [15.0, 17.0, 16.0], [14.0, 26.0, 15.0])
    assert c41_costs(apart).holds is None and c42_threads_fall_early(apart).holds is None
    untold = costs([0.0] * 3, [0.0] * 3, [0.0] * 3)
    assert c41_costs(untold).holds is None and "does not tell" in c42_threads_fall_early(untold).because
    small = costs([0.0, 0.0, 0.5], [15.0, 16.0, 17.0], [25.0, 26.0, 27.0])
    assert c41_costs(small).holds is None and "the memory of SSE is too small" in c42_threads_fall_early(small).because


def test_c43() -> None:
    even = BreakEven(300.0, 18, 15.0)
    assert even.stream_bytes_per_hour == 4320.0 and even.with_packets(40) == 15 * 380 / 58
    assert even.interval_s == 250.0 and c43_rare_is_fine(even).holds
    assert not c43_rare_is_fine(BreakEven(300.0, 18, 900.0)).holds


def test_c44() -> None:
    assert c44_post_beside_sse(Result("?", "ms", {"SSE and POST": [[1.3]], "WebSocket": [[0.4]]})).holds
    assert not c44_post_beside_sse(Result("?", "ms", {"SSE and POST": [[300.0]], "WebSocket": [[0.4]]})).holds


@pytest.mark.parametrize(
    ("needs", "choice"),
    [
        ({}, "SSE"),  # a page that is told of new orders, now and then
        ({"down_per_s": 0.001}, "SSE"),  # seldom, and yet at once
        ({"up_per_s": 0.1, "posts": True}, "SSE"),  # tokens of a model: one question, a long answer
        ({"up_per_s": 20.0}, "WebSocket"),  # a game, a shared whiteboard
        ({"late_s": 600.0}, "polling"),  # a status page
        ({"payload": "binary"}, "WebSocket"),  # sound
        ({"clients": "old"}, "long polling"),
        ({"network": "hostile"}, "long polling"),
        ({"payload": "binary", "late_s": 600.0}, "WebSocket"),
    ],
)
def test_decide_says_what_practice_says(needs: dict[str, Any], choice: str) -> None:
    assert decide(**needs).choose == decide(Need(**needs)).choose == choice


@pytest.mark.parametrize(
    ("needs", "claims"),
    [
        ({}, ["C40"]),
        ({"network": "proxied"}, ["C40", "C27"]),
        ({"down_per_s": 0.01}, ["C40", "C29"]),
        ({"down_per_s": 0.1}, ["C40"]),
        ({"posts": True}, ["C24"]),
        ({"posts": True, "network": "proxied"}, ["C24", "C27"]),
        ({"posts": True, "clients": "programs"}, ["C40"]),  # httpx sends any method
        ({"own_headers": True}, ["C40", "C21"]),
        ({"up_per_s": 9.0, "network": "proxied"}, ["C44", "C40", "C31"]),
        ({"up_per_s": 9.0, "own_headers": True}, ["C44", "C40", "C23"]),
        ({"clients": "old"}, ["C36", "C37"]),
        ({"clients": "old", "down_per_s": 0.1}, ["C36"]),
        ({"late_s": 600.0}, ["C43", "C35"]),
    ],
)
def test_decide_says_what_to_mind(needs: dict[str, Any], claims: list[str]) -> None:
    assert [reason.shown_by for reason in decide(**needs).reasons] == claims


def test_a_reason_shows_what_was_measured_and_whether_it_supports_it() -> None:
    slow, quick = Verdict("C36", True, "300 ms"), Verdict("C36", False, "1 ms")
    supported, _ = decide(clients="old", measured=[quick]).reasons
    assert supported.stands is True and repr(supported).endswith("alone. (C36 not true here: 1 ms)")
    refuted, _ = decide(clients="old", measured=[slow]).reasons
    assert refuted.stands is False and repr(refuted).endswith("(but here it was otherwise: C36 true: 300 ms)")
    unsure, _ = decide(clients="old", measured=[replace(slow, holds=None)]).reasons
    assert unsure.stands is None and "(but C36 cannot be told here" in repr(unsure)
    assert decide(clients="old", measured=[Verdict("C40", True, "")]).reasons[0].measured is None


def test_every_rule_names_a_settled_claim_of_the_ledger_and_the_last_one_has_no_condition() -> None:
    ledger = (Path(__file__).parents[3] / "docs/claims.md").read_text("utf-8").splitlines()
    settled = {line.split(" | ")[0].strip("| ") for line in ledger if line.startswith("| C") and "| due |" not in line}
    assert {one["shown_by"] for kind in ("rule", "mind") for one in rules(kind)} <= settled  # type: ignore[arg-type]
    conditions = [set(one) - set(TOLD) for one in rules("rule")]
    assert conditions[-1] == set() and all(conditions[:-1])
    told = repr(Advice("SSE", (Reason("Because.", "C40"), Reason("Beware.", "C27"))))
    assert told == "SSE. Because. (C40)\n  Mind: Beware. (C27)"


@pytest.mark.parametrize(
    "needs",
    [
        {"payload": "films"},
        {"up_per_s": -1},
        {"late_s": float("nan")},
        {"speed": 9},
        {"posts": 1},
        {"clients": "modern"},
    ],
)
def test_needs_that_are_none_are_told(needs: dict[str, Any]) -> None:
    with pytest.raises(LabError):
        decide(**needs)
