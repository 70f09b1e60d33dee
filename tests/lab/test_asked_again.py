"""How often one page asks, before replies that do and do not stop it."""

from __future__ import annotations

import asyncio

import pytest

from labkit.lab.asked_again import Asked, questions
from labkit.wire import Frame

pytestmark = pytest.mark.live

SAID = [Frame(data=text, id=str(number)) for number, text in enumerate(("a", "b", "c"), 1)]


def test_a_reply_that_never_ends_is_asked_again() -> None:
    asked = asyncio.run(questions(lambda last: (200, SAID)))
    assert asked.answers > 3 and set(asked.statuses) == {200}
    assert repr(asked) == "many requests, many answers generated; the last reply had status 200"


def test_an_event_that_ends_it_is_one_cure_and_204_the_other() -> None:
    ended = [*SAID, Frame(event="done", data="{}")]
    asked = asyncio.run(questions(lambda last: (200, ended), closes_on="done"))
    assert repr(asked) == "one request, one answer generated; the last reply had status 200" and asked.text == "abc"
    asked = asyncio.run(questions(lambda last: (204, []) if last == "3" else (200, SAID)))
    assert repr(asked) == "2 requests, one answer generated; the last reply had status 204" and asked.text == "abc"


def test_what_is_wrong_with_a_reply_is_told() -> None:
    for reply, sentence in (
        (lambda last: 1 / 0, "reply('') raised ZeroDivisionError"),
        (lambda last: None, "and not None"),
        (lambda last: (200, ["text"]), "reply('') raised TypeError: it returns a status"),
    ):
        assert sentence in repr(asyncio.run(questions(reply)))  # type: ignore[arg-type]
    assert repr(Asked()) == "0 requests, 0 answers generated"
