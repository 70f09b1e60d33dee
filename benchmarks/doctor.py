"""Examines every set-up of benchmarks/set_ups, and prints how often the right cause came first.

uv run python benchmarks/doctor.py [--only WORD] [--at-once 6]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import set_ups
from set_ups.set_up import SetUp

from labkit.doctor import Finding, NotExamined, examine, examine_both
from labkit.errors import LabError

ALARMS = ("error", "warning")


@dataclass(frozen=True)
class Outcome:
    """What came of one set-up: "right", "other", "missed", "healthy", "false alarm", "skipped" or "crashed"."""

    set_up: SetUp
    word: str
    said: str
    remedy: str = ""
    seconds: float = 0.0


def known_set_ups(only: str) -> list[SetUp]:
    modules = [m.name for m in pkgutil.iter_modules(set_ups.__path__) if m.name != "set_up"]
    found = [s for name in sorted(modules) for s in getattr(importlib.import_module(f"set_ups.{name}"), "SET_UPS", [])]
    return [s for s in found if only.lower() in f"{s.name} {s.product}".lower()]


async def outcome_of(set_up: SetUp) -> Outcome:
    started_s = time.monotonic()
    try:
        async with set_up.run() as address:
            options: dict[str, Any] = dict(set_up.options)
            try:
                if address.direct_url:
                    both = await examine_both(address.url, address.direct_url, **options)
                    findings = () if both.through is None else both.through.findings
                else:
                    findings = (await examine(address.url, **options)).findings
            except NotExamined as problem:
                return judged_unexamined(set_up, str(problem), time.monotonic() - started_s)
    except LabError as problem:
        return Outcome(set_up, "skipped", str(problem))
    return judged(set_up, findings, time.monotonic() - started_s)


def judged(set_up: SetUp, findings: tuple[Finding, ...], seconds: float) -> Outcome:
    alarms = [finding for finding in findings if finding.severity in ALARMS]
    # Some causes are notes by their nature, such as an answer that was cut at the length that was asked for.
    alarms = alarms or [finding for finding in findings if finding.name in set_up.causes]
    said = ", ".join(finding.name for finding in alarms) or "healthy"
    remedy = alarms[0].remedies[0].where if alarms and alarms[0].remedies else ""
    if not set_up.causes:
        word = "false alarm" if alarms else "healthy"
    else:
        word = "missed" if not alarms else "right" if alarms[0].name in set_up.causes else "other"
    return Outcome(set_up, word, said, remedy, seconds)


def judged_unexamined(set_up: SetUp, sentence: str, seconds: float) -> Outcome:
    """What a refusal to examine is worth: "not examined: WORD" among the causes wants WORD in its sentence."""
    wanted = [cause.partition(": ")[2] for cause in set_up.causes if cause.startswith("not examined")]
    right = any(word in sentence for word in wanted)
    word = "right" if right else "missed" if set_up.causes else "false alarm"
    return Outcome(set_up, word, sentence, "", seconds)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--at-once", type=int, default=6)
    arguments = parser.parse_args()
    turns = asyncio.Semaphore(arguments.at_once)

    async def take_turn(set_up: SetUp) -> Outcome:
        async with turns:
            return await outcome_of(set_up)

    outcomes = await asyncio.gather(*(take_turn(s) for s in known_set_ups(arguments.only)))
    for outcome in outcomes:
        wanted = "/".join(outcome.set_up.causes) or "healthy"
        wrong_line = outcome.word == "right" and outcome.set_up.remedy and outcome.remedy != outcome.set_up.remedy
        note = f" LINE: {outcome.remedy}, not {outcome.set_up.remedy}" if wrong_line else ""
        print(
            f"{outcome.word:12} {outcome.seconds:5.1f} s  {outcome.set_up.name}: {outcome.said} (right: {wanted}){note}"
        )


if __name__ == "__main__":
    asyncio.run(main())
