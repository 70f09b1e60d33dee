"""The verdicts of lesson 07: each is computed from what was recorded, and turns when somebody does the opposite."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.dialects import object_in
from labkit.errors import counted
from labkit.lab.lesson_07.streamed_answers import Streamed
from labkit.lab.verdict import Verdict
from labkit.recording import Recording
from labkit.wire import Event

FELT_S = 0.5  # a wait that a person feels


def c45_done_ends_it(recording: Recording) -> Verdict:
    """OpenAI-style chat completions stream `data:` chunks of JSON deltas and end with `[DONE]`."""
    *chunks, last = recording.events or [Event("")]
    deltas = [event for event in chunks if event.type == "message" and "choices" in (object_in(event.data) or {})]
    holds = bool(chunks) and len(deltas) == len(chunks) and last.data == "[DONE]"
    return Verdict(
        "C45",
        holds,
        f"{len(deltas)} of {len(chunks)} unnamed events are JSON with choices; the last: {last.data[:20]!r}",
    )


def c46_named_events(recording: Recording) -> Verdict:
    """Anthropic-style messages stream named events."""
    names = [event.type for event in recording.events]
    agree = sum((object_in(event.data) or {}).get("type") == event.type for event in recording.events)
    holds = bool(names) and "message" not in names and agree == len(names) and names[-1] == "message_stop"
    return Verdict("C46", holds, f"the names, in order: {', '.join(dict.fromkeys(names)) or 'none'}")


def c47_lines_of_json(recording: Recording) -> Verdict:
    """Ollama-style servers stream newline-delimited JSON instead."""
    lines = [line for line in recording.body.decode("utf-8", "replace").split("\n") if line]
    whole = sum(bool(object_in(line)) for line in lines)
    holds = bool(lines) and whole == len(lines) and not recording.events
    return Verdict(
        "C47",
        holds,
        f"{whole} of {counted(len(lines), 'line')} are JSON; "
        f"a decoder of event streams finds {counted(len(recording.events), 'event')}",
    )


def c48_same_code(by_format: Mapping[str, str], by_habit: Mapping[str, str]) -> Verdict:
    """vLLM, LM Studio and others speak the OpenAI style: the same client code reads them by changing one URL."""
    falls = [name for name, outcome in by_habit.items() if outcome != "whole"]
    reads = sum(outcome == "whole" for outcome in by_format.values())
    finding = f"a reader of the format reads {reads} of {len(by_format)} accents; a careless one fails on {len(falls)}"
    return Verdict("C48", bool(by_format) and reads == len(by_format), finding)


def c49_first_token(direct: Streamed, lumped: Streamed) -> Verdict:
    """Streaming improves what a person feels: time to first token against time to full answer."""
    if not (direct.at_s and lumped.at_s):
        return Verdict("C49", None, "one of them brought nothing")
    finding = f"{direct.at_s[0]:.2f} s to the first token, {lumped.at_s[0]:.2f} s where a proxy makes lumps; the whole answer after {direct.at_s[-1]:.2f} s and {lumped.at_s[-1]:.2f} s"  # noqa: E501
    sooner = direct.at_s[0] + FELT_S < lumped.at_s[0]
    return Verdict("C49", sooner and direct.text == lumped.text, finding)


def c50_continues(whole: str, text: str, connections: int, answers: int) -> Verdict:
    """A dropped connection can continue from the last token."""
    if connections < 2:
        return Verdict("C50", None, "no connection was dropped")
    same = "each token once" if text == whole else "another text"
    return Verdict(
        "C50",
        text == whole and answers == 1,
        f"over {counted(connections, 'connection')}: {same}, {counted(answers, 'answer')} generated",
    )


def c51_cancels(read_tokens: int, looking: int, not_looking: int) -> Verdict:
    """Closing the stream cancels the work on the server, where the server looks: how many tokens were made for a reader
    who left after `read_tokens`."""
    finding = (
        f"the reader left after {counted(read_tokens, 'token')}; "
        f"{looking} were made where the server looks, {not_looking} where not"
    )
    return Verdict("C51", read_tokens <= looking < not_looking, finding)


def c52_error_under_200(answer: Streamed) -> Verdict:
    """An error in mid-stream arrives under status 200."""
    status = answer.recording.status
    finding = (
        f"status {status}, {counted(len(answer.pieces), 'piece')} of text, then an event: {answer.error or 'none'}"
    )
    return Verdict("C52", status == 200 and bool(answer.pieces) and bool(answer.error) and not answer.complete, finding)


def c53_partial_is_state(cut: Streamed, whole: Streamed, generated_tokens: int) -> Verdict:
    """Partial output is state: what was shown, what was stored, what is billed."""
    usage = "came with the whole answer, not with the cut one" if _billed(whole) and not _billed(cut) else "came or not"
    holds = (
        bool(cut.pieces)
        and not cut.complete
        and generated_tokens > len(cut.pieces)
        and _billed(whole)
        and not _billed(cut)
    )
    return Verdict(
        "C53", holds, f"shown {counted(len(cut.pieces), 'token')}, made and stored {generated_tokens}; the bill {usage}"
    )


def _billed(answer: Streamed) -> bool:
    return any((object_in(event.data) or {}).get("usage") for event in answer.recording.events)
