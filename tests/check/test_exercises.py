"""Each exercise passes its solution, is gentle to its stub, and names its traps."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.check import check, hint, solution
from labkit.check.exercise import Exercise, Sample
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.write_event_traps import Writer
from labkit.check.feedback import html, plain

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def test_the_exercises_come_in_the_order_of_the_lessons() -> None:
    assert list(EXERCISES) == [
        "missing_and_doubled", "split_lines", "build_events", "write_event", "listen", "answer_once", "doubled_events",
        "since", "next_wait", "held", "carry", "assemble", "break_even", "how_late", "cors_headers",
        "use_ticket", "route", "size", "join", "newest", "resume_call",
    ]  # fmt: skip


@every_exercise
def test_the_solution_passes_every_level(exercise: Exercise) -> None:
    result = check(exercise.name, solution(exercise.name))
    assert (result.passed, result.level, result.levels) == (True, 3, 3), result


def _cell(source: str, names: dict[str, Any]) -> None:
    """Runs the source as a cell does: no import of this file changes what it means."""
    exec(compile(source, "<cell>", "exec", dont_inherit=True), names)


def _notebook() -> dict[str, Any]:
    names: dict[str, Any] = {}
    _cell("from labkit.check import check, hint, solution", names)
    return names


@every_exercise
def test_the_stub_is_told_not_yet(exercise: Exercise) -> None:
    names = _notebook()
    _cell(exercise.stub, names)
    result = check(exercise.name, names[exercise.name])
    assert (result.passed, result.level) == (False, 0)
    assert "Not yet" in result.message
    assert f'hint("{exercise.name}")' in result.message


@every_exercise
def test_the_solution_runs_in_place_of_the_stub(exercise: Exercise) -> None:
    names = _notebook()
    _cell(exercise.stub, names)
    _cell(repr(solution(exercise.name)), names)
    _cell(f'result = check("{exercise.name}", {exercise.name})', names)
    assert names["result"].passed, names["result"]


@every_exercise
def test_the_example_of_the_stub_is_what_the_solution_gives(exercise: Exercise) -> None:
    names = _notebook()
    _cell(exercise.stub, names)
    described = ast.get_docstring(_definition(exercise.stub)) or ""
    (example,) = [line for line in described.splitlines() if re.match(rf"{exercise.name}\(.*\) -> ", line)]
    for line in exercise.imports:
        assert line in described
        _cell(line, names)
    _cell(repr(solution(exercise.name)), names)
    call, _, result = example.rpartition(" -> ")
    came, expected = eval(call, names), eval(result, names)
    read = exercise.read
    assert read(came, Sample((), _as_sample_expects(expected))) == read(
        expected, Sample((), _as_sample_expects(expected))
    )


def _as_sample_expects(expected: object) -> object:
    """What a sample expects for this example: how_late compares pairs with a tolerance."""
    return tuple(expected.items()) if isinstance(expected, dict) else expected


@every_exercise
def test_the_calls_that_hints_and_messages_print_work(exercise: Exercise) -> None:
    names = _notebook()
    for step in range(1, len(exercise.hints) + 1):
        _cell(f'given = hint("{exercise.name}", {step})', names)
        for call in re.findall(r"\b(?:solution|hint|check)\([^()]*\)", repr(names["given"])):
            _cell(f"assert repr({call})", names)
    assert f'solution("{exercise.name}")' in repr(names["given"])
    message = check(exercise.name, "no function").message
    (call,) = re.findall(r"check\(.*\)", message)
    _cell(exercise.stub, names)
    _cell(f"assert not {call}.passed", names)


@every_exercise
def test_no_backtick_is_shown(exercise: Exercise) -> None:
    for step in range(1, len(exercise.hints) + 1):
        given = hint(exercise.name, step)
        assert "`" not in repr(given) + given._repr_html_()
        assert given.marked.count("`") == 2 * given._repr_html_().count("<code>")
    for text in (exercise.praise, *(level.rule for level in exercise.levels), *(t.sentence for t in exercise.traps)):
        assert "`" not in plain(text) + html(text)
        assert "  " not in text


@every_exercise
def test_stub_and_solution_have_the_same_head(exercise: Exercise) -> None:
    stub, answer = _definition(exercise.stub), _definition(solution(exercise.name).source)
    assert ast.unparse(stub.args) == ast.unparse(answer.args)
    assert (ast.get_docstring(stub) or "").splitlines()[0] == ast.get_docstring(answer)
    assert exercise.stub.splitlines()[-1] == "    ..."


def _definition(source: str) -> ast.FunctionDef:
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    return definition


@every_exercise
def test_a_stub_fits_into_a_cell(exercise: Exercise) -> None:
    assert len(exercise.stub.splitlines()) <= 18  # of 20: an empty line and the call of check come after it
    assert max(map(len, exercise.stub.splitlines())) <= 120


@every_exercise
def test_samples_are_generated_the_same_each_time(exercise: Exercise) -> None:
    for level in exercise.levels:
        assert level.samples() == level.samples()
        assert len(level.samples()) >= 25


@every_exercise
def test_no_generated_sample_is_the_example_of_the_lessons(exercise: Exercise) -> None:
    examples = ("data: hello\n\n", ["data: hello", ""], "hello")
    generated = [sample for level in exercise.levels for sample in level.samples() if not sample.origin]
    assert not [sample for sample in generated if sample.args[0] in examples]


@pytest.mark.parametrize("name", ["split_lines", "build_events"])
def test_the_last_level_holds_the_44_vectors(name: str) -> None:
    origins = {sample.origin for sample in EXERCISES[name].levels[-1].samples()} - {""}
    assert len(origins) == 44


@every_exercise
def test_two_to_four_hints(exercise: Exercise) -> None:
    assert 2 <= len(exercise.hints) <= 4
    assert [hint(exercise.name, step=step).marked for step in (1, 2)] == list(exercise.hints[:2])
    assert f'solution("{exercise.name}")' in hint(exercise.name, step=9).text


def _a_generator(text: str) -> Iterator[str]:
    yield from EXERCISES["split_lines"].solution(text)  # type: ignore[misc]


def _tuples_of_lists(lines: list[str]) -> tuple[list[str], ...]:
    return tuple(list(row) for row in EXERCISES["build_events"].solution(lines))  # type: ignore[attr-defined]


def _bytes(data: str, event: str | None = None, id: str | None = None) -> bytes:
    return Writer().write(data, event, id).encode()


def _generators(ids: list[int]) -> tuple[Iterator[int], ...]:
    parts = EXERCISES["missing_and_doubled"].solution(ids)
    return tuple(iter(part) for part in parts)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("split_lines", _a_generator),
        ("split_lines", lambda text: tuple(_a_generator(text))),
        ("build_events", _tuples_of_lists),
        ("write_event", _bytes),
        ("write_event", lambda *given, **options: bytearray(_bytes(*given, **options))),
        ("missing_and_doubled", _generators),
    ],
)
def test_another_kind_of_sequence_is_fine(name: str, function: Callable[..., object]) -> None:
    assert check(name, function).passed


@pytest.mark.parametrize(
    ("name", "returned", "told"),
    [
        ("split_lines", "abc", "It returned a string of 3 characters; the check expects a list of lines."),
        ("split_lines", [b"a"], "Item 0 of the list is a bytes object of 1 byte; the check expects a string."),
        ("split_lines", {"a"}, "It returned a set of 1 string; the check expects a list of lines. A set has no order."),
        (
            "build_events",
            ["a"],
            "Item 0 of the list is a string of 1 character; the check expects a tuple of three strings: (type, data, ",
        ),
        (
            "build_events",
            [("a", "b")],
            "Item 0 of the list is a tuple of 2 strings; the check expects a tuple of three strings: (type, data, ",
        ),
        ("build_events", [("a", 1, "")], "The data in item 0 is a number (int); the check expects a string."),
        (
            "write_event",
            ["data: a"],
            "It returned a list of 1 string; the check expects the text of one event, a string.",
        ),
        ("write_event", "data: \ud800\n\n", "half of a surrogate pair"),
        ("write_event", "data: " + "x" * 2**21, "too large"),
        (
            "missing_and_doubled",
            [1, 2, 3],
            "It returned a list of 3 numbers; the check expects a tuple of two lists: (missing, doubled).",
        ),
        (
            "missing_and_doubled",
            ([1], {2}),
            "The part doubled is a set of 1 number; the check expects a list of numbers. A set has no order.",
        ),
        (
            "missing_and_doubled",
            (["1"], []),
            "Item 0 of missing is a string of 1 character; the check expects a whole number.",
        ),
    ],
)
def test_a_value_of_another_type_is_named(name: str, returned: object, told: str) -> None:
    result = check(name, lambda *given, **options: returned)
    assert not result.passed
    assert told in result.message
