"""`labkit room-check` on broken machines: each trouble by injection, each with what to do, and none hides another."""

from __future__ import annotations

import json
import socket
import ssl
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.command import browsers, installation, machine, network, room_check, trial_lesson
from labkit.command.cli import main
from labkit.command.findings import RoomFinding, report_lines
from labkit.command.installation import InstallationCheck
from labkit.command.lessons import Place
from labkit.command.network import SiteAnswer

NOW_S = 1_795_856_400.0  # 2026-11-28


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["room-check", *arguments])


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which all is in order, and nothing slow is done."""
    monkeypatch.setattr(room_check, "inspect", lambda place: [InstallationCheck(True, "Python 3.11.7")])
    monkeypatch.setattr(machine, "_is_free", lambda port: True)
    monkeypatch.setattr(network.urllib.request, "getproxies", dict)
    monkeypatch.setattr(network, "ask_site", lambda host: SiteAnswer("DigiCert Inc", None))
    monkeypatch.setattr(browsers, "find_browser", lambda: None)
    monkeypatch.setattr(browsers, "find_firefox", lambda: None)
    monkeypatch.setattr(browsers, "check_browsers", lambda: [RoomFinding("ok", "a browser")])
    monkeypatch.setattr(trial_lesson, "check_lesson", lambda place, say: RoomFinding("ok", "lesson 00 runs, in 20 s"))
    return monkeypatch


def test_a_machine_in_order_gets_one_line(in_order: pytest.MonkeyPatch) -> None:
    done = run()
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1), done.output
    assert done.stdout.startswith("✓ ready for the room: ")


def test_a_wrong_python_is_said_alone(in_order: pytest.MonkeyPatch) -> None:
    in_order.setattr(room_check, "inspect", lambda place: [installation.check_python((3, 9, 2))])
    done = run()
    assert done.exit_code == 1
    assert "✗ Python 3.9.2 is older than 3.11\n  → install labkit on Python 3.11 or newer" in done.stdout
    assert "1 of 1 checks found something to mend" in done.stdout


def test_a_full_disk_and_a_taken_port_are_both_said(in_order: pytest.MonkeyPatch) -> None:
    in_order.setattr(machine.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 7 * 2**20}))
    in_order.setattr(machine, "_is_free", lambda port: port != 8080)
    done = run("--verbose")
    assert done.exit_code == 1
    assert "✗ 7 MiB are free for " in done.stdout and "→ make room there" in done.stdout
    assert "! port 8080" in done.stdout and "→ labkit serve --port 8081" in done.stdout
    assert "✓ port 8888 is free" in done.stdout
    assert json.loads(run("--json").stdout)[0] == {"state": "ok", "description": "Python 3.11.7", "advice": ""}


def test_a_port_that_somebody_has_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not machine._is_free(port)
    assert machine._is_free(port)


def test_a_note_is_no_trouble(in_order: pytest.MonkeyPatch) -> None:
    in_order.setattr(machine, "_is_free", lambda port: False)
    done = run()
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].endswith("2 to know about")


def test_a_check_that_fails_itself_hides_no_other(in_order: pytest.MonkeyPatch) -> None:
    in_order.setattr(machine, "check_memory", lambda free: 1 / 0)
    done = run("-v")
    assert done.exit_code == 1
    assert "memory: this cannot be checked here (ZeroDivisionError" in done.stdout
    assert "lesson 00 runs" in done.stdout


def test_what_a_browser_says_cannot_drive_the_terminal(in_order: pytest.MonkeyPatch) -> None:
    in_order.setattr(browsers, "check_browsers", lambda: [RoomFinding("trouble", "bad \x1b[2J [b]one", "mend")])
    assert "✗ bad \\x1b[2J [b]one" in run().stdout


@pytest.mark.parametrize("free_bytes, state", [(None, "ok"), (2**29, "trouble"), (2**32, "ok")])
def test_memory(free_bytes: int | None, state: str) -> None:
    assert machine.check_memory(free_bytes).state == state


def test_a_disk_that_cannot_be_asked_is_a_note(tmp_path: Path) -> None:
    def refuse(folder: Path) -> int:
        raise OSError(5, "Input/output error")

    assert {found.state for found in machine.check_disk([tmp_path / "not" / "yet"], refuse)} == {"note"}


def test_a_guard_that_forbids_the_way_to_oneself() -> None:
    def forbid(place: tuple[str, int]) -> None:
        if place[0] == "localhost":
            raise PermissionError(1, "Operation not permitted")

    found = machine.check_loopback(forbid)
    assert found.state == "trouble" and "cannot be reached at localhost (Operation not permitted)" in found.description
    assert machine.check_loopback().state == "ok"


def test_widgets_without_their_scripts(tmp_path: Path) -> None:
    (tmp_path / "anywidget").mkdir()
    (tmp_path / "anywidget" / "package.json").write_text('{"version": "0.11.0"}')
    manager, own = machine.check_frontend([tmp_path / "none", tmp_path])
    assert (manager.state, own.state) == ("trouble", "ok") and "jupyterlab_widgets" in manager.advice
    (tmp_path / "anywidget" / "package.json").write_text("[")
    assert [found.state for found in machine.check_frontend([tmp_path])] == ["trouble", "trouble"]


def test_a_proxy_for_this_machine_too_is_a_trouble_and_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", ".corp.example\x1b")
    proxies = {"http": "http://me:sesame@proxy.corp.example:3128", "no": "x", "ftp": "ftp://x"}
    (found,) = network.check_proxies(proxies, lambda host: host == "127.0.0.1")
    assert found.state == "trouble" and "sesame" not in found.description and "for localhost too" in found.description
    assert found.advice == "set NO_PROXY=.corp.example,localhost"
    (found,) = network.check_proxies(proxies, lambda host: True)
    assert found.state == "ok" and "not for this machine's own servers" in found.description


def test_the_environment_s_proxy_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.corp.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    (found,) = network.check_proxies()
    assert found.state == "trouble" and found.advice == "set NO_PROXY=localhost,127.0.0.1"


def site(problem: Exception | None = None, issuer: str = "", time_s: float | None = None) -> list[RoomFinding]:
    def ask(host: str) -> SiteAnswer:
        if problem is not None:
            raise problem
        return SiteAnswer(issuer, time_s)

    return list(network.check_site(ask, NOW_S))


def test_certificates_of_a_company_are_noticed() -> None:
    opened = ssl.SSLCertVerificationError(1, "certificate verify failed")
    opened.verify_message = "self-signed certificate in certificate chain"
    (found,) = site(opened)
    assert found.state == "trouble" and "self-signed" in found.description and "SSL_CERT_FILE" in found.advice
    (found,) = site(issuer="Corp Proxy CA \x1b")
    assert found.state == "note" and "\\x1b" in found.description
    (found,) = site(issuer="Let's Encrypt")
    assert found.state == "ok"


def test_without_a_network_nothing_is_wrong() -> None:
    (found,) = site(TimeoutError("timed out"))
    assert found.state == "ok" and "no lesson needs one" in found.description


def test_a_clock_that_is_wrong() -> None:
    assert site(issuer="Amazon", time_s=NOW_S - 60)[-1].description == "the clock is right"
    assert site(issuer="Amazon", time_s=NOW_S - 3600)[-1].description == "this machine's clock is 3,600 s ahead"
    old = list(network.check_site(lambda host: SiteAnswer("Amazon", NOW_S), 0.0))
    assert [found.state for found in old] == ["trouble", "ok"] and "believes that it is 1970" in old[0].description


def program(folder: Path, script: str) -> str:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.live
def test_no_browser_one_that_dies_one_that_hangs_and_one_that_opens_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "find_firefox", lambda: None)
    paths: list[str | None] = [
        None,
        program(tmp_path, "echo 'FATAL: No usable sandbox! [x]' >&2; exit 1"),
        str(tmp_path / "gone"),
    ]
    found = []
    for path in paths:
        monkeypatch.setattr(browsers, "find_browser", lambda path=path: path)
        found += browsers.check_browsers(5.0)
    assert [finding.state for finding in found] == ["note", "trouble", "trouble"]
    assert "No usable sandbox" in found[1].description and "user namespaces" in found[1].advice
    monkeypatch.setattr(browsers, "find_browser", lambda: program(tmp_path, "exec sleep 60"))
    (hangs,) = browsers.check_browsers(0.3)
    assert "it opened no page in time" in hangs.description and hangs.state == "trouble"
    get = 'for last; do :; done; exec python3 -c "import sys, urllib.request as u; u.urlopen(sys.argv[1])" "$last"'
    monkeypatch.setattr(browsers, "find_browser", lambda: program(tmp_path, get))
    (opens,) = browsers.check_browsers(10.0)
    assert opens.state == "ok", opens


def test_a_trial_lesson_says_how_far_it_is_and_which_error(tmp_path: Path) -> None:
    # One kernel, two seconds: the only proof that a lesson is run at all, and that its error is told.
    originals = tmp_path / "notebooks"
    originals.mkdir()
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
        for n, code in enumerate(["import os; assert os.environ['LABKIT_NOTES'] == 'none'", "raise KeyError('x')"])
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (originals / "00_start.ipynb").write_text(json.dumps(book))
    said: list[object] = []
    found = trial_lesson.check_lesson(Place(originals, tmp_path / "work", tmp_path), said.append)
    assert found.state == "trouble" and "lesson 00 fails: KeyError: 'x'" in found.description
    assert said == ["00_start: cell 1 of 2", "00_start: cell 2 of 2"] and not (tmp_path / "work").exists()
    missing = trial_lesson.check_lesson(Place(tmp_path, tmp_path / "work", tmp_path), said.append)
    assert "there is no lesson '00'" in missing.description


def test_the_last_line_counts() -> None:
    ok, note, bad = RoomFinding("ok", "a"), RoomFinding("note", "b"), RoomFinding("trouble", "c", "do")
    assert [line for line, _ in report_lines([ok, note, bad])] == [
        "✗ c",
        "  → do",
        "! b",
        "1 of 3 checks found something to mend; then run labkit room-check again",
    ]
