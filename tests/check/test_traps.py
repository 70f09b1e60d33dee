"""Each trap is caught and named, and nobody is accused of what their function does not do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from labkit.check import CheckResult, check, solution
from labkit.check.exercise import Exercise, Sample
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.assemble_reader import AnswerReader
from labkit.check.exercises.build_events_traps import Reader
from labkit.check.exercises.cors_headers_origins import difference
from labkit.check.exercises.write_event_traps import Writer
from labkit.check.feedback import plain
from labkit.check.limits import Limits
from labkit.check.run import run_once

every_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
every_trap = pytest.mark.parametrize(
    ("exercise", "sentence", "function"),
    [
        pytest.param(exercise, plain(trap.sentence), function, id=f"{name}-{trap.name}-{number}")
        for name, exercise in EXERCISES.items()
        for trap in exercise.traps
        for number, function in enumerate(trap.functions)
    ],
)
TrapFunction = Callable[..., object]
#: What comes from a sample and from nowhere else: a host, an origin, an id.
GIVEN = re.compile(r"https?://\w[\w.:-]*|[\w-]+(?:\.[\w-]+)*\.(?:example|com|net|org)\b|\b[\w-]+-\d+\b")
#: Which are words of the sentences all the same.
WORDS = {"UTF-8", "Latin-1"}


@every_trap
def test_a_trap_is_caught_and_named_and_shown(
    in_this_process: Limits, exercise: Exercise, sentence: str, function: TrapFunction
) -> None:
    result = check(exercise.name, function, limits=in_this_process)
    assert not result.passed
    assert sentence in result.message
    assert f"Level {result.level + 1} of 3 (" in result.message
    assert f": {result.level} of 3 levels passed" in repr(result)
    assert "✓" not in repr(result)
    assert exercise.praise not in repr(result)
    wrong = [
        sample
        for sample in exercise.levels[result.level].samples()
        if run_once(function, sample, exercise.read).value != sample.expected
    ]
    shortest = min(wrong, key=lambda sample: len(sample.call("")))
    assert f"  input     {shortest.call(exercise.name)[:200]}" in result.message
    told, _, facts = result.message.partition("\n")
    assert not [name for name in GIVEN.findall(told) if name not in facts and name not in WORDS]


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("https://example.org:8443", "`https://example.org:8443` has another port, and there may be another owner."),
        ("https://example.org.evil.example", "Anybody may own `example.org.evil.example`."),
        ("https://evil-example.org", "Anybody may own `evil-example.org`."),
        ("http://example.org", "`http://` is another origin than `https://`."),
        ("https://example.org/", "Browsers send no slash at the end, so not `https://example.org/`."),
        ("HTTPS://EXAMPLE.ORG", "Browsers write an origin in lower case, and never `HTTPS://EXAMPLE.ORG`."),
        ("null", "Here it is `null`, and no page has that."),
        ("", "Here it is empty."),
    ],
)
def test_an_origin_that_is_alike_is_told_how_it_differs(origin: str, told: str) -> None:
    assert difference(Sample((origin, ["https://lab.test", "https://example.org"]), {})) == told


@every_exercise
def test_sentences_differ(exercise: Exercise) -> None:
    assert len({trap.sentence for trap in exercise.traps}) == len({trap.name for trap in exercise.traps}) >= 12
    assert len(exercise.traps) == len({trap.name for trap in exercise.traps})


@pytest.mark.parametrize(
    ("name", "function"),
    [("build_events", Reader().read), ("write_event", Writer().write), ("assemble", AnswerReader().read)],
    ids=["reader", "writer", "answer reader"],
)
def test_what_the_traps_change_is_right(name: str, function: Callable[..., object]) -> None:
    assert check(name, function).passed


# Mistakes that have no sentence of their own must be caught all the same.


class _ClearsIdAtNul(Reader):
    def field(self, field: str, value: str) -> None:
        super().field(field, "" if field == "id" and "\0" in value else value)


class _CutsNul(Reader):
    def field(self, field: str, value: str) -> None:
        super().field(field, value.replace("\0", "") if field == "data" else value)


class _AnyCase(Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        field, value = super().split_line(line)
        return field.lower(), value


class _StripsField(Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        field, value = super().split_line(line)
        return field.strip(), value


class _StripsMark(Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line.lstrip("\ufeff"))


class _NeedsColon(Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line) if ":" in line else ("", "")


class _IdNeedsValue(Reader):
    def takes_id(self, value: str) -> bool:
        return bool(value) and "\0" not in value


class _IdNeedsData(Reader):
    def blank(self) -> None:
        if not self.data and self.events:
            self.id = self.events[-1][2]
        super().blank()


class _FirstTypeWins(Reader):
    def field(self, field: str, value: str) -> None:
        if field != "event" or not self.type:
            super().field(field, value)


class _CommentIsData(Reader):
    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line.removeprefix(":"))


class _StripsData(Reader):
    def join_data(self) -> str:
        return super().join_data().strip("\n")


@pytest.mark.parametrize(
    "reader",
    [
        _ClearsIdAtNul, _CutsNul, _AnyCase, _StripsField, _StripsMark, _NeedsColon, _IdNeedsValue, _IdNeedsData,
        _FirstTypeWins, _CommentIsData, _StripsData,
    ],
)  # fmt: skip
def test_other_readers_that_are_wrong_do_not_pass(reader: type[Reader]) -> None:
    assert not check("build_events", reader().read).passed


class _NoTypeLine(Writer):
    def head(self, field: str, value: str | None) -> str:
        return "" if field == "event" else super().head(field, value)


class _NoIdLine(Writer):
    def head(self, field: str, value: str | None) -> str:
        return "" if field == "id" else super().head(field, value)


class _RefusesId(Writer):
    def checked(self, field: str, value: str) -> str:
        return super().checked("id", value) if field == "id" else value


class _TwoSpaces(Writer):
    mark = "data:  "


class _NoTail(Writer):
    def lines(self, data: str) -> list[str]:
        return super().lines(data.rstrip("\n"))


@pytest.mark.parametrize("writer", [_NoTypeLine, _NoIdLine, _RefusesId, _TwoSpaces, _NoTail])
def test_other_writers_that_are_wrong_do_not_pass(writer: type[Writer]) -> None:
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


def test_an_answer_that_no_trap_gives_is_told_the_rule() -> None:
    result = check("split_lines", lambda text: ["?"])
    rule = EXERCISES["split_lines"].levels[0].rule
    assert f"The result is not the expected one. {plain(rule)}" in result.message


def test_a_case_of_the_truth_table_is_told_by_name() -> None:
    def loses_a_stream(lines: list[str]) -> object:
        return [] if "data:1" in lines else EXERCISES["build_events"].solution(lines)

    result = check("build_events", loses_a_stream)
    assert "  case      " in result.message


def test_of_two_mistakes_that_mix_one_is_named_with_a_sample_that_shows_it() -> None:
    def strips_and_drops(text: str) -> list[str]:
        return [line.strip() for line in text.split("\n")[:-1] if line]

    result = check("split_lines", strips_and_drops)
    assert _named(result) == ["drops empty lines"]
    assert "  came      []\n" in result.message


def test_a_mistake_beside_one_that_has_no_name_is_not_named() -> None:
    def drops_and_shouts(text: str) -> list[str]:
        return [line.upper() for line in text.split("\n")[:-1] if line]

    assert _named(check("split_lines", drops_and_shouts)) == []


@pytest.mark.parametrize("returned", [[], [""], [("message", "", "")], "", "data: x\n\n", ([], [])])
@every_exercise
def test_an_answer_that_is_always_the_same_is_accused_of_nothing(
    in_this_process: Limits, exercise: Exercise, returned: object
) -> None:
    result = check(exercise.name, lambda *given, **options: returned, limits=in_this_process)
    assert not result.passed
    assert _named(result) == []


def _named(result: CheckResult) -> list[str]:
    """The names of the traps whose sentence is said."""
    return [trap.name for trap in EXERCISES[result.exercise].traps if plain(trap.sentence) in result.message]
