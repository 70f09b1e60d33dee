"""Examines every set-up of benchmarks/set_ups, and prints how often the right cause came first.

uv run python benchmarks/doctor.py [--only WORD] [--at-once 6] [--store]

It prints a line for each set-up, then the table of docs/measured.md. Its exit code is 1 if the figures are worse than
those that are stored beside the set-ups; --store replaces them.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import set_ups
from set_ups.set_up import SetUp

from labkit.doctor import Finding, NotExamined, examine, examine_both
from labkit.errors import LabError

ALARMS = ("error", "warning")
STORED = Path(__file__).parent / "set_ups" / "stored.json"
GROUPS = {
    "raw": "servers written by hand", "contents": "servers written by hand", "healthy": "servers written by hand",
    "models": "models", "frameworks": "frameworks", "scripts": "frameworks",
}  # fmt: skip
OTHERS = "products between"


@dataclass(frozen=True)
class Outcome:
    """What came of one set-up: "right", "other", "missed", "healthy", "false alarm", "skipped" or "crashed".

    `remedy` is the word of causes.toml whose line was offered first.
    """

    set_up: SetUp
    group: str
    word: str
    said: str
    remedy: str = ""
    seconds: float = 0.0

    @property
    def named_product(self) -> bool:
        """Whether the line for the product was offered first."""
        return self.word == "right" and self.remedy == self.set_up.remedy

    def __str__(self) -> str:
        wanted = "/".join(self.set_up.causes) or "healthy"
        wrong_line = self.word == "right" and self.set_up.remedy and not self.named_product
        line = f"; the line is for {self.remedy or 'nobody'}, not {self.set_up.remedy}" if wrong_line else ""
        return f"{self.word:12} {self.seconds:5.1f} s  {self.set_up.name}: {self.said} (right: {wanted}{line})"


def known_set_ups(only: str) -> list[tuple[str, SetUp]]:
    """The set-ups with the group that each belongs to, in which the word stands."""
    found = []
    for name in sorted(module.name for module in pkgutil.iter_modules(set_ups.__path__)):
        for set_up in getattr(importlib.import_module(f"set_ups.{name}"), "SET_UPS", []):
            if only.lower() in f"{name} {set_up.name} {set_up.product}".lower():
                found.append((GROUPS.get(name, OTHERS), set_up))
    return found


async def outcome_of(group: str, set_up: SetUp) -> Outcome:
    """Starts the set-up and examines it, as `labkit doctor` does."""
    began_s = time.monotonic()
    try:
        async with set_up.run() as address:
            began_s = time.monotonic()
            options: dict[str, Any] = dict(set_up.options)
            try:
                if address.direct_url:
                    both = await examine_both(address.url, address.direct_url, **options)
                    findings = () if both.through is None else both.through.findings
                    said = both.sentence
                else:
                    findings, said = (await examine(address.url, **options)).findings, ""
            except NotExamined as problem:
                findings, said = (), str(problem)
            word, said, remedy = judged(set_up, findings, said)
            return Outcome(set_up, group, word, said, remedy, time.monotonic() - began_s)
    except LabError as problem:
        return Outcome(set_up, group, "skipped", str(problem).splitlines()[0])
    except Exception as problem:  # of the set-up or of the doctor: one must not end the others
        return Outcome(set_up, group, "crashed", repr(problem), "", time.monotonic() - began_s)


def judged(set_up: SetUp, findings: tuple[Finding, ...], sentence: str) -> tuple[str, str, str]:
    """The word for it, what was said, and whose line was offered first.

    Some causes are notes by their nature, such as an answer that was cut at the length that was asked for: they count
    where nothing worse is said. "not examined: WORD" among the causes wants WORD in the sentence of the refusal.
    """
    alarms = [finding for finding in findings if finding.severity in ALARMS]
    alarms = alarms or [finding for finding in findings if finding.name in set_up.causes]
    said = ", ".join(finding.name for finding in alarms) or sentence or "healthy"
    remedy = alarms[0].remedies[0].where if alarms and alarms[0].remedies else ""
    if not set_up.causes:
        refused = not findings and bool(sentence) and "compared" not in sentence
        return "false alarm" if alarms or refused else "healthy", said, remedy
    wanted = [cause.partition(": ")[2] for cause in set_up.causes if cause.startswith("not examined")]
    if not alarms:
        return "right" if any(word in sentence for word in wanted) else "missed", said, remedy
    return "right" if alarms[0].name in set_up.causes else "other", said, remedy


def table_of(outcomes: Sequence[Outcome]) -> str:
    """The table of docs/measured.md."""
    lines = [
        "| set-ups | broken | right first | another first | missed | healthy | false alarms | the product's line |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups = [*dict.fromkeys(outcome.group for outcome in outcomes), ""]
    for group in groups:
        count = counted([each for each in outcomes if group in ("", each.group)])
        lines.append(
            f"| {group or '**all**'} | {count['broken']} | {count['right']} | {count['other']} | {count['missed']} "
            f"| {count['healthy']} | {count['false alarms']} | {count['lines']} of {count['lines wanted']} |"
        )
    return "\n".join(lines)


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The figures of these outcomes."""
    words = Counter(outcome.word for outcome in outcomes)
    right = [outcome for outcome in outcomes if outcome.word == "right"]
    with_line = [outcome for outcome in right if outcome.set_up.remedy]
    ran = [outcome for outcome in outcomes if outcome.word not in ("skipped", "crashed")]
    return {
        "broken": sum(bool(outcome.set_up.causes) for outcome in ran),
        "right": len(right), "other": words["other"], "missed": words["missed"],
        "healthy": sum(not outcome.set_up.causes for outcome in ran), "false alarms": words["false alarm"],
        "lines": sum(outcome.named_product for outcome in with_line), "lines wanted": len(with_line),
        "causes": len({outcome.set_up.causes[0] for outcome in ran if outcome.set_up.causes}),
        "skipped": words["skipped"], "crashed": words["crashed"],
    }  # fmt: skip


