"""A learner's membership of a class board: nothing is sent before they join, and nothing after they have left."""

from __future__ import annotations

import functools
import inspect
import os
import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from labkit.board.address import split_url
from labkit.board.given import is_given
from labkit.board.link import BoardLink
from labkit.board.moments import (
    MAX_CHOICE,
    MAX_CHOICES,
    MAX_CODE,
    MAX_GUESS,
    MAX_NAME,
    MAX_QUESTION,
    MAX_SUBJECTS,
)  # fmt: skip
from labkit.board.names import read_code
from labkit.board.outbox import Outbox
from labkit.clock import wait_until
from labkit.system.background import Background
from labkit.system.observers import observe

#: A number is typed digit by digit: it is sent when nobody has typed for so long.
TYPING_S = 0.6
#: What a result's intervals cost is not paid while the next measurement may run.
RESULT_S = 2.0
#: How long leaving may take where the board cannot be reached.
LEAVING_S = 2.0
#: Jupyter says here which notebook a kernel belongs to. Source: jupyter_server, SessionManager.
_NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"


class Membership:
    """What one notebook says to a board, from join() to leave().

    `stage` is "asking" before the learner has said yes, then "joining", "joined", "left" or "refused"; `why` says more.
    `notice` is the banner. `exercise` is the one that show_answer() would show, "" before the first check.

    Args:
        url: the board's, as it stands on the projector, with the code or without.
        name: the nickname.
        who: a secret of this learner; made if it is not given.
        on_change: called, from any thread, when something of this has changed.

    Raises:
        LabError: it is no URL.
    """

    def __init__(self, url: str, name: str = "", who: str = "", on_change: Callable[[], object] = lambda: None) -> None:
        self.url, self.code = split_url(url)
        self.name, self.who = name, who or secrets.token_urlsafe(16)
        self.stage, self.why = "asking", ""
        self.notice: dict[str, Any] = {}
        self.exercise = ""
        self.on_change = on_change
        self._function: object = None
        self._outbox = Outbox(time.monotonic)
        self._thread: Background | None = None
        self._running: Future[None] | None = None
        self._stop_observing: Callable[[], None] = lambda: None
        self._link: BoardLink | None = None

    def join(self, name: str = "", code: str = "") -> None:
        """Joins, in the background: the learner has said yes. Does nothing where it has joined."""
        if self.stage in ("joining", "joined"):
            return
        self.name, self.code = name or self.name, read_code(code) or self.code
        self._end()  # of a board that refused
        self._outbox = Outbox(time.monotonic)
        self._thread = Background("board")
        self._stop_observing = observe(self._hear)
        self._change("joining")
        self._running = self._thread.submit(self._run())

    def leave(self) -> None:
        """Tells the board, and sends nothing more."""
        if self.stage not in ("joining", "joined"):
            self._change("left")
            return
        self._stop_observing()
        self._say("leave", dict)
        if self._thread is not None:
            self._thread.run(wait_until(lambda: not len(self._outbox), LEAVING_S))
        self._end()
        self._change("left")

    def raise_hand(self) -> None:
        """Says "me" to the banner."""
        notice = str(self.notice.get("id", ""))
        self._say("hand", lambda: {"notice": notice})

    def show_answer(self) -> None:
        """Sends the source of the function that was checked last. Only this ever sends code."""
        exercise, code = self.exercise, _source(self._function)
        if exercise and code:
            self._say("answer", lambda: {"exercise": exercise[:MAX_NAME], "code": code[:MAX_CODE]})

    @property
    def waiting(self) -> int:
        """How many messages have not reached the board yet."""
        return len(self._outbox)

    async def _run(self) -> None:
        self._link = BoardLink(
            self.url, self.code, self.name, self.who, self._outbox, self._hear_notice, self._hear_state
        )
        try:
            await self._link.run()
        except Exception as problem:  # nobody asks this task; what is no NotOnBoard is a mistake of ours, and is said
            self._stop_observing()
            self._change("refused", str(problem) or type(problem).__name__)

    def _end(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.end()

    def _hear_notice(self, notice: dict[str, Any]) -> None:
        self.notice = notice
        self.on_change()

    def _hear_state(self) -> None:
        assert self._link is not None
        self.name = self._link.name
        away = "the board is away; what you do is kept here until it is back" if self._link.state == "away" else ""
        self._change("joined", away)

    def _change(self, stage: str, why: str = "") -> None:
        self.stage, self.why = stage, why
        self.on_change()

    def _say(self, kind: str, build: Callable[[], dict[str, Any]], later_s: float = 0.0, replaces: str = "") -> None:
        lesson = lesson_number()
        self._outbox.put(kind, lambda: {**build(), "lesson": lesson}, later_s, replaces)

    def _hear(self, kind: str, facts: dict[str, Any]) -> None:
        """What the lesson's tools tell. It is called in the learner's cell."""
        if kind in ("asked", "guess", "measured"):
            self._hear_question(kind, facts)
        elif kind == "check":
            result, self._function = facts["result"], facts["function"]
            if self.exercise != result.exercise:
                self.exercise = result.exercise
                self.on_change()
            self._say("check", functools.partial(_check_fields, result, _source(facts["function"])))
        elif kind == "result":
            self._say("result", lambda: _result_fields(facts["result"]), RESULT_S)

    def _hear_question(self, kind: str, facts: dict[str, Any]) -> None:
        choices = [choice[:MAX_CHOICE] for choice in facts["choices"][:MAX_CHOICES]]
        fields = {"question": facts["question"][:MAX_QUESTION], "choices": choices, "unit": facts["unit"][:MAX_NAME]}
        if kind != "asked":
            guess = facts["guess"]
            fields["guess"] = None if guess is None else guess[: MAX_CHOICE if choices else MAX_GUESS]
        if kind == "measured":
            fields["measured"] = facts["measured"][:MAX_GUESS]
        typed = kind == "guess" and not choices
        replaces = f"guess {fields['question']}" if kind == "guess" else ""
        self._say(kind, lambda: fields, TYPING_S if typed else 0.0, replaces)

    def __repr__(self) -> str:
        return f"<Membership {self.stage} as {self.name or 'nobody yet'!r}>"


def lesson_number() -> str:
    """The number of the lesson whose kernel this is, such as "04"; "" for another notebook."""
    name = re.split(r"[/\\]", os.environ.get(_NOTEBOOK_VARIABLE, ""))[-1]
    found = re.match(r"(\d\d)_", name)
    return found[1] if found else ""


def _source(function: object) -> str:
    try:
        return inspect.getsource(function)  # type: ignore[arg-type]
    except (OSError, TypeError):
        return ""


def _check_fields(result: Any, source: str) -> dict[str, Any]:
    """What a check has found. The code itself is not among it."""
    mistake = "" if is_given(result.exercise, source) else result.mistake
    return {"exercise": result.exercise[:MAX_NAME], "level": result.level, "levels": result.levels,
            "passed": result.passed, "mistake": mistake[:MAX_NAME]}  # fmt: skip


def _result_fields(result: Any) -> dict[str, Any]:
    """The medians of a measurement, with their intervals and how many samples there are."""
    medians = {}
    for name in result.subjects[:MAX_SUBJECTS]:
        low, high = result.interval(name)
        medians[name[:MAX_NAME]] = [result.median(name), low, high, len(result.samples(name))]
    return {"question": result.question[:MAX_QUESTION], "unit": result.unit[:MAX_NAME], "medians": medians}
