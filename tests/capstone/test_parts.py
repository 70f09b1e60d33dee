"""The parts of the capstone: the job, the schema, what is checked, what is shown, and the hints."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tornado.web import RequestHandler

from labkit import capstone
from labkit.capstone import (
    CapstoneResult,
    CheckedLine,
    flaky_job,
    flaky_job_sync,
    hostile_text,
    judging,
    sleepers,
    solution,
    starter,
)
from labkit.capstone.checklist import LiveTable, TextLines
from labkit.capstone.flaky_job import FINAL, HOSTILE_NOTE, STATES, TWO_LINES
from labkit.capstone.hostile_text import LOOK, judge_look, recorded_routes
from labkit.capstone.latecomers import LateReader
from labkit.capstone.lines import CHECKLIST, lines_for
from labkit.capstone.result import table_of
from labkit.capstone.runs import FirstRun, JobRuns, Settings, ShortRun
from labkit.capstone.server_problems import ServerProblems
from labkit.capstone.states import read_state
from labkit.capstone.status_page import PAGE as PAGE_OF_BOTH
from labkit.capstone.target import open_target
from labkit.command.cli import main
from labkit.errors import LabError
from labkit.recording import Arrival, Recording
from labkit.server import launch
from labkit.wire import Event, Frame, encode

from ..chromium import in_chromium


async def all_states(kind: str = "flaky", seed: int = 1) -> list[dict[str, Any]]:
    return [state async for state in flaky_job(kind, seed=seed, every_s=0.0, pause_s=0.0)]


def without_run(states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in state.items() if name != "run"} for state in states]


def test_a_seed_gives_the_same_job_again_and_each_start_a_run_of_its_own() -> None:
    first, second, other = (asyncio.run(all_states(seed=seed)) for seed in (1, 1, 2))
    assert without_run(first) == without_run(second) != without_run(other)
    assert len({state["run"] for state in first}) == 1 and first[0]["run"] != second[0]["run"]
    assert without_run(list(flaky_job_sync(every_s=0.0, pause_s=0.0))) == without_run(first)


@pytest.mark.parametrize("seed", range(20))
def test_every_job_fails_twice_goes_on_and_says_what_is_hostile(seed: int) -> None:
    states = asyncio.run(all_states(seed=seed))
    words = [state["state"] for state in states]
    assert words.count("failed") == words.count("retrying") == 2 and words[-1] == "done"
    assert set(words) <= set(STATES) and [word for word in words if word in FINAL] == ["done"]
    assert {HOSTILE_NOTE, TWO_LINES} <= {state["note"] for state in states}
    assert [state["step"] for state in states] == sorted(state["step"] for state in states)
    assert len({json.dumps(state) for state in states}) == len(states)  # no two events are the same


def test_a_job_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"job='fast' is not known\. There is: flaky, short, noisy"):
        flaky_job("fast")


GOOD = {"run": "a", "step": 1, "of": 2, "state": "running", "note": "x"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no json", "is no JSON"),
        ("[1]", "is JSON, and no object"),
        ({"run": None}, "has None as its 'run'"),
        ({"step": "1"}, "has '1' as its 'step'"),
        ({"step": True}, "has True as its 'step'"),
        ({"state": "fine"}, "the state 'fine' is not known: it is one of waiting, running"),
        ({"note": 3}, "has 3 as its 'note'"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_an_event_does_not_say_is_named(change: Any, said: str) -> None:
    data = change if isinstance(change, str) else json.dumps({**GOOD, **change})
    with pytest.raises(ValueError, match=re.escape(said)):
        read_state(Event(data))


def test_a_state_may_have_more_and_no_note() -> None:
    state = read_state(Event(json.dumps({**GOOD, "run": 7, "more": []})))
    assert (state.run, state.step, state.final) == ("7", 1, False)
    assert read_state(Event('{"run": "a", "step": 2, "of": 2, "state": "gave up"}')).final


def recorded(*data: str, status: int = 200) -> Recording:
    body = b"".join(encode(Frame(data=text)) for text in data)
    return Recording(status, {"content-type": "text/event-stream"}, (Arrival(0.1, body),) if body else ())


@pytest.mark.parametrize(
    ("received", "problem"),
    [
        (recorded("e"), ""),
        (recorded("d"), ""),  # the newest one when it asked
        (recorded("a"), "received event 1 first, and the newest was 5"),
        (recorded("f"), "received the next state and not the newest"),
        (recorded(), "received nothing"),
        (recorded(status=204), "was answered 204"),
    ],
)
def test_what_a_late_reader_receives_first_is_judged(received: Recording, problem: str) -> None:
    reader = LateReader("", tuple(Event(letter) for letter in "abcde"), received)
    assert reader.problem.startswith(problem) and bool(reader.problem) == bool(problem)


def a_run(*frames: Frame) -> Recording:
    return Recording(
        200, {"content-type": "text/event-stream"}, (Arrival(0.1, b"".join(map(encode, frames))),), ended=True
    )


DONE = json.dumps({**GOOD, "state": "done"})
FIVE = [Frame(id=f"a-{n}", data=f"{n}") for n in range(1, 5)] + [Frame(id="a-5", data=DONE)]


@pytest.mark.parametrize(
    ("whole", "after", "lost", "doubled"),
    [
        (FIVE, lambda n: FIVE[n:], "", ""),
        ([Frame(data="hello"), *FIVE], lambda n: [Frame(data="hello"), *FIVE[n:]], "", ""),  # a greeting has no id
        (FIVE, lambda n: FIVE[n + 1 :], "1 event (a-2) did not come", ""),
        (FIVE, lambda n: FIVE[max(0, n - 1) :], "", "1 event (a-1) came twice"),
        ([Frame(data="1"), Frame(data=DONE)], lambda n: [], "of 2 events none has an id", ""),
        ([Frame(id="a", data="1"), Frame(id="a", data=DONE)], lambda n: [], "the id 'a' stands on more than one", ""),
        ([*FIVE[:2], Frame(data=DONE)], lambda n: FIVE[n:2], "the end did not come", ""),  # the last one has no id
    ],
)
def test_each_byte_of_a_short_run_is_a_place_to_be_cut(
    whole: list[Frame], after: Callable[[int], list[Frame]], lost: str, doubled: str
) -> None:
    ids = [frame.id for frame in whole if frame.id]
    short = ShortRun(a_run(*whole), {id: a_run(*after(number)) for number, id in enumerate(ids, 1)})
    for find, said in ((judging.find_loss_in_cuts, lost), (judging.find_doubled, doubled)):
        found = find(FirstRun(), short)
        assert (found is None) == (not said) or (find is judging.find_doubled and lost)
        assert said in repr(found)
    assert not ids or len(judging._every_byte(short)) > 20


def test_a_gap_is_an_answer_to_an_id_that_nobody_knows() -> None:
    body = encode(Frame(event="gap", data="?"))
    gap = Recording(200, {"content-type": "text/event-stream"}, (Arrival(0.1, body),))
    assert LateReader("7", (Event("a"),), gap).told
    assert judging.find_silence_about_unknown(FirstRun(strangers=[LateReader("7", (Event("a"),), gap)])) is None


def test_what_could_not_be_seen_is_not_called_wrong() -> None:
    for find in (judging.find_no_snapshot, judging.find_silence_about_unknown, judging.find_held):
        assert isinstance(find(FirstRun()), judging.Untold)
    assert isinstance(judging.find_idle_cut(FirstRun(), 1.0), judging.Untold)


@pytest.mark.parametrize(
    "line",
    [
        "note.innerHTML = job.note", "x.outerHTML=y", "x.innerHTML += y", 'x.insertAdjacentHTML("beforeend", y)',
        "document.write(y)", "<p v-html='note'>", "dangerouslySetInnerHTML={{__html: y}}", "{@html note}", "eval(y)",
    ],
)  # fmt: skip
def test_what_makes_html_of_a_text_is_seen(line: str) -> None:
    assert hostile_text._SINKS.search(line) and not hostile_text._CLEAN.search(line)


@pytest.mark.parametrize(
    "line",
    ["note.textContent = job.note", "x.innerHTML = ''", "x.innerHTML = DOMPurify.sanitize(y)", "if (x.innerHTML == y)"],
)
def test_what_shows_text_or_cleans_it_is_allowed(line: str) -> None:
    assert not hostile_text._SINKS.search(line) or hostile_text._CLEAN.search(line)


def test_memory_is_allowed_for_the_log_and_for_a_bounded_room() -> None:
    said_bytes = 4_000_000
    assert sleepers._judge(3 * said_bytes, said_bytes, 12) is None
    found = sleepers._judge(13 * said_bytes, said_bytes, 12)
    assert isinstance(found, str) and "it took 52 MB, some 4.0 MB for each" in found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_the_process_that_listens_is_found() -> None:
    import os
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        ids = sleepers._processes_at(listener.getsockname()[1])
    assert ids == [os.getpid()] and sleepers._memory_of(ids) > 1_000_000


def test_only_the_lines_that_are_asked_for_and_what_they_need() -> None:
    assert [line.name for line in lines_for("says")] == ["starts", "stream", "says"]
    assert [line.name for line in lines_for(["unknown", "text"])][-2:] == ["unknown", "text"]
    assert lines_for(None) == CHECKLIST
    with pytest.raises(LabError, match=r"the checklist has no line 'sings'\. It has: starts, stream"):
        lines_for("sings")


def test_each_line_needs_only_earlier_ones_and_has_hints() -> None:
    names = [line.name for line in CHECKLIST]
    for place, line in enumerate(CHECKLIST):
        assert set(line.needs) <= set(names[:place])
        steps = capstone.hint(line.name, 1).steps
        assert steps >= 2 and repr(capstone.hint(line.name, steps)).startswith(f"{line.name}: hint {steps} of {steps}")
    with pytest.raises(LabError, match="proxy has 2 hints: step=3 is none of them"):
        capstone.hint("proxy", 3)


def test_hints_come_one_after_the_other() -> None:
    from labkit.capstone import hints

    hints._steps_given.pop("ends", None)
    assert [capstone.hint("ends").step for _ in range(4)] == [1, 2, 3, 3]


FILES = {
    "nothing.py": ("x = 1\n", "nothing.py has no app, application or routes"),
    "syntax.py": ("def f(:\n", "syntax.py, line 1: "),
    "raising.py": ("\n\n1 / 0\n", "raising.py, line 3: ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_serves_nothing_says_why(tmp_path: Path, name: str) -> None:
    text, said = FILES[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(LabError, match=re.escape(said)):
        open_target(str(tmp_path / name))


def test_what_is_neither_a_url_nor_a_file_says_so() -> None:
    with pytest.raises(LabError, match="'localhost:8000' is neither a URL"):
        open_target("localhost:8000")


@pytest.mark.parametrize(
    ("url", "events"),
    [
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/events"),
        ("http://127.0.0.1:1/jobs/stream?a=b", "http://127.0.0.1:1/jobs/stream?a=b"),
    ],
)
def test_a_url_is_that_of_the_server_or_of_the_stream(url: str, events: str) -> None:
    target = open_target(url)
    assert (target.events, target.start) == (events, "http://127.0.0.1:1/start")


def test_what_is_not_there_is_a_red_line_and_no_error() -> None:
    result = capstone.check("http://127.0.0.1:9/", only="says", show=lambda result: None)
    assert result.states == {"starts": "red", "stream": "not run", "says": "not run"}
    assert "http://127.0.0.1:9/start gives no answer: " in result.text and "not run: it needs starts" in result.text


def test_what_a_server_says_is_text_in_the_table() -> None:
    line = CheckedLine("says", "a title", "red", "<img src=x onerror=alert(1)>", ("seen   <b>",))
    html = table_of([line], "<i>")
    assert "<img" not in html and "<b>" not in html and "<i>" not in html and "&lt;img src=x" in html


def test_each_line_is_said_once_as_soon_as_it_is_judged() -> None:
    said: list[str] = []
    show = TextLines(said.append)
    waiting, green = CheckedLine("a", "one"), CheckedLine("a", "one", "green")
    red = CheckedLine("b", "two", "red", "because", ("seen   that",))
    show(CapstoneResult("x", (waiting, CheckedLine("b", "two"))))
    show(CapstoneResult("x", (green, CheckedLine("b", "two", "running"))))
    assert said == ["✓ a         one"]
    show(CapstoneResult("x", (green, red)))
    assert said[1:] == [red.text, "1 of 2 lines green; the next one to mend: b"]
    assert red.text.splitlines()[1:] == ["            because", "            seen   that"]


def test_a_notebook_gets_one_table_that_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, str]] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            drawn.append(data)

    monkeypatch.setattr("IPython.display.display", lambda data, raw, display_id: drawn.append(data) or Handle())
    table = LiveTable()
    table(CapstoneResult("x", (CheckedLine("a", "one", "green"),)))
    assert len(drawn) == 2 and "1 of 1 line green" in drawn[1]["text/html"] and "✓ a" in drawn[1]["text/plain"]


def test_the_command_begins_a_file_hints_and_checks_it(tmp_path: Path) -> None:
    place = tmp_path / "mine.py"
    run = CliRunner().invoke
    assert "is written" in run(main, ["capstone", str(place), "--begin"]).output
    assert "was left as it is" in run(main, ["capstone", str(place), "--begin"]).output
    assert (
        "proxy: hint 2 of 2\n`X-Accel-Buffering: no`" in run(main, ["capstone", str(place), "--hint", "proxy"]).output
    )
    place.write_text(place.read_text("utf-8").replace("flaky_job()", "flaky_job('short', every_s=0.02)"), "utf-8")
    checked = run(main, ["capstone", str(place), "--line", "says"])
    assert checked.exit_code == 1 and "[wrong-media-type]" in checked.output
    assert 'mend   tornado: self.set_header("Content-Type", "text/event-stream")' in checked.output
    assert run(main, ["capstone", "nowhere.py"]).exit_code == 2


def test_the_starter_is_told_what_to_mend_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "flaky_job", lambda: flaky_job("short", every_s=0.02))
    result = capstone.check(starter.routes, only=["stream", "text"], show=lambda result: None)
    assert result.states == {"starts": "green", "stream": "red", "text": "red"}
    assert "The media type is not text/event-stream [wrong-media-type]" in result.text
    assert "makes HTML of a text, with .innerHTML =" in result.text
    assert result.title == "1 of 3 lines green; the next one to mend: stream"


PAGE = (Path(__file__).parents[2] / "docs" / "capstone.md").read_text("utf-8")


def test_the_page_has_every_line_every_hint_and_the_solution_as_they_are() -> None:
    for line in CHECKLIST:
        assert f"| `{line.name}` | {line.title} |" in PAGE
        assert f"<summary><code>{line.name}</code>: {line.title}</summary>" in PAGE
        for step in range(1, capstone.hint(line.name, 1).steps + 1):
            assert f"{step}. {capstone.hint(line.name, step).text}\n" in PAGE
    assert inspect.getsource(solution.JobLog) in PAGE


def test_the_state_that_the_page_shows_is_one() -> None:
    shown = re.search(r"^\{\"run\".*$", PAGE, re.M)
    assert shown is not None and read_state(Event(shown[0])).state == "retrying"


def test_a_solution_can_be_had_as_a_file(tmp_path: Path) -> None:
    for which in ("solution", "solution_asgi"):
        capstone.begin(tmp_path / f"{which}.py", which)  # type: ignore[arg-type]
        target = open_target(tmp_path / f"{which}.py")
        target.stop()
        assert target.own_process


def test_what_a_server_raises_is_noted_once_with_its_line(tmp_path: Path) -> None:
    problems = ServerProblems(tmp_path / "mine.py")
    logger = logging.getLogger("tornado.application")
    code = compile("\n\ndef f():\n    raise ValueError('too far')\n", "mine.py", "exec")
    names: dict[str, Any] = {}
    exec(code, names)
    logger.addFilter(problems)
    try:
        for _ in range(3):
            try:
                names["f"]()
            except ValueError:
                logger.exception("GET /events")
        try:
            raise ConnectionResetError
        except ConnectionResetError:
            logger.exception("a reader left")
    finally:
        logger.removeFilter(problems)
    assert problems.sentences == ("mine.py, line 4: ValueError: too far (3 times)",)
    assert CapstoneResult("x", (), problems=problems.sentences).text.startswith("! your server raised: mine.py, line 4")


class Blank(RequestHandler):
    def get(self) -> None:
        self.finish("<!doctype html><title>blank</title><body></body>")


@pytest.mark.browser
def test_a_real_chromium_sees_what_the_source_hides(tool: Callable[[str], str]) -> None:
    words = [{**GOOD, "note": "before"}, {**GOOD, "note": HOSTILE_NOTE}, {**GOOD, "state": "done", "note": "behind"}]
    run = FirstRun(whole=recorded(*map(json.dumps, words)))
    runs = JobRuns(open_target("http://127.0.0.1:9/"), Settings())
    script = f"async (given) => {{ const later = (ms) => new Promise((wake) => setTimeout(wake, ms)); {LOOK} }}"

    def look_at(browser: Any, page: str) -> dict[str, bool]:
        with launch({"/": Blank, **recorded_routes(run, runs, {"/": page})}, name="capstone page") as server:
            tab = browser.new_page()
            tab.goto(f"{server.url}/")
            seen: dict[str, bool] = tab.evaluate(script, {"page": "/capstone-page"})
            return seen

    def visit(browser: Any) -> None:
        whole = look_at(browser, PAGE_OF_BOTH)
        assert whole == {"ran": False, "made": False, "shown": True} and judge_look(whole) is None
        sneaky = PAGE_OF_BOTH.replace('byId("note").textContent', 'byId("note")["inner" + "HTML"]')
        assert not hostile_text._SINKS.search(sneaky)
        assert "became an image and not a text" in str(judge_look(look_at(browser, sneaky)))

    in_chromium(tool("chromium"), visit)
