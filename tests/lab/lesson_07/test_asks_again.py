"""How often one page asks, before replies that do and do not stop it."""

from __future__ import annotations

import asyncio

import pytest

from labkit.lab.lesson_07.asks_again import PageQuestions, questions
from labkit.wire import Frame

pytestmark = pytest.mark.live

SAID = [Frame(data=text, id=str(number)) for number, text in enumerate(("a", "b", "c"), 1)]


def test_a_reply_that_never_ends_is_asked_again() -> None:
    asked = asyncio.run(questions(lambda last: (200, SAID)))
    assert asked.answers > 3 and set(asked.statuses) == {200}
    assert repr(asked).startswith("many requests, many answers generated; the page shows 'abcabc")
    asked = asyncio.run(questions(lambda last: (200, [Frame(data="a")])))
    assert repr(asked).endswith("had status 200; its events carry no id")


def test_an_event_that_ends_it_is_one_cure_and_204_the_other() -> None:
    ended = [*SAID, Frame(event="done", data="{}")]
    asked = asyncio.run(questions(lambda last: (200, ended), closes_on="done"))
    assert repr(asked) == "one request, one answer generated; the page shows it whole; the last reply had status 200"
    asked = asyncio.run(questions(lambda last: (204, []) if last == "3" else (200, SAID)))
    assert repr(asked) == "2 requests, one answer generated; the page shows it whole; the last reply had status 204"


def test_a_page_that_was_cut_must_get_the_rest() -> None:
    def rest(last: str) -> tuple[int, list[Frame]]:
        frames = SAID[int(last or 0) :]
        return (200, frames) if frames else (204, [])

    asked = asyncio.run(questions(rest, cut_after=2))
    assert repr(asked) == "3 requests, one answer generated; the page shows it whole; the last reply had status 204"
    asked = asyncio.run(questions(lambda last: (204, []) if last else (200, SAID), cut_after=2))
    assert "one answer generated; the page shows 'ab'" in repr(asked)


def test_what_is_wrong_with_a_reply_is_told() -> None:
    for reply, sentence in (
        (lambda last: 1 / 0, "reply('') raised ZeroDivisionError"),
        (lambda last: None, "and not None"),
        (lambda last: (200, ["text"]), "reply('') raised TypeError: it returns a status"),
    ):
        assert sentence in repr(asyncio.run(questions(reply)))  # type: ignore[arg-type]
    assert repr(PageQuestions()).startswith("0 requests, 0 answers generated")
