"""A call of the official server, cut: what both clients get, in the revision that resumes and in the one that does not."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.lab import lesson_13
from labkit.lab.lesson_13 import RESUMES, STATELESS, CallTally, c70_mcp_resumes, call_bodies, cut_everywhere
from labkit.lab.lesson_13.ag_ui_run import answer_in, short_run, who_reads
from labkit.lab.lesson_13.call_stories import CutCall, cut_in_mid_call
from labkit.lab.lesson_13.cut_calls import _id_bytes
from labkit.lab.lesson_13.kept import measured_or_kept, recorded
from labkit.wire import Decoder, Event, explain

RESUMED = CallTally(RESUMES, "ours", 600, 27, cuts=24, exact=22, lost=6, unanswered=2, last_lost_byte=25)


def test_the_verdict_turns() -> None:
    lost = CallTally(STATELESS, "ours", 600, 0, cuts=24, lost=30, unanswered=24, last_lost_byte=575)
    assert c70_mcp_resumes([RESUMED, RESUMED]).holds
    assert not c70_mcp_resumes([RESUMED, lost]).holds
    assert not c70_mcp_resumes([]).holds
    assert "24 answers and 30 notifications lost" in c70_mcp_resumes([lost]).because


def test_what_resuming_means() -> None:
    assert RESUMED.resumes
    one_note_missing = dataclasses.replace(RESUMED, exact=21, lost=7)
    late_loss = dataclasses.replace(RESUMED, last_lost_byte=300)
    assert not one_note_missing.resumes and not late_loss.resumes


@pytest.mark.live
def test_both_clients_at_a_few_cuts() -> None:
    """2 s: the official server and client, on sockets. benchmarks/mcp_cuts.py tries every byte."""

    async def main() -> list[CallTally]:
        return [
            await cut_everywhere(revision, client, 150)
            for revision in (RESUMES, STATELESS)
            for client in ("official", "ours")
        ]

    official, ours, official_now, ours_now = asyncio.run(main())
    assert official.resumes and ours.resumes, (official, ours)
    assert official.unanswered == ours.unanswered == 1  # the cut before the first id
    assert official_now.exact == ours_now.exact == 0 == official_now.doubled
    assert official_now.unanswered == official_now.cuts and ours_now.lost == official_now.lost > 0


@pytest.mark.live
def test_a_cut_in_mid_call_cancels_the_tool_where_nobody_can_come_back() -> None:
    async def main() -> list[CutCall]:
        return [await cut_in_mid_call(RESUMES), await cut_in_mid_call(STATELESS, ask_again=True)]

    resumed, again = asyncio.run(main())
    assert (resumed.progress, resumed.answered, resumed.runs, resumed.ended) == ((1, 2, 3, 4, 5, 6), True, 1, "done")
    assert again.progress == (1, 2, 3, 1, 2, 3, 4, 5, 6) and again.answered
    assert again.runs == 2 and again.ended == "cancelled"


def test_the_recorded_bodies_are_what_is_said_of_them() -> None:
    bodies = recorded("mcp-bodies").value
    events = [signal for signal in Decoder().feed(bodies[RESUMES].encode()) if isinstance(signal, Event)]
    assert events[0].data == "" and events[0].last_event_id == "1003" and len(events) == 5  # a browser gets it, too
    assert _id_bytes(bodies[RESUMES].encode()) == 30 and _id_bytes(bodies[STATELESS].encode()) == 0
    assert not [step for step in explain(bodies[STATELESS].encode()) if step.role == "id"]


def test_without_the_packages_it_is_what_was_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def measure() -> int:
        return 7

    monkeypatch.setenv("LABKIT_RECORDINGS", str(tmp_path))
    now = asyncio.run(measured_or_kept("a-name", measure))
    assert now.value == 7 and "measured now, with mcp 2" in repr(now)
    assert json.loads((tmp_path / "a-name.json").read_text())["value"] == 7
    monkeypatch.setenv("LABKIT_AGENTS", "none")
    kept = asyncio.run(call_bodies())
    assert kept.recorded_on and repr(kept).startswith("<recorded on 2026-") and set(kept.value) == {RESUMES, STATELESS}
    with pytest.raises(LabError, match="--extra agents"):
        asyncio.run(measured_or_kept("a-name", measure))


def test_who_reads_ag_ui() -> None:
    stream = asyncio.run(short_run()).value
    seen = who_reads(stream)
    assert all(seen["by the standard"].values())
    by_lines = (seen["line by line"], seen["block by block"])
    assert all(reads["as it was sent"] and not reads["without blanks"] for reads in by_lines)
    assert not seen["line by line"]["in pieces"] and not seen["block by block"]["with CRLF"]
    answer = answer_in(stream)
    assert answer.text == "Seven lamps are lit." and answer.tool_calls[0].arguments == '{"floor": 2}'


def test_all_names_are_there() -> None:
    assert all(hasattr(lesson_13, name) for name in lesson_13.__all__)