def sentences_of(outcomes: Sequence[Outcome], at_once: int) -> str:
    """What the table does not say: how long it takes, on which machine, what was skipped."""
    count = counted(outcomes)
    seconds = sorted(outcome.seconds for outcome in outcomes if outcome.seconds)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, CPython {platform.python_version()}"
    skipped = sorted({outcome.set_up.product for outcome in outcomes if outcome.word == "skipped"})
    if not seconds:
        return "Nothing was examined."
    lines = [
        f"{count['causes']} distinct causes. An examination took {median(seconds):.1f} s in the middle, and "
        f"{seconds[-1]:.0f} s at most, {at_once} at once ({datetime.date.today()}, {machine}).",
        f"Skipped, since it is not installed: {', '.join(skipped)}." if skipped else "Nothing was skipped.",
    ]
    return "\n".join(lines)


def is_worse(now: dict[str, int], stored: dict[str, int]) -> bool:
    """Whether a smaller share of the broken ones is right first than stored, or more healthy ones raise an alarm."""
    right = now["right"] * stored["broken"] < stored["right"] * now["broken"]
    return right or now["false alarms"] > stored["false alarms"] or now["crashed"] > stored["crashed"]


async def main() -> int:
    """Examines the set-ups that were asked for, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--store", action="store_true")
    arguments = parser.parse_args()
    turns = asyncio.Semaphore(arguments.at_once)

    async def take_turn(group: str, set_up: SetUp) -> Outcome:
        async with turns:
            outcome = await outcome_of(group, set_up)
        print(outcome, flush=True)
        return outcome

    outcomes = await asyncio.gather(*(take_turn(*each) for each in known_set_ups(arguments.only)))
    print("\n" + table_of(outcomes) + "\n\n" + sentences_of(outcomes, arguments.at_once))
    count = counted(outcomes)
    if arguments.store:
        STORED.write_text(json.dumps(count, indent=1) + "\n")
    if arguments.only or not STORED.exists():
        return 0
    return int(is_worse(count, json.loads(STORED.read_text())))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
