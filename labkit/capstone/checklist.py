"""Runs the checklist of the capstone against a server, line by line, and shows each as it is judged."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import httpx

from labkit.capstone.judging import Found, Untold
from labkit.capstone.lines import ChecklistLine, lines_for
from labkit.capstone.result import CapstoneResult, CheckedLine
from labkit.capstone.runs import JobRuns, Settings
from labkit.capstone.server_problems import ServerProblems, noted_problems
from labkit.capstone.target import Checked, Target, open_target
from labkit.doctor import Finding
from labkit.errors import LabError, LoopBlocked
from labkit.system.background import Background
from labkit.system.secrets import shown_url
from labkit.testing.failure import failure_of

Show = Callable[[CapstoneResult], object]
DEFAULTS = Settings()


def check_status_page(
    checked: Checked,
    path: str = "/events",
    *,
    start: str = "/start",
    page: str = "/",
    only: str | Collection[str] | None = None,
    show: Show | None = None,
    settings: Settings = DEFAULTS,
) -> CapstoneResult:
    """The checklist of the capstone, run against your status page: `capstone.check("status_page.py")`.

    Each line is shown as soon as it is judged: in a notebook in a live table, in a terminal as text. A line that needs
    an earlier one is not run where that is not green.

    Args:
        checked: the path of your file, the URL of your server, an ASGI or WSGI app, or routes of a labkit server.
        path, start, page: where the stream is, what a POST to starts the job, and where the page is.
        only: names of lines: these alone are run, with what they need. None: all.
        show: called with the result so far after each change; None shows it as above.
        settings: how long things may take.

    Raises:
        LabError: there is no such line, or `checked` is nothing that can be checked.
    """
    lines = lines_for(only)
    began_s = time.monotonic()
    shown = show if show is not None else _shower()
    result = CapstoneResult(_name_of(checked), tuple(CheckedLine(line.name, line.title) for line in lines))
    shown(result)
    file = Path(checked) if isinstance(checked, str | Path) else None
    target = open_target(checked, path, start, page)
    with noted_problems(target.loggers, file) as problems:
        judged: queue.Queue[CheckedLine | None] = queue.Queue()
        background = Background("capstone")
        try:
            work = background.submit(_judge_all(lines, JobRuns(target, settings), target, judged.put))
            work.add_done_callback(lambda _: judged.put(None))
            while (line := judged.get()) is not None:
                checked_lines = tuple(line if old.name == line.name else old for old in result.lines)
                told, took_s = problems.sentences, time.monotonic() - began_s
                result = replace(result, lines=checked_lines, seconds=took_s, problems=told)
                shown(result)
            work.result()
        finally:
            background.end()
            _stop(target, problems)
    return replace(result, problems=problems.sentences)


def _stop(target: Target, problems: ServerProblems) -> None:
    try:
        target.stop()
    except LoopBlocked as problem:  # `time.sleep` in a handler: its port is free all the same
        problems.note(str(problem))


async def _judge_all(
    lines: tuple[ChecklistLine, ...], runs: JobRuns, target: Target, tell: Callable[[CheckedLine], object]
) -> None:
    states: dict[str, str] = {}
    for line in lines:
        blank = CheckedLine(line.name, line.title)
        missing = [need for need in line.needs if states[need] not in ("green", "untold")]
        if missing:
            judged = replace(blank, state="not run", sentence=f"not run: it needs {', '.join(missing)}")
        else:
            tell(replace(blank, state="running"))
            try:
                judged = _judged(blank, await line.find(runs), target)
            except (LabError, OSError, httpx.HTTPError) as problem:
                judged = replace(blank, state="red", sentence=str(problem) or type(problem).__name__)
        states[line.name] = judged.state
        tell(judged)


def _judged(line: CheckedLine, found: Found, target: Target) -> CheckedLine:
    if found is None:
        return replace(line, state="green")
    if isinstance(found, Untold):
        return replace(line, state="untold", sentence=f"cannot be told: {found.reason}")
    if isinstance(found, Finding):
        first, *facts = str(failure_of(line.name, found, target.frameworks)).split("\n")
        sentence = first.removeprefix(f"{line.name}: ")
        return replace(line, state="red", sentence=sentence, facts=tuple(fact.removeprefix("    ") for fact in facts))
    return replace(line, state="red", sentence=found)


def _name_of(checked: Checked) -> str:
    if isinstance(checked, str):
        return shown_url(checked)
    return str(getattr(checked, "__name__", checked if not callable(checked) else type(checked).__name__))


def _shower() -> Show:
    """What shows the result: a live table in a notebook, and lines of text elsewhere."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return TextLines()
    shell = get_ipython()
    return LiveTable() if shell is not None and hasattr(shell, "kernel") else TextLines()


class TextLines:
    """Says each line when it is judged, and how many are green after the last one.

    Args:
        say: takes one text, of one or several lines.
    """

    def __init__(self, say: Callable[[str], object] = print) -> None:
        self._say, self._told = say, set[str]()

    def __call__(self, result: CapstoneResult) -> None:
        """Says what is new in the result."""
        for line in result.lines:
            if line.state not in ("waiting", "running") and line.name not in self._told:
                self._told.add(line.name)
                self._say(line.text)
                if len(self._told) == len(result.lines):
                    self._say("\n".join([*result.problem_lines, result.title]))


class LiveTable:
    """A table in a notebook, drawn anew with each line."""

    def __init__(self) -> None:
        from IPython.display import display

        self._handle = display(self._data(CapstoneResult("", ())), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def __call__(self, result: CapstoneResult) -> None:
        """Draws the result."""
        self._handle.update(self._data(result), raw=True)

    @staticmethod
    def _data(result: CapstoneResult) -> dict[str, str]:
        return {"text/html": result.html, "text/plain": result.text}
