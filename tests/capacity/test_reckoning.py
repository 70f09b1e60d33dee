from __future__ import annotations

import math
from typing import Any

import pytest

from labkit.capacity import Measured, measured, reckon
from labkit.errors import LabError

ROUND = Measured(
    machine="m", date="2026-11-28", base_bytes=1_000_000, process_bytes=2000, kernel_bytes=3000, connect_us=400,
    event_us={1000: 4.0, 10_000: 5.0},
)  # fmt: skip


def test_each_figure_comes_from_its_constant() -> None:
    need = reckon(10_000, 2, event_bytes=100, constants=ROUND)
    assert need.process_bytes == 1_000_000 + 10_000 * 2000
    assert need.kernel_bytes == 10_000 * 3000
    assert need.descriptors == 10_060
    assert need.processors == pytest.approx(10_000 * 2 * 5e-6)
    assert need.last_reader_s == pytest.approx(0.05)
    assert need.return_s == pytest.approx(4.0)
    assert need.bytes_per_s == 10_000 * 2 * (100 + 40 + 66)
    assert need.stalled_bytes == (64 + 256) * 1024
    assert need.nodes_needed == 1


def test_silence_costs_heartbeats() -> None:
    assert reckon(30_000, 0, constants=ROUND).processors == pytest.approx(30_000 / 15 * 5e-6)


def test_nodes_share_the_clients_and_the_last_one_is_not_forgotten() -> None:
    assert reckon(10, 1, nodes=3, constants=ROUND).clients == 4
    assert reckon(10_000, 1, nodes=10, constants=ROUND).processors == pytest.approx(1000 * 4e-6)


def test_the_cost_of_an_event_is_that_of_the_next_larger_crowd() -> None:
    assert [ROUND.event_us_with(count) for count in (1, 1000, 1001, 10_000, 99_999)] == [4, 4, 5, 5, 5]


def test_a_large_event_has_more_headers_and_may_wait_whole() -> None:
    need = reckon(1, 1, event_bytes=1_000_000, constants=ROUND)
    assert need.bytes_per_s == 1_000_040 + 66 * math.ceil(1_000_040 / 1448)
    assert need.stalled_bytes > 1_000_000


def test_more_events_than_one_loop_can_write_need_more_nodes() -> None:
    assert reckon(10_000, 100, constants=ROUND).nodes_needed == math.ceil(5 / 0.7)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"clients": 0}, "clients=0"), ({"clients": 10**10}, "clients=10000000000"), ({"clients": 1.5}, "whole"),
        ({"events_per_s": -1}, "events_per_s=-1"), ({"events_per_s": math.nan}, "nan"),
        ({"events_per_s": math.inf}, "inf"), ({"event_bytes": -5}, "event_bytes=-5"), ({"nodes": 0}, "nodes=0"),
        ({"clients": 2, "nodes": 3}, "some would have none"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(LabError, match=said):
        reckon(**{"clients": 100, "events_per_s": 1.0, **wrong})


def test_what_was_measured_is_of_this_world() -> None:
    cost = measured()
    assert cost.machine and cost.date >= "2026-11-28"
    assert 500 < cost.process_bytes < 50_000
    assert 1000 < cost.kernel_bytes < 50_000
    assert all(0.5 < us < 100 for us in cost.event_us.values())
    assert 10_000 in cost.event_us
