"""What models send, generated for the exercise assemble: each answer with the text and the ending that it has."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random

from labkit.check.exercise import Sample
from labkit.check.exercises.assemble_reader import ENDINGS, Events

_PIECES = ("Al", "ice ", "was", " ", "not\n", "", "[DONE]", "👩‍🚀", "\n\n", '"', "data: ", "\\n", "é", "日本")
_OVERLOADED = {"message": "overloaded"}

#: Reasons that no dialect documents: the next server has one, and nobody knows which.
_UNDOCUMENTED = ("preempted", "budget", "unknown")
_TOOL = {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": ""}}
_ARGUMENTS = ('{"ci', 'ty": "Par', 'is"}')

PLAIN_REASONS = ("stop", "length", "content_filter")
OPENAI_REASONS = (*PLAIN_REASONS, "stop", *_UNDOCUMENTED)
ANTHROPIC_REASONS = (
    "end_turn",
    "max_tokens",
    "refusal",
    "stop_sequence",
    "model_context_window_exceeded",
    "pause_turn",
)
#: What comes beside the text, or in the place of a text.
BESIDE = ("", "", "thinks", "tool", "other answer", "parts")
#: What breaks, and what is odd and right.
TROUBLES = (
    "", "cut", "error", "error, then the mark", "error beside choices", "nothing", "blanks", "no mark", "no reason",
)  # fmt: skip


@dataclass
class _Made:
    """An answer that is being made: the events so far, the reason why it ended, and how it ends."""

    reason: str
    events: Events = field(default_factory=list)

    def add(self, name: str, value: object) -> None:
        self.events.append((name, value if isinstance(value, str) else json.dumps(value)))


def samples(
    seed: str,
    dialects: tuple[str, ...],
    reasons: tuple[str, ...],
    beside: tuple[str, ...] = ("",),
    troubles: tuple[str, ...] = ("",),
    count: int = 60,
) -> list[Sample]:
    """So many answers, the dialects and the troubles by turns. `reasons` are those of OpenAI's dialect."""
    rng = Random(seed)
    made = []
    for place in range(count):
        pieces = [rng.choice(_PIECES) for _ in range(rng.randrange(4))]
        extra, trouble = rng.choice(beside), troubles[place % len(troubles)]
        if (extra, trouble) == ("tool", "no reason"):
            extra = ""  # a call tells by itself that the model waits
        if dialects[(place // len(troubles)) % len(dialects)] == "openai":
            made.append(_openai(rng, pieces, rng.choice(reasons), extra, trouble))
        else:
            made.append(_anthropic(rng, pieces, rng.choice(ANTHROPIC_REASONS), extra, trouble))
    return made


def _sample(events: Events, pieces: list[str], reason: str, trouble: str) -> Sample:
    ending = "refused" if any('"refusal"' in data for _, data in events) else ENDINGS.get(reason, "other")
    if trouble in ("cut", "no reason"):
        ending = "unfinished" if trouble == "cut" else "finished"
    if trouble.startswith("error"):
        ending = "failed"
    return Sample((events,), ("".join(pieces), ending))


def _chunk(delta: dict[str, object], reason: str | None = None, index: int = 0, **fields: object) -> dict[str, object]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": reason}], **fields}


def _openai(rng: Random, pieces: list[str], reason: str, extra: str, trouble: str) -> Sample:
    made = _Made({"tool": "tool_calls", "refuses": "stop"}.get(extra, reason))
    if extra == "refuses":
        pieces = []
        for part in ("I cannot", " say."):
            made.add("message", _chunk({"refusal": part}))
    if rng.random() < 0.3:
        made.add("message", _chunk({"role": "assistant", "content": None}))
    if extra == "thinks":
        made.add("message", _chunk({"reasoning_content": "Hm."}))
    if extra == "parts":
        thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
        made.add("message", _chunk({"content": [thought]}))
    for piece in pieces:
        made.add("message", _chunk({"content": [{"type": "text", "text": piece}] if extra == "parts" else piece}))
        if trouble == "nothing":
            made.add("message", "")
    if extra == "tool":
        made.add("message", _chunk({"tool_calls": [_TOOL]}))
        for part in _ARGUMENTS:
            made.add("message", _chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}))
    _end_openai(rng, made, trouble)
    if extra == "other answer":
        _mix_in(rng, made, trouble)
    return _sample(made.events, pieces, made.reason, trouble)


def _end_openai(rng: Random, made: _Made, trouble: str) -> None:
    if trouble == "nothing":
        made.add("message", "")
    if trouble.startswith("error"):
        beside = trouble == "error beside choices"
        made.add("message", _chunk({"content": ""}, "error", error=_OVERLOADED) if beside else {"error": _OVERLOADED})
    elif trouble not in ("cut", "no reason"):
        # Mistral's last delta has an empty content, OpenAI's is empty
        made.add("message", _chunk({} if made.events and rng.random() < 0.4 else {"content": ""}, made.reason))
    if trouble in ("cut", "error", "no mark"):
        return
    if rng.random() < 0.3 and not trouble.startswith("error"):
        made.add("message", {"choices": [], "usage": {"completion_tokens": 4}})
    made.add("message", "[DONE] " if trouble == "blanks" else "[DONE]")


def _mix_in(rng: Random, made: _Made, trouble: str) -> None:
    """A second answer to the same question, its chunks between those of the first, its reason before or after."""
    other = [_chunk({"content": "No"}, index=1), _chunk({"content": "!"}, index=1)]
    if trouble not in ("cut", "no reason") and not trouble.startswith("error"):
        # "length" and "stop" in turn: never the reason of the first, so that the two cannot be taken for each other
        other.append(_chunk({}, "stop" if made.reason != "stop" else "length", index=1))
    last = next((n for n, (_, data) in enumerate(made.events) if data.strip() == "[DONE]" or '"error"' in data), None)
    places = sorted(rng.randrange((len(made.events) if last is None else last) + 1) for _ in other)
    for value, place in reversed(list(zip(other, places, strict=True))):
        made.events.insert(place, ("message", json.dumps(value)))


def _anthropic(rng: Random, pieces: list[str], reason: str, extra: str, trouble: str) -> Sample:
    made = _Made("tool_use" if extra == "tool" else reason)

    def event(name: str, **fields: object) -> None:
        made.add(name, {"type": name, **fields})

    def delta(kind: str, field: str, text: str) -> None:
        event("content_block_delta", index=0, delta={"type": kind, field: text})

    if rng.random() < 0.4:
        event("ping")
    if extra == "thinks":
        delta("thinking_delta", "thinking", "Hm.")
        delta("signature_delta", "signature", "EqQB")
    for piece in pieces:
        delta("text_delta", "text", piece)
    if extra == "tool":
        event("content_block_start", index=1, content_block={"type": "tool_use", "name": "weather", "input": {}})
        for part in _ARGUMENTS:
            delta("input_json_delta", "partial_json", part)
    if trouble.startswith("error"):
        event("error", error={"type": "overloaded_error", **_OVERLOADED})
    elif trouble not in ("cut", "no reason"):
        event("message_delta", delta={"stop_reason": made.reason, "stop_sequence": None}, usage={"output_tokens": 4})
    if not trouble.startswith("error") and trouble not in ("cut", "no mark"):
        event("message_stop")
    return _sample(made.events, pieces, made.reason, trouble)
