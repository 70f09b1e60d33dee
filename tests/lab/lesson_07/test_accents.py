"""Two answers in one stream: they come by turns, and each must stay whole."""

from __future__ import annotations

from labkit.dialects import ModelAnswer
from labkit.lab.lesson_07.accents import ACCENTS, SAID, by_format, by_habit
from labkit.wire import Decoder, Event

TWO = ACCENTS["two answers at once (n=2)"]


def test_the_place_in_the_list_mixes_two_answers_and_the_index_does_not() -> None:
    assert by_habit(TWO) == "CuriouserNo and comment curiouser.!"
    assert by_format(TWO) == "".join(SAID)


def test_the_lab_reads_each_accent_and_no_oddity_in_it() -> None:
    for name, raw in ACCENTS.items():
        answer = ModelAnswer()
        for event in Decoder().feed(raw):
            if isinstance(event, Event):
                answer.feed_event(event)
        answer.close()
        texts = [choice.text for choice in answer.choices.values()]
        assert texts == ["".join(SAID), "No comment."][: 1 + (raw is TWO)], name
        assert (answer.ending, answer.notes) == ("finished", []), name
