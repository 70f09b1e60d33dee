"""What one tends to write in the exercise resume_call about the event that was cut."""

from __future__ import annotations

import json
import re

from labkit.check.exercise import Trap
from labkit.check.exercises.resume_call_traps import Request, request_behind, resume_call


def _unfinished_ids_count(body: str, id: int, session: str) -> Request:
    ids = re.findall(r"^id: ?([^\r\n]+)", body, re.MULTILINE)
    done = resume_call(body, id, session)
    return done if done[0] == "done" else request_behind(ids[-1] if ids else "", session)


def _unfinished_lines_left_out(body: str, id: int, session: str) -> Request:
    ids = re.findall(r"^id: ?([^\r\n]+)\r?\n", body, re.MULTILINE)
    done = resume_call(body, id, session)
    return done if done[0] == "done" else request_behind(ids[-1] if ids else "", session)


def _unfinished_answer(body: str, id: int, session: str) -> Request:
    ends = body if body.endswith("\n\n") or body.endswith("\r\n\r\n") else body + "\n\n"
    try:
        return ("done", {}) if resume_call(ends, id, session)[0] == "done" else resume_call(body, id, session)
    except ValueError:  # the JSON is cut, too
        return resume_call(body, id, session)


def _nothing_is_a_blank_line(body: str, id: int, session: str) -> Request:
    return resume_call(body + "\n" * body.endswith("\n"), id, session)


def _taken_at_once(lines: list[str], id: int, session: str) -> Request:
    last_event_id = ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            last_event_id = value or last_event_id
        elif field == "data":
            try:
                message = json.loads(value or "{}")
            except ValueError:  # it was cut
                continue
            if message.get("id") == id and "method" not in message:
                return "done", {}
    return request_behind(last_event_id, session)


def _line_by_line(body: str, id: int, session: str) -> Request:
    return _taken_at_once(body.splitlines(), id, session)


def _whole_lines_one_by_one(body: str, id: int, session: str) -> Request:
    return _taken_at_once(body.replace("\r\n", "\n").split("\n")[:-1], id, session)


CUT_TRAPS = (
    Trap(
        "line by line",
        _line_by_line,
        "It takes each line as it comes, so the id and the answer of an event count that was cut. An event is there "
        "when its blank line has come: until then keep both aside.",
        also=(_whole_lines_one_by_one,),
    ),
    Trap(
        "unfinished id",
        _unfinished_ids_count,
        "The id of an event counts that was cut. Its blank line never came, so the event was not dispatched: the "
        "server would go on behind it, and it would be lost.",
        also=(_unfinished_lines_left_out,),
    ),
    Trap(
        "unfinished answer",
        _unfinished_answer,
        "An answer counts whose blank line never came. A client has not dispatched it, so it is not there yet.",
    ),
    Trap(
        "nothing is no blank line",
        _nothing_is_a_blank_line,
        "An event counts whose blank line never came: `split` gives an empty text behind the last line end, and it was "
        "taken for an empty line.",
    ),
)
