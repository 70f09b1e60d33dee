"""The log tail: a file that is rotated and emptied while it is read, filters, and readers that are cut off or slow."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from labkit.apps import launch_app
from labkit.apps.log_tail import follower, writer
from labkit.apps.log_tail.filters import read_filter
from labkit.apps.log_tail.follower import LogFile
from labkit.apps.log_tail.writer import DemoWriter
from labkit.doctor import examine
from labkit.errors import LabError
from labkit.faults import FillBuffers, Unless
from labkit.proxy import launch_relay, relay
from labkit.server import LabServer
from labkit.server.connection import waiting_in
from labkit.wire import Decoder, Event

from ..chromium import in_chromium
from ..helpers import eventually
from .random_cuts import asked, read_events, read_through_cuts, values_of

HOSTILE = '<img src=x onerror="window.owned=1">'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    server = launch_app("log_tail", tmp_path)
    yield server
    server.stop()


def all_from(log: Path, place: str) -> tuple[list[str], list[Any], str]:
    """What a reader gets from here on, its server started again before each read."""
    lines: list[str] = []
    notices = []
    while True:
        piece = LogFile(log).read(place)
        lines += [line for _, line in piece.lines]
        notices += [piece.notice] if piece.notice else []
        if (piece.lines, piece.place) == ([], place):
            return lines, notices, place
        place = piece.place


def numbers_in(lines: list[str]) -> list[int]:
    return [int(number) for line in lines for number in re.findall(r" n=(\d+) ", line)]


def act(server: LabServer, action: str, **values: str) -> None:
    assert asked(server.url, "act", action=action, **values).status_code == 204


@pytest.mark.parametrize("seed", range(8))
def test_no_rotation_loses_or_doubles_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The reader never falls further behind than the rotations keep files."""
    monkeypatch.setattr(follower, "READ_BYTES", 150)
    chance, demo = Random(seed), DemoWriter(tmp_path / "demo.log")
    steps = [lambda: demo.write(chance.randint(1, 9)), demo.rename, demo.copy_and_truncate]
    place, seen = LogFile(demo.path).start(), []
    for _ in range(40):
        chance.choices(steps, (6, 1, 1))[0]()
        if demo.path.with_name("demo.log.2").exists() or chance.random() < 0.5:
            lines, notices, place = all_from(demo.path, place)
            seen += lines
            assert notices == []
    demo.write()
    seen += all_from(demo.path, place)[0]
    assert numbers_in(seen) == list(range(1, demo.number + 1))


