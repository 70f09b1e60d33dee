from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from labkit.capacity import MachineLimits, measured
from labkit.command import capacity
from labkit.command.cli import main


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "read_limits", lambda: MachineLimits(1024, 4096, 128, (32768, 60999), None, 2**33, 2))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["capacity", *arguments])
    return result.exit_code, result.output


@pytest.mark.usefixtures("narrow")
def test_it_says_what_is_needed_and_the_line_for_each_limit_that_is_met() -> None:
    code, text = run("--clients", "60000", "--rate", "2", "--nodes", "2")
    assert code == 1
    assert "60,000 clients, 30,000 on each of 2 nodes" in text
    assert "30,060" in text
    for line in ("ulimit -n 34000", "sysctl -w net.core.somaxconn=4096", 'ip_local_port_range="1024 65535"'):
        assert line in text
    assert measured().date in text and "What is left out: TLS" in text


@pytest.mark.usefixtures("narrow")
def test_what_fits_ends_with_0() -> None:
    code, text = run("--clients", "100", "--rate", "1")
    assert code == 0 and "TOO LITTLE" not in text


@pytest.mark.usefixtures("narrow")
def test_as_json() -> None:
    code, text = run("--clients", "5000", "--rate", "1", "--no-proxy", "--json")
    told = json.loads(text)
    assert code == 1 and told["needs"]["clients"] == 5000
    assert next(one["limit"] for one in told["limits"] if one["line"]).startswith("open files")
    assert told["measured"]["machine"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--clients", "0", "--rate", "1"), "clients=0: it must be from 1"),
        (("--clients", "10", "--rate", "nan"), "events_per_s=nan"),
        (("--clients", "10", "--rate", "1", "--nodes", "11"), "some would have none"),
        (("--clients", "10", "--rate", "1", "--bytes", "-1"), "event_bytes=-1"),
    ],
)
def test_nonsense_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    code, text = run(*arguments)
    assert code == 2 and said in text and len(text.splitlines()) == 1
