"""Each exercise passes its solution, is gentle to its stub, and names its traps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.check import check, hint, solution
from labkit.check.exercise import Exercise, Trap
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.build_events_traps import _Reader
from labkit.check.exercises.write_event_traps import _Writer
from labkit.check.run import run_once

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
every_trap = pytest.mark.parametrize(
    ("exercise", "trap"),
    [
        pytest.param(exercise, trap, id=f"{name}-{trap.name}")
        for name, exercise in EXERCISES.items()
        for trap in exercise.traps
    ],
)


def test_the_exercises_come_in_the_order_of_the_lessons() -> None:
    assert list(EXERCISES) == [
        "split_lines", "build_events", "write_event", "listen", "answer_once", "missing_and_doubled", "doubled_events",
        "since", "next_wait", "held", "carry", "assemble", "break_even", "how_late", "cors_headers",
    ]  # fmt: skip


@every_exercise
def test_the_solution_passes_every_level(exercise: Exercise) -> None:
    result = check(exercise.name, solution(exercise.name))
    assert (result.passed, result.level, result.levels) == (True, 3, 3), result


@every_exercise
def test_the_stub_is_told_not_yet(exercise: Exercise) -> None:
    names: dict[str, Any] = {}
    exec(exercise.stub, names)
    result = check(exercise.name, names[exercise.name])
    assert (result.passed, result.level) == (False, 0)
    assert "Not yet" in result.message


@every_exercise
def test_stub_and_solution_have_the_same_head(exercise: Exercise) -> None:
    assert exercise.stub.splitlines()[:2] == solution(exercise.name).source.splitlines()[:2]
    assert exercise.stub.splitlines()[2:] == ["    ..."]


@every_exercise
def test_the_solution_that_is_shown_runs_by_itself(exercise: Exercise) -> None:
    names: dict[str, Any] = {}
    exec(repr(solution(exercise.name)), names)
    assert check(exercise.name, names[exercise.name]).passed


@every_trap
def test_a_trap_is_caught_and_named(exercise: Exercise, trap: Trap) -> None:
    result = check(exercise.name, trap.function)
    assert not result.passed
    assert trap.sentence in result.message


@every_trap
def test_what_is_shown_is_the_shortest_sample_that_went_wrong(exercise: Exercise, trap: Trap) -> None:
    result = check(exercise.name, trap.function)
    wrong = [
        sample
        for sample in exercise.levels[result.level].samples()
        if run_once(trap.function, sample, exercise.read).value != sample.expected
    ]
    shortest = min(wrong, key=lambda sample: len(sample.call("")))
    assert f"  input     {shortest.call(exercise.name)}\n" in result.message


@every_trap
def test_the_levels_before_the_mistake_count(exercise: Exercise, trap: Trap) -> None:
    result = check(exercise.name, trap.function)
    assert f"Level {result.level + 1} of 3 (" in result.message
    assert f": {result.level} of 3 levels passed" in repr(result)


@every_exercise
def test_sentences_differ(exercise: Exercise) -> None:
    assert len({trap.sentence for trap in exercise.traps}) == len({trap.name for trap in exercise.traps}) >= 6
    assert len(exercise.traps) == len({trap.name for trap in exercise.traps})


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
    assert [hint(exercise.name, step=step).text for step in (1, 2)] == list(exercise.hints[:2])
    assert f'solution("{exercise.name}")' in hint(exercise.name, step=9).text


@pytest.mark.parametrize(
    ("name", "function"), [("build_events", _Reader().read), ("write_event", _Writer().write)], ids=["reader", "writer"]
)
def test_what_the_traps_change_is_right(name: str, function: Callable[..., object]) -> None:
    assert check(name, function).passed


# Mistakes that have no sentence of their own must be caught all the same.


class _ClearsIdAtNul(_Reader):
    def field(self, field: str, value: str) -> None:
        super().field(field, "" if field == "id" and "\0" in value else value)


class _CutsNul(_Reader):
    def field(self, field: str, value: str) -> None:
        super().field(field, value.replace("\0", "") if field == "data" else value)


class _AnyCase(_Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        field, value = super().split_line(line)
        return field.lower(), value


class _StripsField(_Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        field, value = super().split_line(line)
        return field.strip(), value


class _StripsMark(_Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line.lstrip("\ufeff"))


class _NeedsColon(_Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line) if ":" in line else ("", "")


class _IdNeedsValue(_Reader):
    def takes_id(self, value: str) -> bool:
        return bool(value) and "\0" not in value


class _IdNeedsData(_Reader):
    def blank(self) -> None:
        if not self.data and self.events:
            self.id = self.events[-1][2]
        super().blank()


class _FirstTypeWins(_Reader):
    def field(self, field: str, value: str) -> None:
        if field != "event" or not self.type:
            super().field(field, value)


class _CommentIsData(_Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line.removeprefix(":"))


class _StripsData(_Reader):
    def join_data(self) -> str:
        return super().join_data().strip("\n")


@pytest.mark.parametrize(
    "reader",
    [
        _ClearsIdAtNul, _CutsNul, _AnyCase, _StripsField, _StripsMark, _NeedsColon, _IdNeedsValue, _IdNeedsData,
        _FirstTypeWins, _CommentIsData, _StripsData,
    ],
)  # fmt: skip
def test_other_readers_that_are_wrong_do_not_pass(reader: type[_Reader]) -> None:
    assert not check("build_events", reader().read).passed


class _NoTypeLine(_Writer):
    def head(self, field: str, value: str | None) -> str:
        return "" if field == "event" else super().head(field, value)


class _NoIdLine(_Writer):
    def head(self, field: str, value: str | None) -> str:
        return "" if field == "id" else super().head(field, value)


class _RefusesId(_Writer):
    def checked(self, field: str, value: str) -> str:
        return super().checked("id", value) if field == "id" else value


class _TwoSpaces(_Writer):
    mark = "data:  "


class _NoTail(_Writer):
    def lines(self, data: str) -> list[str]:
        return super().lines(data.rstrip("\n"))


@pytest.mark.parametrize("writer", [_NoTypeLine, _NoIdLine, _RefusesId, _TwoSpaces, _NoTail])
def test_other_writers_that_are_wrong_do_not_pass(writer: type[_Writer]) -> None:
    assert not check("write_event", writer().write).passed


@pytest.mark.parametrize(
    "function",
    [
        lambda text: [line.rstrip("\r") for line in text.split("\n")[:-1]],
        lambda text: text.replace("\n\r", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1],
        lambda text: [line.decode("utf-8", "replace") for line in text.encode().splitlines()],
        lambda text: solution("split_lines")(text.lstrip()),
    ],
)
def test_other_splitters_that_are_wrong_do_not_pass(function: Callable[[str], list[str]]) -> None:
    assert not check("split_lines", function).passed


def _a_generator(text: str) -> Iterator[str]:
    yield from EXERCISES["split_lines"].solution(text)  # type: ignore[misc]


def _tuples_of_lists(lines: list[str]) -> tuple[list[str], ...]:
    return tuple(list(row) for row in EXERCISES["build_events"].solution(lines))  # type: ignore[attr-defined]


def _bytes(data: str, event: str | None = None, id: str | None = None) -> bytes:
    return _Writer().write(data, event, id).encode()


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
        ("split_lines", "abc", "It returned a str, not a list of lines."),
        ("split_lines", [b"a"], "Item 0 of the list is a bytes, not a str."),
        ("split_lines", {"a"}, "It returned a set, not a list of lines. A set has no order."),
        ("build_events", ["a"], "Item 0 of the list is a str, not a tuple"),
        ("build_events", [("a", "b")], "Item 0 of the list has 2 parts, not three"),
        ("build_events", [("a", 1, "")], "The data in item 0 is an int, not a str."),
        ("write_event", ["data: a"], "It returned a list, not a str or bytes."),
        ("write_event", "data: \ud800\n\n", "half of a surrogate pair"),
        ("write_event", "data: " + "x" * 2**21, "too large"),
        ("missing_and_doubled", [1, 2, 3], "It returned 3 things, not a tuple of two lists"),
        ("missing_and_doubled", ([1], {2}), "It returned a set, not a list, as `doubled`."),
        ("missing_and_doubled", (["1"], []), "Item 0 of `missing` is a str, not an int."),
    ],
)
def test_a_value_of_another_type_is_named(name: str, returned: object, told: str) -> None:
    result = check(name, lambda *given, **options: returned)
    assert not result.passed
    assert told in result.message


def test_an_answer_that_no_trap_gives_is_told_the_rule() -> None:
    result = check("split_lines", lambda text: ["?"])
    rule = EXERCISES["split_lines"].levels[0].rule
    assert f"The result is wrong. {rule}" in result.message


def test_a_case_of_the_truth_table_is_told_by_name() -> None:
    def loses_a_stream(lines: list[str]) -> object:
        return [] if "data:1" in lines else EXERCISES["build_events"].solution(lines)

    result = check("build_events", loses_a_stream)
    assert "  case      " in result.message


def test_of_two_mistakes_the_sample_shows_the_one_that_is_named() -> None:
    def strips_and_drops(text: str) -> list[str]:
        return [line.strip() for line in text.split("\n")[:-1] if line]

    result = check("split_lines", strips_and_drops)
    strips = next(trap for trap in EXERCISES["split_lines"].traps if trap.name == "strips")
    assert strips.sentence in result.message
    assert "  input     split_lines('two after  \\n')\n  came      ['two after']\n" in result.message


@pytest.mark.parametrize("returned", [[], [""], [("message", "", "")], "", "data: x\n\n", ([], [])])
@every_exercise
def test_an_answer_that_is_always_the_same_is_accused_of_nothing(exercise: Exercise, returned: object) -> None:
    result = check(exercise.name, lambda *given, **options: returned)
    assert not result.passed
    assert not [trap.name for trap in exercise.traps if trap.sentence in result.message]