def test_what_is_lost_is_said_once(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    demo = DemoWriter(log, now=lambda: "now")
    demo.write(3)
    lines, _, place = all_from(log, "")
    assert numbers_in(lines) == [1, 2, 3]
    demo.truncate()
    demo.write(2)
    lines, notices, place = all_from(log, place)
    assert numbers_in(lines) == [4, 5] and [notice["kind"] for notice in notices] == ["truncated"]
    demo.truncate()
    lines, notices, place = all_from(log, place)  # an empty file is told once too
    assert lines == [] and [notice["kind"] for notice in notices] == ["truncated"]
    demo.rename()
    for nonsense in ("7-abc-9", "epoch-7", "-1-0-0", "9" * 99, "1-2-\u0663"):
        assert [notice["kind"] for notice in all_from(log, nonsense)[1]] == ["gap"]
    log.unlink()
    reader = LogFile(log)
    assert [reader.read(place).notice and "does not exist now" in str(reader.read(place)) for _ in "ab"] == [
        False,
        None,
    ]
    assert reader.start() == ""
    demo.write()
    assert numbers_in(all_from(log, place)[0]) == [6]


def test_a_line_comes_when_it_is_whole_whatever_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "demo.log"
    log.write_bytes(b"one\r\ntw")
    lines, _, place = all_from(log, "")
    with log.open("ab") as file:
        file.write(b"o\n\xff\xfe\n\nlast")
    assert lines == ["one"] and all_from(log, place)[0] == ["two", "\ufffd\ufffd", ""]
    log.replace(tmp_path / "demo.log.1")
    log.write_text("next\n")
    (tmp_path / "demo.log.2.gz").write_bytes(b"packed\n")
    assert all_from(log, place)[0] == ["two", "\ufffd\ufffd", "", "last", "next"]  # a rotated file grows no more
    monkeypatch.setattr(follower, "READ_BYTES", 1000)
    log.write_text("x" * 2500 + "\n")
    assert "".join(all_from(log, "")[0]) == "x" * 2500  # memory has a bound


def test_a_long_first_line_tells_one_file_from_another_too(tmp_path: Path) -> None:
    log, old, older = tmp_path / "demo.log", tmp_path / "demo.log.1", tmp_path / "demo.log.2"
    older.write_text("c" * 900 + "\n")
    log.write_text("a" * 400 + "\n")
    _, _, place = all_from(log, LogFile(log).start())
    with log.open("a") as file:
        file.write("second\n")
    old.write_text(log.read_text())
    log.write_text("b" * 400 + "\n")  # copied, and emptied
    assert all_from(log, place)[:2] == (["second", "b" * 400], [])


def test_a_file_that_is_renamed_while_it_is_looked_for_is_found_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = DemoWriter(tmp_path / "demo.log")
    demo.write(3)
    demo.rename()
    demo.write(3)
    log = LogFile(demo.path)
    place = f"{(tmp_path / 'demo.log.1').stat().st_ino}-0-0"
    before = log._files()
    demo.rename()
    demo.write()
    monkeypatch.setattr(log, "_files", lambda: before)
    assert log.read(place) == ([], place, None)  # demo.log.1 is another file by now
    monkeypatch.undo()
    assert numbers_in(all_from(demo.path, place)[0]) == list(range(1, 8))


def test_who_is_too_far_behind_is_told_how_much_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "MOST_BEHIND_BYTES", 20_000)
    demo = DemoWriter(tmp_path / "demo.log")
    place = LogFile(demo.path).start()
    demo.write(200)
    demo.rename()
    demo.write(300)
    lines, (notice,), _ = all_from(demo.path, place)
    skipped = notice["lines"]
    assert notice["text"] == f"{skipped} lines skipped: this reader was too far behind" and skipped > 200
    assert numbers_in(lines) == list(range(skipped + 1, 501))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 101, "101 characters; 100 are allowed"),
        ("/[/", "no regular expression"),
        ("/(a+)+b/", "more than a single character"),
        ("/(a|b|ab)*c/", "more than a single character"),
        ("/(?:a{2}){9}/", "more than a single character"),
        ("/a*b*c*/", "3 repetitions and choices; 2 are allowed"),
        ("/(|a)(|a)(|a)/", "3 repetitions and choices"),
        (r"/(a)\1/", "a back reference"),
        ("/(?=a)/", "a look-around"),
        ("/(?<!a)/", "a look-around"),
        ("/(a)?(?(1)b|c)/", "more than a single character"),
    ],
)
def test_a_filter_that_could_hold_the_server_up_is_refused(text: str, why: str) -> None:
    with pytest.raises(LabError, match=re.escape(why)):
        read_filter(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", True), ("GET", True), ("/", True), ("//", False), ("(a+)+", False), (r"/GET .* 5\d\d$/", True),
     (r"/\d{4}-\d{2}/", True), ("/(?i)get/", True), ("/^GET/", False), ("/GET|PUT/", True)],
)  # fmt: skip
def test_a_filter_is_a_text_or_an_expression(text: str, wanted: bool) -> None:
    assert read_filter(text)("2026-11-28 GET /cart 503") is wanted


@pytest.mark.live
def test_fifty_cuts_and_rotations_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "READ_BYTES", 200)
    demo = DemoWriter(tmp_path / "demo.log")
    for rotate in (demo.rename, demo.copy_and_truncate, demo.rename):
        demo.write(40)
        rotate()
    demo.write(40, "here we are")
    oldest = (tmp_path / "demo.log.3").stat().st_ino
    with launch_app("log_tail", tmp_path) as server:
        act(server, "say", said="the end")
        path = f"/lines?lastEventId={oldest}-0-0"
        seen = asyncio.run(read_through_cuts(server.url, path, lambda seen: "the end" in seen[-1].data, 600))
    numbers = numbers_in(values_of(seen, "line"))
    assert numbers == list(range(1, numbers[-1] + 1)) and numbers[-1] > 160
    assert values_of(seen, "notice") == [] and len(seen) > 50


