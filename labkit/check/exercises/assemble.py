"""The exercise assemble: from the pieces of two dialects to one answer."""

from __future__ import annotations

import json
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.assemble_end_traps import END_TRAPS, SYMPTOMS
from labkit.check.exercises.assemble_traps import TEXT_TRAPS, Events, TextAndWhole, assemble

STUB = '''\
def assemble(events: list[tuple[str, str]]) -> tuple[str, bool]:
    """The answer's text, and True if it is complete.

    Each event is (type, data), in OpenAI's dialect or in Anthropic's. The data is JSON, but for OpenAI's "[DONE]".
    OpenAI: the text is choices[0].delta.content of each chunk; there may be no choices, and the content may be null.
    The data [DONE] is the end.
    Anthropic: the text is delta.text of each content_block_delta whose delta has the type text_delta. message_stop is
    the end. An answer without its end is not complete.
    It needs: import json
    Example:
    assemble([("message", '{"choices": [{"delta": {"content": "Hi"}}]}'), ("message", "[DONE]")]) -> ("Hi", True)
    """
    ...
'''

_PIECES = ("Al", "ice ", "was", " ", "not\n", "", "[DONE]", "👩‍🚀", "\n\n", '"', "data: ", "\\n", "é", "日本")


def _samples(seed: str, dialects: tuple[str, ...], troubles: tuple[str, ...] = ("",)) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for place in range(60):
        pieces = [rng.choice(_PIECES) for _ in range(rng.randrange(4))]
        make = _openai if dialects[place % len(dialects)] == "openai" else _anthropic
        events = make(rng, pieces, rng.choice(troubles))
        samples.append(Sample((events,), assemble(events)))
    return samples


def _openai(rng: Random, pieces: list[str], trouble: str) -> Events:
    def chunk(*deltas: dict[str, str | None]) -> tuple[str, str]:
        return "message", json.dumps({"choices": [{"delta": delta} for delta in deltas]})

    events = [chunk({"role": "assistant", "content": None})] if rng.random() < 0.5 else []
    events += [chunk({"content": piece}) for piece in pieces]
    if trouble == "cut":
        return events
    if trouble == "error":
        return [*events, ("message", json.dumps({"error": {"message": "overloaded"}}))]
    if rng.random() < 0.5:
        events.append(chunk())  # what is billed stands in a chunk without choices
    return [*events, ("message", "[DONE]")]


def _anthropic(rng: Random, pieces: list[str], trouble: str) -> Events:
    def event(name: str, **fields: object) -> tuple[str, str]:
        return name, json.dumps({"type": name, **fields})

    def delta(kind: str, field: str, text: str) -> tuple[str, str]:
        return event("content_block_delta", delta={"type": kind, field: text})

    events = [event("ping")] if rng.random() < 0.4 else []
    if rng.random() < 0.5:
        events.append(delta("thinking_delta", "thinking", "Hm."))
    events += [delta("text_delta", "text", piece) for piece in pieces]
    if trouble == "cut":
        return events
    if trouble == "error":
        return [*events, event("error", error={"message": "Overloaded"})]
    return [*events, event("message_stop")]


def _read(returned: object, sample: Sample) -> TextAndWhole:
    text, complete = read.pair(returned, "a tuple of two things: (text, complete)")
    return read.text(text, "The text is"), read.truth(complete, "The second part is")


EXERCISE = Exercise(
    stub=STUB,
    solution=assemble,
    levels=(
        Level(
            "OpenAI's dialect",
            "The text is choices[0].delta.content of each chunk, where there is one. [DONE] is the end, and no JSON.",
            lambda: _samples("assemble/1", ("openai",)),
        ),
        Level(
            "Anthropic's too",
            "The text is delta.text of each content_block_delta whose delta is a text_delta. message_stop is the end.",
            lambda: _samples("assemble/2", ("anthropic", "openai", "anthropic")),
        ),
        Level(
            "answers that break",
            "An answer is complete only with its end. An error is an event like any other, and no end.",
            lambda: _samples("assemble/3", ("openai", "anthropic"), ("", "cut", "error")),
        ),
    ),
    traps=(*TEXT_TRAPS, *END_TRAPS),
    hints=(
        "[DONE] is no JSON: look for it before `json.loads`, and compare the whole data with it.",
        "`value.get('choices')` may be an empty list, and `delta.get('content')` may be None: `or` helps with both.",
        "Anthropic says in `value['type']` what an event is. Only a delta of type text_delta is text for the reader.",
    ),
    praise="Your reader assembles what both providers stream, and knows a complete answer from a broken one.",
    read=_read,
    imports=("import json",),
    symptoms=SYMPTOMS,
)
