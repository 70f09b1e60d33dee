"""What the samples of the exercise assemble hold: each way to end, in each dialect, and each oddity, more than once."""

from __future__ import annotations

import json
from collections import Counter
from typing import get_args

import pytest

from labkit.check.exercise import Sample
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.assemble_reader import ENDINGS
from labkit.dialects import Ending, ModelAnswer, ending_of
from labkit.wire import Event

LEVELS = [level.samples() for level in EXERCISES["assemble"].levels]


def values(sample: Sample) -> list[dict[str, object]]:
    return [json.loads(data) for _, data in sample.args[0] if data.startswith("{")]


def holds(sample: Sample) -> set[str]:
    """The oddities of a sample, by name."""
    texts = [data for _, data in sample.args[0]]
    whole = "".join(texts)
    found = {
        "null": '"content": null' in whole,
        "no choices": '"choices": []' in whole,
        "parts": '"content": [' in whole,
        "two choices": '"index": 1, "delta"' in whole,
        "thinking": "Hm." in whole,
        "tool": "partial_json" in whole or "tool_calls" in whole,
        "refusal": '"refusal":' in whole,
        "nothing": "" in texts,
        "blanks": "[DONE] " in texts,
        "error": sample.expected[1] == "failed",  # type: ignore[index]
        "error and mark": '"error"' in whole and texts[-1] == "[DONE]",
        "error beside choices": any("error" in value and "choices" in value for value in values(sample)),
        "no mark": "_reason" in whole and texts[-1].strip() != "[DONE]" and "message_stop" not in whole,
    }
    return {name for name, there in found.items() if there}


def test_the_endings_are_the_labs_words() -> None:
    endings = Counter(sample.expected[1] for level in LEVELS for sample in level)  # type: ignore[index]
    assert set(endings) == set(get_args(Ending)) - {"broken", "stopped"}  # those are seen at the socket, not in events
    assert min(endings.values()) >= 5


@pytest.mark.parametrize(("level", "names"), [
    (0, {"null", "no choices"}),
    (1, {"null", "no choices", "two choices", "thinking", "tool", "parts", "refusal"}),
    (2, {"null", "no choices", "two choices", "thinking", "tool", "parts", "nothing", "blanks", "error",
         "error and mark", "error beside choices", "no mark"}),
])  # fmt: skip
def test_a_level_holds_what_it_is_about(level: int, names: set[str]) -> None:
    counts = Counter(name for sample in LEVELS[level] for name in holds(sample))
    assert set(counts) == names and min(counts.values()) >= 3, counts


def test_the_lab_reads_every_sample_in_the_same_way() -> None:
    for sample in (one for level in LEVELS for one in level):
        answer = ModelAnswer()
        for kind, data in sample.args[0]:
            answer.feed_event(Event(data, kind))
        answer.close()
        first = answer.choices.get(0)  # ModelAnswer.ending is the worst of several
        ending = first.ending if first and not answer.failure else answer.ending
        assert (first.text if first else "", ending) == sample.expected, sample


def test_its_table_of_endings_is_a_part_of_the_labs() -> None:
    assert {reason: ending_of(reason) for reason in ENDINGS} == ENDINGS


def test_two_answers_come_by_turns_and_end_in_two_ways() -> None:
    orders = set()
    for sample in (*LEVELS[1], *LEVELS[2]):
        chosen = [choice for value in values(sample) for choice in value.get("choices") or []]  # type: ignore[attr-defined]
        reasons = {choice["index"]: choice["finish_reason"] for choice in chosen if choice["finish_reason"]}
        assert len(set(reasons.values())) == len(reasons)
        if len(reasons) == 2:
            orders.add(next(iter(reasons)))
    assert orders == {0, 1}  # each of the two is the first to end, somewhere
