"""Which pages may command a server: those that LABKIT_ORIGINS names may, and nobody beside them."""

from __future__ import annotations

import httpx
import pytest

from labkit.llm import Studio, model_routes
from labkit.server import launch
from labkit.server.origins import is_own_page
from labkit.system.hosts import ORIGINS_VARIABLE, is_own_host

HUB = "https://hub.example.org"


@pytest.mark.parametrize(
    ("named", "own", "foreign"),
    [
        ("", [], [HUB]),
        (HUB, [HUB], ["https://hub.example.org.evil.example", "http://hub.example.org", "null", ""]),
        (" HTTPS://Hub.example.org/ , http://box:8888,", [HUB, "http://box:8888"], ["http://box", "http://box:8889"]),
        ("*", [], [HUB, "https://evil.example"]),
        ("hub.example.org", [], [HUB]),  # no origin: it lacks its scheme
    ],
)
def test_only_named_origins_are_own(
    monkeypatch: pytest.MonkeyPatch, named: str, own: list[str], foreign: list[str]
) -> None:
    monkeypatch.setenv(ORIGINS_VARIABLE, named)
    assert [origin for origin in own if not is_own_page(origin, "127.0.0.1:1")] == []
    assert [origin for origin in foreign if is_own_page(origin, "127.0.0.1:1")] == []


def test_the_host_of_a_named_origin_is_a_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_own_host("hub.example.org")
    monkeypatch.setenv(ORIGINS_VARIABLE, f"{HUB}:8443, http://box")
    assert is_own_host("hub.example.org:8443") and is_own_host("BOX:80")
    assert not is_own_host("evil.example") and not is_own_host("")


@pytest.mark.live
def test_a_refusal_says_how_to_name_a_page_and_a_named_one_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"model": "toy", "messages": [{"role": "user", "content": "hello"}]}
    with launch(model_routes(Studio(words=3)), "origins") as server:

        def ask() -> httpx.Response:
            url = f"{server.url}/v1/chat/completions"
            return httpx.post(url, json=question, headers={"Origin": HUB}, trust_env=False)

        refused = ask()
        assert refused.status_code == 403 and "LABKIT_ORIGINS" in refused.text
        monkeypatch.setenv(ORIGINS_VARIABLE, HUB)
        assert ask().status_code == 200
