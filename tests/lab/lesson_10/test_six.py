from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.lab.engines import Trust, chromium_command, firefox_command
from labkit.lab.lesson_10 import TheSix, speaking, the_six
from labkit.proxy import Nginx, nginx

#: What was recorded: the server, streams, tabs, whether in Firefox; how many were open in each tab, and beside a page.
RECORDED = [
    ("HTTP/1.1", 8, 1, False, (6,), False),
    ("HTTP/1.1", 4, 2, False, (4, 2), False),
    ("HTTP/2", 8, 1, False, (8,), True),
    ("HTTP/2", 4, 2, False, (4, 4), True),
    ("HTTP/2", 110, 1, False, (100,), False),
    ("HTTP/3", 8, 1, False, (8,), True),
    ("HTTP/3", 140, 1, False, (128,), False),
    ("HTTP/2 at nginx", 140, 1, False, (128,), False),
    ("HTTP/1.1", 8, 1, True, (6,), False),
    ("HTTP/1.1", 4, 2, True, (4, 2), False),
    ("HTTP/2", 8, 1, True, (8,), True),
    ("HTTP/3", 8, 1, True, (8,), True),
    ("HTTP/2", 110, 1, True, (105,), False),
    ("HTTP/2 at nginx", 140, 1, True, (132,), False),
    ("HTTP/2", 4, 2, True, (4, 4), True),
    ("HTTP/3", 140, 1, True, (128,), False),
    ("HTTP/3", 4, 2, True, (4, 4), True),
    ("HTTP/3", 4, 2, False, (4, 4), True),
]


@pytest.mark.parametrize("protocol, streams, tabs, firefox, opened, page_came", RECORDED)
def test_without_a_browser_there_is_a_recording(
    protocol: str,
    streams: int,
    tabs: int,
    firefox: bool,
    opened: tuple[int, ...],
    page_came: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LABKIT_BROWSER", "none")
    told = asyncio.run(the_six(protocol, streams, tabs, firefox))
    assert (told.opened, told.page_came) == (opened, page_came)
    assert told.browser == ("Firefox 153" if firefox else "Chromium 156")
    assert told.row()["seen"] == told.recorded_on != "now"


def test_without_the_server_there_is_a_recording_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.lab.lesson_10.protocols.PACKAGES", ("trustme", "no_such_package", "nor_this"))
    monkeypatch.setattr("labkit.lab.lesson_10.six.find_browser", lambda: "/a/browser")
    assert asyncio.run(the_six("HTTP/2")).recorded_on is not None

    async def serve_it() -> None:
        async with speaking("HTTP/2"):
            pass

    with pytest.raises(LabError, match=r'nothing here speaks HTTP/2. It takes hypercorn: pip install "hypercorn'):
        asyncio.run(serve_it())


def seen(firefox: bool, protocol: str, tabs: int) -> TheSix:
    return asyncio.run(the_six(protocol, 8 // tabs, tabs, firefox))


@pytest.mark.live
@pytest.mark.browser
def test_two_tabs_share_the_six_in_a_real_chromium(tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Six seconds: a stall is told by time alone. It is the claim itself, and proves the second tab."""
    monkeypatch.setenv("LABKIT_BROWSER", tool("chromium"))
    told = seen(False, "HTTP/1.1", tabs=2)
    assert (told.total, told.page_came, told.recorded_on) == (6, False, None)


@pytest.mark.live
@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
@pytest.mark.parametrize("protocol, spoke", [("HTTP/2", "h2"), ("HTTP/3", "h3")])
def test_newer_versions_carry_eight_and_a_page(
    engine: str, protocol: str, spoke: str, tool: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "chromium":
        monkeypatch.setenv("LABKIT_BROWSER", tool(engine))
    else:
        tool(engine)
    told = seen(engine == "firefox", protocol, tabs=1)
    assert (told.total, told.page_came, told.spoke, told.recorded_on) == (8, True, spoke, None)


def test_a_browser_is_told_whom_to_trust(tool: Callable[[str], str], tmp_path: Path) -> None:
    with nginx("http://127.0.0.1:1", Nginx(tls=True), program=tool("nginx")) as front:
        assert front.certificate is not None
        trust = Trust("https://127.0.0.1:8443", front.certificate)
        (listed,) = (flag for flag in chromium_command("c", "p", "u", trust) if "spki-list=" in flag)
        assert len(listed.partition("=")[2]) == 44  # a SHA-256 in base64
        assert "--disable-quic" in chromium_command("c", "p", "u") and "--disable-quic" in chromium_command(
            "c", "p", "u", trust
        )
        quick = Trust(trust.url, trust.certificate, over_quic=True)
        assert "--origin-to-force-quic-on=127.0.0.1:8443" in chromium_command("c", "p", "u", quick)
        firefox_command("f", str(tmp_path), "u", quick)
    override = (tmp_path / "cert_override.txt").read_text("ascii").split("\t")
    assert override[0] == "127.0.0.1:8443:" and override[2].count(":") == 31
    assert 'testing", "127.0.0.1;h3=:8443");' in (tmp_path / "user.js").read_text("utf-8")
    (tmp_path / "none.pem").write_text("nothing", "ascii")
    with pytest.raises(LabError, match=r"none\.pem has no certificate"):
        firefox_command("f", str(tmp_path), "u", Trust("https://127.0.0.1:1", tmp_path / "none.pem"))