def slow_reader(server: LabServer) -> socket.socket:
    """A connection to the stream whose first bytes are here, and of which nobody reads more."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.connect(("127.0.0.1", server.port))
    reader.sendall(f"GET /lines HTTP/1.0\r\nHost: localhost:{server.port}\r\n\r\n".encode())
    reader.recv(15)
    return reader


@pytest.mark.live
def test_a_slow_reader_costs_no_memory_and_is_told_what_it_missed(server: LabServer) -> None:
    with slow_reader(server) as reader:
        for _ in range(2):
            act(server, "burst")
        (waiting,) = server.call(lambda: [waiting_in(stream) for _, stream in server._site._senders.values()])
        assert waiting < 2 * follower.READ_BYTES
        act(server, "say", said="the end")
        decoder, events = Decoder(), []
        while not any("the end" in event.data for event in events[-99:]):
            events += [signal for signal in decoder.feed(reader.recv(4096)) if isinstance(signal, Event)]
    skipped = sum(notice["lines"] for notice in values_of(events, "notice"))
    numbers = numbers_in(values_of(events, "line"))
    assert skipped > 10_000 and len(numbers) + skipped == numbers[-1] - numbers[0] + 1


@pytest.mark.live
def test_the_place_moves_on_where_the_filter_lets_nothing_pass(
    server: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labkit.apps.log_tail.server.LOOK_S", 0.0)
    with httpx.stream("GET", f"{server.url}/lines?filter=nothing", trust_env=False) as stream:
        text = ""
        for piece in stream.iter_text():
            if not text:
                act(server, "say", said="something")
            text += piece
            if "heartbeat" in text:
                break
    first, *_, last = [int(offset) for offset in re.findall(r"id: .*-(\d+)\n", text)]
    assert "something" not in text and last > first


@pytest.mark.live
def test_what_is_wrong_is_said(server: LabServer) -> None:
    assert asked(server.url, "check", file="demo.log", filter="/GET/").status_code == 204
    for file, filter, why in (
        ("other.log", "", "no file 'other.log' in this folder. There is: demo.log"),
        ("../secret", "", "no file '../secret' in this folder"),
        ("demo.log", "/(a+)+/", "repeats more than a single character"),
    ):
        stream = httpx.get(f"{server.url}/lines", params={"file": file, "filter": filter}, trust_env=False)
        for answer in (asked(server.url, "check", file=file, filter=filter), stream):
            assert answer.status_code == 400 and why in answer.text
    assert "no action 'delete'" in asked(server.url, "act", action="delete").text


@pytest.mark.live
def test_the_doctor_finds_nothing_also_behind_a_proxy_that_buffers(server: LabServer) -> None:
    async def main() -> list[str]:
        async with relay(server.url, Unless("x-accel-buffering", "no", FillBuffers())) as proxy:
            diagnosis = await examine(f"{proxy.url}/lines", seconds=0.9)
        return [repr(finding) for finding in diagnosis.findings if finding.severity != "note"]

    assert asyncio.run(main()) == []


@pytest.mark.live
def test_the_naive_version_is_silent_after_a_rotation_and_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_BYTES", 10**9)
    with launch_app("log_tail", tmp_path, naive=True) as server, slow_reader(server):
        for _ in range(3):
            act(server, "burst")
        waiting = lambda: sum(waiting_in(each.stream) for each in server._site._server._connections)  # noqa: E731
        eventually(lambda: server.call(waiting) > 1_000_000)

        async def main() -> bool:
            seen: list[Event] = []
            task = asyncio.ensure_future(read_events(f"{server.url}/lines", lambda events: _ends(seen, events)))
            while not seen:
                await asyncio.to_thread(act, server, "say", said="before")
            await asyncio.to_thread(act, server, "rename")
            await asyncio.to_thread(act, server, "say", said="after")
            await asyncio.wait([task], timeout=0.4)
            return task.done()

        assert asyncio.run(main()) is False


def _ends(seen: list[Event], events: list[Event]) -> bool:
    seen[:] = events
    return "after" in events[-1].data


@pytest.mark.browser
def test_a_person_follows_the_log_through_a_cut_a_rotation_a_reload_and_a_restart(
    server: LabServer, tmp_path: Path, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        page = browser.new_page(viewport={"width": 390, "height": 760}, color_scheme="dark")
        with launch_relay(server.url, name="log tail test") as proxy:
            page.goto(proxy.url + "/")
            lines = page.locator("#lines li")

            def say(text: str, to: LabServer = server) -> None:
                act(to, "say", said=f"say {text}")

            def see(*texts: str) -> None:
                expect(lines.filter(has_text="say ")).to_have_count(len(texts))
                assert [line.rpartition(" say ")[2] for line in lines.filter(has_text="say ").all_inner_texts()] == [
                    *texts
                ]

            expect(page.locator("#state")).to_have_text("open")
            say(HOSTILE)
            see(HOSTILE)
            page.get_by_role("button", name="Rotate: rename").click()
            proxy.cut()
            say("two")
            page.get_by_role("button", name="Rotate: copy, empty").click()
            say("three")
            see("three", "two", HOSTILE)
            page.get_by_role("button", name="Empty it").click()
            expect(lines.filter(has_text="── The file was emptied")).to_have_count(1)

            page.get_by_label("Filter").fill("/(a+)+/")
            page.get_by_role("button", name="Show").click()
            expect(page.locator("#problem")).to_contain_text("repeats more than a single character")
            say("four")
            see("four", "three", "two", HOSTILE)
            page.get_by_label("Filter").fill("/say f.*e$/")
            page.get_by_role("button", name="Show").click()
            expect(page.locator("#problem")).to_have_text("")
            say("five")
            say("six")
            see("five")
            page.reload()
            see("five")
            server.stop()
            with launch_app("log_tail", tmp_path, port=server.port) as again:
                say("fine", again)
                expect(lines).to_have_count(2)
                see("fine", "five")
            assert page.evaluate("window.owned") is None
            page.screenshot(path=artifacts / "log-tail-phone-dark.png")

    in_chromium(tool("chromium"), visit)
