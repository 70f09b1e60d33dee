from __future__ import annotations

import pytest

from labkit.widgets import predict


def test_no_guess_is_an_answer_too() -> None:
    question = predict("How many?", ["1", "2"])
    assert question.guess is None
    assert repr(question.compare(2)) == "measured: 2   (no guess)"


def test_the_guess_is_shown_beside_the_measurement() -> None:
    question = predict("How many?", ["1", "2"])
    question.value = "1"
    assert repr(question.compare(2)) == "measured: 2   you guessed: 1   ✗ surprised? Read on"
    assert repr(question.compare("1")) == "measured: 1   you guessed: 1   ✓ as you said"


def test_readers_without_a_kernel_see_question_and_choices() -> None:
    question = predict(
        "A question that is a good deal longer than the 110 characters at which ipywidgets cuts " * 2, ["x"]
    )
    assert question._repr_mimebundle_()[0]["text/plain"] == repr(question)
    assert repr(question).endswith("  ( ) x")


def test_text_has_no_backticks_and_the_guess_is_what_the_lesson_wrote() -> None:
    question = predict("`withCredentials`, and the server allows `*`. A ` alone?", ["the `cookie`", "none"])
    assert repr(question) == (
        "Your guess: withCredentials, and the server allows *. A ` alone?\n  ( ) the cookie\n  ( ) none"
    )
    question.value = "the `cookie`"
    assert question.guess == "the `cookie`"
    assert repr(question.compare("the `cookie`")) == ("measured: the cookie   you guessed: the cookie   ✓ as you said")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "measured: 3 s   (no guess)"),
        ("3.1", "measured: 3 s   you guessed: 3.1 s   ✓ well guessed"),
        ("1,5 s", "measured: 3 s   you guessed: 1.5 s   ✗ 2 times too little"),
        ("30", "measured: 3 s   you guessed: 30 s   ✗ 10 times too much"),
        ("0", "measured: 3 s   you guessed: 0 s   ✗ too little"),
        ("soon", "measured: 3 s   you guessed: soon   which is not a number"),
    ],
)
def test_a_number_can_be_guessed(typed: str, said: str) -> None:
    question = predict("How long?", unit="s")
    assert repr(question) == "Your guess: How long?\n  ____ s"
    question.value = typed
    assert repr(question.compare(3.0)) == said


def test_zero_is_guessed_well_by_zero() -> None:
    question = predict("How many?")
    question.value = "0"
    assert repr(question.compare(1000)) == "measured: 1,000   you guessed: 0   ✗ too little"
    assert repr(question.compare(0)) == "measured: 0   you guessed: 0   ✓ well guessed"
