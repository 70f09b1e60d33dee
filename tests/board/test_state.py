"""What a class looks like after its moments: pure, so no socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from labkit.board import state as state_module
from labkit.board.address import split_url
from labkit.board.buckets import Buckets
from labkit.board.moments import INSTRUCTORS_KINDS, LEARNERS_KINDS, BoardRefused, Moment, question_key, read_moment
from labkit.board.names import LETTERS, cleaned, new_code, nickname, read_code
from labkit.board.state import BoardFull, ClassState
from labkit.board.view import entities, public
from labkit.errors import LabError

QUESTION = {"question": "How many?", "choices": ["1", "2"], "unit": ""}
KEY = question_key("How many?", ["1", "2"], "")


def join(who: str, name: str = "") -> Moment:
    return Moment("join", who, "", 1.0, {"name": name or who})


def say(who: str, number: int, kind: str, at_s: float = 2.0, **facts: Any) -> Moment:
    return read_moment({"id": f"m{number}", "kind": kind, **facts}, LEARNERS_KINDS, who, at_s)


def command(number: int, kind: str, **facts: Any) -> Moment:
    return read_moment({"id": f"c{number}", "kind": kind, **facts}, INSTRUCTORS_KINDS, "instructor", 3.0)


def check(who: str, number: int, at_s: float, passed: bool, mistake: str = "") -> Moment:
    return say(
        who, number, "check", at_s, exercise="carry", level=3 if passed else 1, levels=3, passed=passed, mistake=mistake
    )


def seen(state: ClassState) -> str:
    return json.dumps([public(state, entity) for entity in entities(state)])


def test_the_last_guess_counts_and_each_message_once() -> None:
    state = ClassState([join("a"), join("b")])
    first = say("a", 1, "guess", **QUESTION, guess="1")
    for moment in (
        first,
        first,
        say("a", 2, "guess", **QUESTION, guess="2"),
        say("b", 1, "guess", **QUESTION, guess="2"),
        first,
    ):
        state.apply(moment)
    assert state.questions[KEY].votes == {"a": "2", "b": "2"}
    assert [learner.moments for learner in state.learners.values()] == [2, 1]


def test_covered_votes_are_not_in_what_is_sent_and_a_lifted_cover_shows_them() -> None:
    state = ClassState(
        [
            join("a"),
            say("a", 1, "guess", **QUESTION, guess="2"),
            say("a", 2, "measured", **QUESTION, measured="1", guess="2"),
        ]
    )
    covered = public(state, ("question", KEY))
    assert covered["voted"] == 1 and "votes" not in covered and "measured" not in covered
    state.apply(command(1, "lift", key=KEY, lifted=True))
    lifted = public(state, ("question", KEY))
    assert lifted["votes"] == {"1": 0, "2": 1} and lifted["measured"] == "1"


def test_an_exercise_has_its_time_its_tries_and_its_mistakes_and_is_passed_once() -> None:
    state = ClassState([
        join("a"), check("a", 1, 10.0, False, "no JSON"), check("a", 2, 70.0, False, "no JSON"), check("a", 3, 190.0, True),
        check("a", 4, 900.0, False, "no JSON"),  # who plays on afterwards has passed all the same
    ])  # fmt: skip
    attempt = state.learners["a"].exercises["carry"]
    assert (attempt.since_s, attempt.passed_s, attempt.tries, attempt.mistakes) == (10.0, 190.0, 3, ["no JSON"] * 2)
    assert public(state, ("learner", "a"))["passed"] == ["carry"]


def test_code_stays_covered_until_it_is_shown() -> None:
    state = ClassState(
        [join("a"), check("a", 1, 1.0, True), say("a", 2, "answer", exercise="carry", code="def carry():\n\treturn 1")]
    )
    assert "code" not in public(state, ("answer", "a carry"))
    state.apply(command(1, "show", learner="a", exercise="carry", shown=True))
    assert public(state, ("answer", "a carry"))["code"] == "def carry():\n\treturn 1"


def test_who_is_removed_takes_votes_questions_and_answers_along() -> None:
    state = ClassState([
        join("a"), join("b"), check("a", 1, 1.0, True), say("a", 2, "answer", exercise="carry", code="x"),
        say("a", 3, "guess", **QUESTION, guess="1"), say("b", 1, "guess", **QUESTION, guess="2"),
        say("a", 4, "asked", question="Rude?", choices=[], unit=""),
    ])  # fmt: skip
    changed = state.apply(command(1, "remove", learner="a"))
    shown = {entity: public(state, entity) for entity in changed}
    assert shown["learner", "a"] == {"id": "a", "gone": True} and shown["answer", "a carry"]["gone"]
    assert shown["question", question_key("Rude?", [], "")]["gone"] and shown["question", KEY]["voted"] == 1


def test_a_hand_is_raised_once_and_to_this_notice_only() -> None:
    state = ClassState([join("a"), command(1, "notice", text="who has 503?"), say("a", 1, "hand", notice="c1"),
                        say("a", 2, "hand", notice="c1"), say("a", 3, "hand", notice="other")])  # fmt: skip
    assert public(state, ("notice", ""))["hands"] == ["a"]
    state.apply(command(2, "notice", text="look at cell 14"))
    assert public(state, ("notice", ""))["hands"] == []


def test_what_the_log_holds_gives_the_same_board() -> None:
    rng = Random(4)
    moments = [join(who) for who in "abc"]
    for number in range(200):
        who = rng.choice("abc")
        moments.append(rng.choice([
            say(who, number, "guess", **QUESTION, guess=rng.choice(["1", "2", None])), check(who, number, number, rng.random() < 0.2, "late"),
            command(number, "lift", key=KEY, lifted=rng.random() < 0.5), say(who, number, "leave"), join(who),
            say(who, number, "measured", **QUESTION, measured="1", guess=None, lesson="04"), command(number, "notice", text="now"),
        ]))  # fmt: skip
    live, once_more = ClassState(), [Moment.of(moment.kind, moment.text()) for moment in moments]
    for moment in moments:
        live.apply(moment)
        live.apply(moment)  # a retry
    assert seen(ClassState(once_more)) == seen(live)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"kind": "lift", "id": "1", "key": KEY, "lifted": True}, "kind is one of: asked"),  # a learner who plays instructor
        ({"kind": "guess", "id": "", **QUESTION, "guess": "1"}, "an id of its own"),
        ({"kind": "guess", "id": "1", **QUESTION, "guess": "3"}, "one of the choices"),
        ({"kind": "guess", "id": "1", "question": "x" * 401, "choices": [], "unit": "", "guess": "1"}, "question of a 'guess' is"),
        ({"kind": "guess", "id": "1", "question": "x", "choices": ["x"] * 13, "unit": "", "guess": "1"}, "choices of a 'guess'"),
        ({"kind": "check", "id": "1", "exercise": "x", "level": 1e9, "levels": 1, "passed": True, "mistake": ""}, "level of a 'check'"),
        ({"kind": "result", "id": "1", "question": "x", "unit": "ms", "medians": {"SSE": [1, 2, float("nan"), 4]}}, "medians of"),
        ({"kind": "leave", "id": "1", "lesson": "../x"}, "two digits"),
        ({"kind": "leave", "id": "1", "ago_s": "long"}, "ago_s"),
        ([], "a message is an object"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_with_the_field(message: object, sentence: str) -> None:
    with pytest.raises(BoardRefused, match=sentence):
        read_moment(message, LEARNERS_KINDS, "a", 1.0)


def test_what_happened_while_the_network_was_away_keeps_its_time() -> None:
    assert read_moment({"kind": "leave", "id": "1", "ago_s": 90}, LEARNERS_KINDS, "a", 1000.0).at_s == 910.0
    assert (
        read_moment({"kind": "leave", "id": "1", "ago_s": -90}, LEARNERS_KINDS, "a", 1000.0).at_s == 1000.0
    )  # no future


def test_the_board_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_LEARNERS", "MAX_MOMENTS", "MAX_OWN_QUESTIONS", "MAX_EXERCISES"):
        monkeypatch.setattr(state_module, name, 2)
    state = ClassState([join("a"), join("b")])
    with pytest.raises(BoardFull, match="learners"):
        state.check_room(join("c"))
    state.check_room(join("a"))  # who is there comes back
    shown = ClassState([join("a"), *(say("a", n, "answer", exercise=f"e{n}", code="x") for n in range(2))])
    monkeypatch.setattr(state_module, "MAX_MOMENTS", 20)
    with pytest.raises(BoardFull, match="answers"):
        shown.check_room(say("a", 9, "answer", exercise="e9", code="x"))
    shown.check_room(say("a", 9, "answer", exercise="e1", code="another"))
    monkeypatch.setattr(state_module, "MAX_MOMENTS", 2)
    for number in range(2):
        state.apply(say("a", number, "asked", question=f"{number}?", choices=[], unit=""))
    with pytest.raises(BoardFull, match="enough"):
        state.check_room(say("a", 9, "leave"))
    state.check_room(say("b", 9, "leave"))  # one learner's flood is no other's


def test_names_are_short_own_and_say_nothing_to_the_screen() -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e\u0000\x1b[31m" + "e" + "\u0301" * 50
    name = nickname(hostile, ())
    assert len(name) <= 20 and name == "<img src=x onerror=a"
    assert cleaned(hostile).endswith("[31mé\u0301\u0301")  # three marks on a letter are a tower
    assert cleaned("\ud800a\u200b\u2028b") == "a b"
    assert [nickname("Fox", {"fox", "fox 2"}), nickname(" \u202e ", {"fox"})] == ["Fox 3", "heron"]


def test_a_code_is_read_as_it_is_typed() -> None:
    code = new_code()
    assert len(code) == 6 and set(code) <= set(LETTERS) and read_code(f" {code[:3]}-{code[3:]} ".lower()) == code
    assert not set(LETTERS) & set("AEIOU0158BGLS2")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("http://10.0.0.5:8090/KMPR7T", ("http://10.0.0.5:8090/", "KMPR7T")),
        ("10.0.0.5:8090/#kmpr7t", ("http://10.0.0.5:8090/", "KMPR7T")),
        ("http://10.0.0.5:8090", ("http://10.0.0.5:8090/", "")),
        ("https://hub.example/user/x/proxy/8090/KMPR7T", ("https://hub.example/user/x/proxy/8090/", "KMPR7T")),
        ("https://hub.example/board/", ("https://hub.example/board/", "")),
    ],
)
def test_an_address_is_read_with_its_code(typed: str, found: tuple[str, str]) -> None:
    assert split_url(typed) == found


@pytest.mark.parametrize("typed", ["", "http://", "ftp://x/KMPR7T", "http://x:99999/"])
def test_what_is_no_address_is_a_sentence(typed: str) -> None:
    with pytest.raises(LabError, match="One looks like"):
        split_url(typed)


def test_a_bucket_fills_again_and_is_one_owners_own() -> None:
    now_s = 0.0
    clock: Callable[[], float] = lambda: now_s  # noqa: E731
    buckets = Buckets(3, 0.5, clock)
    buckets.take("a", 3)
    assert (buckets.wait_s("a"), buckets.wait_s("b")) == (2.0, 0.0)
    now_s = 2.0
    assert buckets.wait_s("a") == 0.0
