"""The notebook contract of CONTRIBUTING.md, and the ledger of claims."""

from __future__ import annotations

import json
import re
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from labkit.check.exercises import EXERCISES
from labkit.lab.verdict import sentences

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs/glossary.md"
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECTIONS = ("What you can say now", "Your turn")


def cells(lesson: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(lesson.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def texts(lesson: Path) -> str:
    return "\n".join(source(cell) for kind in ("markdown", "code") for cell in cells(lesson, kind))


lessons = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def test_there_are_lessons_with_a_number_and_a_question() -> None:
    assert len({path.name[:2] for path in LESSONS}) == len(LESSONS) >= 5
    assert all(re.fullmatch(r"\d\d(_[a-z]+)+", path.stem) for path in LESSONS)


@lessons
def test_it_is_committed_executed_in_order(lesson: Path) -> None:
    counts = [cell["execution_count"] for cell in cells(lesson, "code")]
    assert counts == list(range(1, len(counts) + 1))


@lessons
def test_it_carries_no_widget_state(lesson: Path) -> None:
    book = json.loads(lesson.read_text("utf-8"))
    assert "widgets" not in book["metadata"]
    assert "widget-view" not in lesson.read_text("utf-8")


@lessons
def test_at_least_three_outputs_are_compared(lesson: Path) -> None:
    compared = [cell for cell in cells(lesson, "code") if cell["outputs"] and "nbval-ignore-output" not in tags(cell)]
    assert len(compared) >= 3


@lessons
def test_errors_are_expected_ones_and_short(lesson: Path) -> None:
    assert source(cells(lesson, "code")[0]).endswith("\nshort_errors()")
    for cell in cells(lesson, "code"):
        failed = any(output["output_type"] == "error" for output in cell["outputs"])
        assert failed == ("raises-exception" in tags(cell)), source(cell)


@lessons
def test_no_output_holds_a_path_of_the_machine(lesson: Path) -> None:
    outputs = json.dumps([cell["outputs"] for cell in cells(lesson, "code")])
    outputs = re.sub(r'"image/png": "[^"]*"', "", outputs)
    assert not re.search(r"site-packages|/home/|/root/|/work/|/tmp/|/Users/|[A-Z]:\\\\", outputs)


@lessons
def test_cells_are_short(lesson: Path) -> None:
    lines = [len(source(cell).splitlines()) for cell in cells(lesson, "code")]
    words = [len(source(cell).split()) for cell in cells(lesson, "markdown")]
    assert max(lines) <= 20
    assert statistics.median(lines) <= 5
    assert max(words) <= 120


@lessons
def test_it_predicts_fails_exercises_and_sums_up(lesson: Path) -> None:
    text = texts(lesson)
    assert 2 <= text.count("= predict(") <= 6
    assert text.count(".compare(") >= text.count("= predict(")
    for part in ("## Your turn", "check(", "hint(", "## What you can say now"):
        assert part in text
    assert any("image/png" in output.get("data", {}) for cell in cells(lesson, "code") for output in cell["outputs"])


@lessons
def test_predictions_never_gate(lesson: Path) -> None:
    for cell in cells(lesson, "code"):
        assert ".guess" not in source(cell).replace(".guess_", "")


@lessons
def test_exercises_work_as_they_are_printed(lesson: Path) -> None:
    """In the names of the lesson's first cell: every hint, the solution in the place of the stub, and the example."""
    sources = [source(cell) for cell in cells(lesson, "code")]
    names: dict[str, Any] = {}
    exec(sources[0], names)
    exercises = re.findall(r'check\("(\w+)", ', "\n".join(sources))
    assert exercises
    for name in exercises:
        assert f'hint("{name}")' in "\n".join(sources)
        for _ in range(len(EXERCISES[name].hints) + 1):
            eval(f'hint("{name}")', names)
        exec(str(eval(f'solution("{name}")', names)), names)
        assert eval(f'check("{name}", {name})', names).passed
        stub = next(text for text in sources if f"def {name}(" in text)
        shown = re.search(r'"""[^\n]+\n\n    (.+?) -> (.+?)\n    """', stub, re.S)
        assert shown, f"{name} shows no call and its result"
        if shown[1].startswith(name):
            assert eval(shown[1], names) == eval(shown[2], names), name


@lessons
def test_javascript_is_announced_and_folded(lesson: Path) -> None:
    before = ""
    for cell in json.loads(lesson.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and re.search(r'= """\n.*(const|await) ', source(cell), re.S):
            assert cell["metadata"].get("jupyter", {}).get("source_hidden") is True, source(cell)
            assert "JavaScript" in before and "folded" in before, source(cell)
        before = source(cell)


def test_lessons_lead_from_one_to_the_next() -> None:
    for lesson, following in pairwise(LESSONS):
        last = "\n".join(source(cell) for cell in cells(lesson, "markdown")[-2:])
        assert f"Next: [{following.name[:2]} · " in last and f"]({following.name})" in last, lesson.name


@lessons
def test_it_says_how_long_it_takes(lesson: Path) -> None:
    assert re.search(r"^\*About \d\d minutes", source(cells(lesson, "markdown")[0]), re.M)


def test_words_of_the_glossary_are_linked_and_links_to_it_lead_to_a_word() -> None:
    words = {line.removeprefix("## ").lower() for line in GLOSSARY.read_text("utf-8").splitlines() if line[:3] == "## "}
    linked = {word for lesson in LESSONS for word in re.findall(r"glossary\.md#(\w+)\)", texts(lesson))}
    assert linked <= words
    assert {"fin", "rst", "jitter", "backoff", "relay", "fault", "watchdog", "heartbeat"} <= linked


@lessons
def test_links_lead_somewhere(lesson: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", "\n".join(source(cell) for cell in cells(lesson, "markdown"))):
        assert (lesson.parent / target).exists(), target


def settled_by_lessons() -> dict[str, str]:
    return {
        tag.removeprefix("claim-"): lesson.stem[:2]
        for lesson in LESSONS
        for cell in cells(lesson, "code")
        for tag in tags(cell)
        if tag.startswith("claim-")
    }


def ledger() -> dict[str, tuple[str, str, str]]:
    """Claim -> (its text, verdict, lesson or "due"), as docs/claims.md has them."""
    rows = re.findall(
        r"^\| (C\d\d) \| (.+?) \| ?(.*?) \| (\d\d|due) \|$", (ROOT / "docs/claims.md").read_text("utf-8"), re.M
    )
    return {claim: (text, verdict, lesson) for claim, text, verdict, lesson in rows}


def test_the_ledger_and_the_lessons_agree() -> None:
    settled = {claim: lesson for claim, (_, _, lesson) in ledger().items() if lesson != "due"}
    assert settled == settled_by_lessons()


def test_the_ledger_is_whole() -> None:
    assert sorted(ledger()) == [f"C{number:02d}" for number in range(1, 72)]
    for claim, (_, verdict, lesson) in ledger().items():
        assert bool(verdict) == (lesson != "due"), claim


@lessons
def test_each_claim_shows_its_verdict(lesson: Path) -> None:
    for cell in cells(lesson, "code"):
        for claim in (tag.removeprefix("claim-") for tag in tags(cell) if tag.startswith("claim-")):
            shown = json.dumps(cell["outputs"])
            assert re.search(rf"{claim}, {re.escape(sentences()[claim])}: (true|not true here)\.", shown), claim
            assert f"{claim.lower()}_" in source(cell)


@lessons
def test_the_closing_cell_names_the_claims(lesson: Path) -> None:
    claimed = {claim for claim, number in settled_by_lessons().items() if number == lesson.stem[:2]}
    closing = next(source(c) for c in cells(lesson, "markdown") if "## What you can say now" in source(c))
    named = set(re.findall(r"C\d\d", closing))
    for first, last in re.findall(r"C(\d\d) to C(\d\d)", closing):
        named |= {f"C{number:02d}" for number in range(int(first), int(last) + 1)}
    assert named == claimed
