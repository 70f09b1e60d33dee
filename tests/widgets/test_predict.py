from __future__ import annotations

from labkit.widgets import predict


def test_no_guess_is_an_answer_too() -> None:
    question = predict("How many?", ["1", "2"])
    assert question.guess is None
    assert repr(question.compare(2)) == "measured: 2   (no guess)"


def test_the_guess_is_shown_beside_the_measurement() -> None:
    question = predict("How many?", ["1", "2"])
    question._buttons.value = "1"
    assert repr(question.compare(2)) == "measured: 2   you guessed: 1   ✗ surprised? Read on"
    assert repr(question.compare("1")) == "measured: 1   you guessed: 1   ✓ as you said"


def test_readers_without_a_kernel_see_question_and_choices() -> None:
    question = predict(
        "A question that is a good deal longer than the 110 characters at which ipywidgets cuts " * 2, ["x"]
    )
    assert question._repr_mimebundle_()["text/plain"] == repr(question)
    assert repr(question).endswith("  ( ) x")
