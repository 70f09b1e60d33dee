"""The moments of a class: what may be said to a board, how long it may be, and what it looks like in the log."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.board.names import cleaned
from labkit.errors import NOT_JSON, LabError

#: The bounds, in characters, of what stands on a projector or in a report. An answer is a page of code.
MAX_QUESTION, MAX_CHOICE, MAX_GUESS, MAX_NAME, MAX_CODE, MAX_NOTICE = 400, 160, 160, 80, 6000, 200
MAX_CHOICES, MAX_SUBJECTS = 12, 20
MAX_AGO_S = 6 * 3600.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LESSON = re.compile(r"\d\d")


class BoardRefused(LabError):
    """A board does not take what was sent. `status` is that of the answer; sending it again would not help."""

    def __init__(self, why: str, status: int = 400, retry_after_s: float = 0.0) -> None:
        self.status, self.retry_after_s = status, retry_after_s
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened in a class: its `kind`, who did it, when (seconds since 1970), and its facts.

    `id` was made by whoever sent it, so that it counts once, however often it is sent. `who` is a learner's public
    number, or INSTRUCTOR.
    """

    kind: str
    who: str
    id: str = ""
    at_s: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The moment as it stands in the log; its kind is the event's type."""
        return json.dumps({"who": self.who, "id": self.id, "at_s": self.at_s, **self.facts})

    @classmethod
    def of(cls, kind: str, text: str) -> Moment:
        """The moment of such a text."""
        facts = json.loads(text)
        return cls(kind, facts.pop("who"), facts.pop("id"), facts.pop("at_s"), facts)


INSTRUCTOR = "instructor"

Check = Callable[[Any], Any]


def bounded_text(limit: int, lines: bool = False) -> Check:
    """A check of a text: at most so many characters, none of which steers a terminal or turns the writing round."""

    def check(value: object) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise ValueError(f"a text of at most {limit} characters")
        return cleaned(value, lines)

    return check


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise ValueError("a number")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise ValueError("a whole number from 0 to 1000")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _lesson(value: object) -> str:
    if value == "" or (isinstance(value, str) and _LESSON.fullmatch(value)):
        return str(value)
    raise ValueError("two digits, such as 04")


def _guess(value: object) -> str | None:
    return None if value is None else str(bounded_text(MAX_GUESS)(value))


def _choices(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_CHOICES:
        raise ValueError(f"a list of at most {MAX_CHOICES}")
    return list(map(bounded_text(MAX_CHOICE), value))


def _medians(value: object) -> dict[str, list[float]]:
    if not isinstance(value, dict) or len(value) > MAX_SUBJECTS:
        raise ValueError(f"at most {MAX_SUBJECTS} subjects")
    rows = {
        bounded_text(MAX_NAME)(name): list(map(_number, row)) for name, row in value.items() if isinstance(row, list)
    }
    if any(len(row) != 4 for row in rows.values()):
        raise ValueError("median, low, high and n of each")
    return rows


_QUESTION: dict[str, Check] = {
    "question": bounded_text(MAX_QUESTION),
    "choices": _choices,
    "unit": bounded_text(MAX_NAME),
}
#: What a learner may say, and the fields of it. Whatever else is sent is left out.
LEARNERS_KINDS: dict[str, dict[str, Check]] = {
    "asked": _QUESTION,
    "guess": {**_QUESTION, "guess": _guess},
    "measured": {**_QUESTION, "measured": bounded_text(MAX_GUESS), "guess": _guess},
    "check": {
        "exercise": bounded_text(MAX_NAME), "level": _count, "levels": _count, "passed": _flag,
        "mistake": bounded_text(MAX_NAME),
    },
    "result": {"question": bounded_text(MAX_QUESTION), "unit": bounded_text(MAX_NAME), "medians": _medians},
    "hand": {"notice": bounded_text(40)},
    "answer": {"exercise": bounded_text(MAX_NAME), "code": bounded_text(MAX_CODE, lines=True)},
    "leave": {},
}  # fmt: skip
#: What the instructor may say.
INSTRUCTORS_KINDS: dict[str, dict[str, Check]] = {
    "notice": {"text": bounded_text(MAX_NOTICE)},
    "lift": {"key": bounded_text(40), "lifted": _flag},
    "choose": {"key": bounded_text(40)},
    "show": {"learner": bounded_text(40), "exercise": bounded_text(MAX_NAME), "shown": _flag},
    "remove": {"learner": bounded_text(40)},
}


def read_moment(message: object, kinds: Mapping[str, dict[str, Check]], who: str, at_s: float) -> Moment:
    """The moment in a message, with those fields that its kind has. It happened at `at_s`, or `ago_s` before.

    Raises:
        BoardRefused: it is none; the sentence names the field.
    """
    if not isinstance(message, dict) or message.get("kind") not in kinds:
        raise BoardRefused(f"a message is an object whose kind is one of: {', '.join(kinds)}")
    id = message.get("id")
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise BoardRefused("a message has an id of its own: 1 to 40 letters, digits, _ or -")
    kind, facts = str(message["kind"]), dict[str, Any]()
    for name, check in {**kinds[kind], "lesson": _lesson}.items():
        try:
            facts[name] = check(message.get(name, "" if name == "lesson" else None))
        except ValueError as wanted:
            raise BoardRefused(f"{name} of a {kind!r} is {wanted}") from None
    if kind == "guess" and facts["choices"] and facts["guess"] not in (None, *facts["choices"]):
        raise BoardRefused("a guess is one of the choices")
    return Moment(kind, who, id, round(at_s - _ago_s(message.get("ago_s", 0)), 3), facts)  # as the log keeps it


def _ago_s(value: object) -> float:
    """How long ago it happened: a notebook may have been without a network since."""
    try:
        return min(max(_number(value), 0.0), MAX_AGO_S)
    except ValueError:
        raise BoardRefused("ago_s is a number of seconds") from None


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a request's body.

    Raises:
        BoardRefused: it is none.
    """
    try:
        value = json.loads(body)
    except NOT_JSON:
        value = None
    if not isinstance(value, dict):
        raise BoardRefused("the body is not a JSON object")
    return value


def question_key(question: str, choices: list[str], unit: str) -> str:
    """A short name for a question: the same in every notebook.

    >>> question_key("How many?", ["1", "2"], "")
    '82b8341e6ece'
    """
    return hashlib.sha256(json.dumps([question, choices, unit]).encode()).hexdigest()[:12]


def public_number(secret: str) -> str:
    """The number under which everybody may know a learner, from the secret that only the learner's kernel knows."""
    return hashlib.sha256(f"labkit board {secret}".encode()).hexdigest()[:12]
