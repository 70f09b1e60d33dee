from __future__ import annotations

from pathlib import Path

import pytest

from labkit.capacity import MachineLimits, Measured, advise, read_limits, reckon

COST = Measured("m", "2026-11-28", 1_000_000, 2000, 3000, 400, {10_000: 5.0})
WIDE = MachineLimits(10**6, 10**6, 4096, (1024, 65535), 10**6, 2**34, 2)


def test_a_wide_machine_has_nothing_to_set_but_the_proxy() -> None:
    found = advise(reckon(30_000, 1, constants=COST), WIDE)
    assert [one.limit for one in found if one.line] == ["open files of the proxy"]
    assert not any(one.line for one in advise(reckon(30_000, 1, constants=COST), WIDE, behind_proxy=False))


@pytest.mark.parametrize(
    ("limit", "narrow", "line"),
    [
        ("open", MachineLimits(open_files=1024, open_files_hard=2048), "ulimit -n 34000"),
        ("net.core.somaxconn", MachineLimits(somaxconn=128), "sysctl -w net.core.somaxconn=4096"),
        ("net.netfilter.nf_conntrack_max", MachineLimits(conntrack=8192), "net.netfilter.nf_conntrack_max=66000"),
        ("net.ipv4.ip_local_port_range", MachineLimits(ports=(32768, 60999)), 'ip_local_port_range="1024 65535"'),
        ("memory", MachineLimits(memory_bytes=2**27), "more nodes"),
    ],
)
def test_each_limit_that_is_met_has_its_line(limit: str, narrow: MachineLimits, line: str) -> None:
    found = {one.limit: one for one in advise(reckon(30_000, 1, constants=COST), narrow)}
    (met,) = [
        one
        for name, one in found.items()
        if name.startswith(limit) and "proxy (" not in name and name != "open files of the proxy"
    ]
    assert line in met.line
    assert met.has and met.why


def test_what_the_machine_does_not_say_asks_for_nothing() -> None:
    silent = advise(reckon(1_000_000, 0, constants=COST), MachineLimits(), behind_proxy=False)
    assert not any(one.line for one in silent)


def test_a_hard_limit_is_told() -> None:
    met = advise(reckon(30_000, 1, constants=COST), MachineLimits(open_files=1024, open_files_hard=20_000))[0]
    assert "may go up to 20,000" in met.line


def test_one_pair_of_addresses_has_no_more_ports() -> None:
    met = advise(reckon(100_000, 1, constants=COST), MachineLimits(ports=(1024, 65535)))[-1]
    assert "2 addresses or ports for each node" in met.line


def test_a_loop_that_is_too_busy_wants_nodes() -> None:
    met = next(one for one in advise(reckon(30_000, 100, constants=COST), WIDE) if one.limit == "processor of a node")
    assert met.line == "22 nodes instead of 1"


def test_limits_are_read_where_linux_has_them(tmp_path: Path) -> None:
    for name, text in {
        "sys/net/core/somaxconn": "4096\n", "sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "sys/net/netfilter/nf_conntrack_max": "262144\n", "meminfo": "MemTotal: 9 kB\nMemAvailable:    2048 kB\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = read_limits(tmp_path)
    assert (found.somaxconn, found.ports, found.conntrack) == (4096, (32768, 60999), 262144)
    assert found.memory_bytes == 2 * 1024 * 1024
    nothing = read_limits(tmp_path / "nowhere")
    assert (nothing.somaxconn, nothing.ports, nothing.conntrack, nothing.memory_bytes) == (None,) * 4
