"""The exercise assemble: from the events of two dialects to one answer, and how it ended."""

from __future__ import annotations

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.assemble_beside_traps import BESIDE_TRAPS
from labkit.check.exercises.assemble_end_traps import END_TRAPS
from labkit.check.exercises.assemble_failure_traps import FAILURE_TRAPS, SYMPTOMS
from labkit.check.exercises.assemble_reader import TextAndEnding, assemble
from labkit.check.exercises.assemble_samples import BESIDE, OPENAI_REASONS, PLAIN_REASONS, TROUBLES, samples
from labkit.check.exercises.assemble_traps import TEXT_TRAPS

STUB = '''\
def assemble(events: list[tuple[str, str]]) -> tuple[str, str]:
    """The answer's text, and how it ended.

    Each event is (type, data), in OpenAI's dialect or in Anthropic's. The data is JSON, or [DONE], or nothing at all.
    OpenAI: the text is delta.content of each choice whose index is 0. It may be null, or a list of parts, of which
    those of the type text count. The reason is finish_reason of that choice. [DONE] is the end mark.
    Anthropic: the text is delta.text where delta.type is text_delta. The reason is delta.stop_reason, and the event
    message_stop is the end mark. What the model thinks, and arguments for tools, are no text.
    The endings, and the reasons that mean them: "finished" (stop, end_turn, stop_sequence), "length" (length,
    max_tokens, model_context_window_exceeded), "filtered" (content_filter), "refused" (refusal; or stop, where OpenAI's
    delta.refusal came), "tool_calls" (tool_calls, tool_use), "paused" (pause_turn), "other" (any other reason).
    "failed": an event has an error, whatever else comes. No reason: "finished" at an end mark, else "unfinished".
    It needs: import json
    Example:
    assemble([("message", '{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}')]) -> ("Hi", "unfinished")
    """
    ...
'''


def _read(returned: object, sample: Sample) -> TextAndEnding:
    text, ending = read.pair(returned, "a tuple of two strings: (text, ending)")
    return read.text(text, "The text is"), read.text(ending, "The ending is")


EXERCISE = Exercise(
    stub=STUB,
    solution=assemble,
    levels=(
        Level(
            "OpenAI's dialect",
            "The text is delta.content of each choice, where there is one. [DONE] is no JSON. The last `finish_reason` "
            "that is not null says how the answer ended: stop, length and content_filter are three endings.",
            lambda: samples("assemble/1", ("openai",), PLAIN_REASONS, count=80),
        ),
        Level(
            "Anthropic's too, and what is no text of this answer",
            "Only delta.text of a text_delta, and delta.content of the choice whose index is 0, are text of this "
            "answer. The content may be a list of parts. The reason is `finish_reason` or `stop_reason`; one that no "
            "ending is given for is other. OpenAI's refusals say stop.",
            lambda: samples("assemble/2", ("anthropic", "openai"), OPENAI_REASONS, (*BESIDE, "refuses"), count=120),
        ),
        Level(
            "answers that break, and oddities",
            "An error means failed, whatever stands beside it or comes after it. Without a reason the end mark "
            "decides. Data may be empty, and [DONE] may have blanks around it.",
            lambda: samples("assemble/3", ("openai", "anthropic", "openai"), OPENAI_REASONS, BESIDE, TROUBLES, 150),
        ),
    ),
    traps=(*TEXT_TRAPS, *BESIDE_TRAPS, *END_TRAPS, *FAILURE_TRAPS),
    hints=(
        "For each event: is its data `[DONE]`? Is it empty? Only then `json.loads`. Then look for an error, before you "
        "look at anything else.",
        "`value.get('choices')` may be missing or empty, and `delta.get('content')` may be None: `or` helps with both. "
        "A loop over the choices, with `if choice['index'] == 0`, keeps several answers apart.",
        "Keep the last reason that is not null, and whether the end mark came. At the end of the function `endings.get("
        "reason, 'other')` names the ending; without a reason the end mark decides.",
        "Anthropic says in `value['type']` what an event is, and in `delta['type']` what a delta is. `stop_reason` "
        "stands in the delta of message_delta, which has no type.",
    ),
    praise="Your reader assembles what both dialects stream, and tells a whole answer from one that was cut, filtered, "
    "refused or broken.",
    read=_read,
    imports=("import json",),
    symptoms=SYMPTOMS,
)
