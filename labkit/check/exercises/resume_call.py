"""The exercise resume_call: an MCP client after a cut, which asks for the rest, or again, or not at all."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.resume_call_cut_traps import CUT_TRAPS
from labkit.check.exercises.resume_call_traps import SYMPTOMS, TRAPS, Request, resume_call
from labkit.check.values import Unreadable, shape

STUB = '''\
def resume_call(body: str, id: int, session: str) -> tuple[str, dict[str, str]]:
    r"""What a client does after the cut: ("done", {}), ("GET", headers) or ("POST", {}).

    `body` is what came of a call's stream, up to the cut. The answer is the message with the call's `id` and without a
    "method": if it came, the client is done. If not, it resumes behind the last event that has an id, by GET with the
    headers Last-Event-ID and Mcp-Session-Id. If no event had an id, it has to make the call again, by POST.
    An event counts when its blank line has come, and its data is one message in JSON, or empty.
    Example:
    resume_call("id: 7\\ndata: \\n\\nid: 8\\nda", 2, "s-1") -> ("GET", {"Last-Event-ID": "7", "Mcp-Session-Id": "s-1"})
    """
    ...
'''

WAYS = ("done", "GET", "POST")
NAMES = ("Last-Event-ID", "Mcp-Session-Id")
_TEXTS = ("working", "no result yet", 'the word "result"', "grün", 'an "error"?')


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    return [_sample(rng, ask) for _ in range(60)]


def _sample(rng: Random, ask: str) -> Sample:
    id, session = rng.randrange(2, 6), rng.choice(("s-1", "7f3a", "1868a90c"))
    numbered = ask != "all" or rng.random() < 0.7
    blocks = _stream(rng, id, numbered, ask)
    end = "\r\n" if ask != "between" and rng.random() < 0.6 else "\n"
    whole = [end.join([*lines, "", ""]) for lines in blocks]
    if ask == "between":
        body = "".join(whole[: rng.randrange(1, len(whole) + 1)])
    else:
        text = "".join(whole)
        body = text[: rng.choice((len(text), len(text) - len(end), rng.randrange(0, len(text))))]
        body = body.removesuffix("\r")  # what a CR at the end means is the exercise split_lines
    return Sample((body, id, session), resume_call(body, id, session))


def _stream(rng: Random, id: int, numbered: bool, ask: str) -> list[list[str]]:
    """The lines of each event of a call's stream."""
    number = rng.choice((1, 8, 97))
    blank = rng.choice((" ", "")) if ask == "all" else " "
    blocks = []
    for message in [None] * numbered + _messages(rng, id, ask):
        lines = [f"id:{blank}{number}"] if numbered else []
        if ask == "all" and message and rng.random() < 0.2:
            lines = []  # the last id stays in force
        number += 1
        if ask == "all" and rng.random() < 0.2:
            lines.insert(0, ": ping")
        blocks.append([*lines, "data: " + (json.dumps(message, separators=(",", ":")) if message else "")])
    return blocks


def _messages(rng: Random, id: int, ask: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for step in range(rng.randrange(0, 4)):
        params = {"progressToken": id, "progress": step, "message": rng.choice(_TEXTS)}
        messages.append({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
        if ask == "all" and rng.random() < 0.3:
            messages.append({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": {}})
        if ask == "all" and rng.random() < 0.15:
            messages.append({"jsonrpc": "2.0", "id": id + 1, "result": {"content": []}})
    failed = ask == "all" and rng.random() < 0.4
    answer = {"error": {"code": -32603, "message": "no"}} if failed else {"result": {"content": [], "isError": False}}
    return [*messages, {"jsonrpc": "2.0", "id": id, **answer}]


def _read(returned: object, sample: Sample) -> Request:
    what, headers = read.pair(returned, 'a tuple of two things: ("GET", headers)')
    if not isinstance(headers, dict):
        raise Unreadable(f"The second part is {shape(headers)}; the check expects a dict: the headers.")
    by_name = {name.lower(): name for name in NAMES}
    found = {read.text(name, "The name of a header is"): value for name, value in headers.items()}
    what = read.text(what, "The first part is")
    if what not in WAYS:
        raise Unreadable(f'The first part is {what!r}; the check expects "done", "GET" or "POST".')
    named = {by_name.get(name.lower(), name): read.text(value, f"{name} is") for name, value in found.items()}
    return what, dict(sorted(named.items()))


EXERCISE = Exercise(
    stub=STUB,
    solution=resume_call,
    levels=(
        Level(
            "cut between events",
            "If the answer came, it is done. If not, it resumes by GET behind the last id, in its session.",
            lambda: _samples("resume_call/1", "between"),
        ),
        Level(
            "cut anywhere",
            "Lines end with LF or with CRLF, and the cut may be in the middle of a line. An event counts once its "
            "blank line has come: its id too, and the answer too.",
            lambda: _samples("resume_call/2", "anywhere"),
        ),
        Level(
            "both revisions",
            "There may be no ids at all: then the call must be made again, by POST. An error is an answer, a question "
            "of the server is none, and the blank behind a colon may be missing.",
            lambda: _samples("resume_call/3", "all"),
        ),
    ),
    traps=CUT_TRAPS + TRAPS,
    hints=(
        'Make one kind of line end of both, with `body.replace("\\r\\n", "\\n")`. Then go through the lines, but for '
        "the part behind the last line end: that one was cut.",
        "Keep the id and the data of a block aside until its empty line comes. Only then they count.",
        'At the empty line: `json.loads("\\n".join(data) or "{}")`. It is the answer if its "id" is the call\'s, and '
        'it has no "method".',
    ),
    praise="That is what an MCP client needs to know. In the revision of 2026 it never asks with GET.",
    read=_read,
    symptoms=SYMPTOMS,
)
