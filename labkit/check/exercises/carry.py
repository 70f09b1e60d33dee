"""The exercise carry: one event that brings any token to the other side as it is."""

from __future__ import annotations

import ast
import json
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.carry_traps import TRAPS, carry
from labkit.check.values import Unreadable, shape, value_text
from labkit.errors import counted
from labkit.wire import Decoder, Event

STUB = '''\
def carry(token: str) -> str:
    r"""One event whose data is JSON: an object whose "text" is the token.

    The reader calls json.loads(event.data)["text"], and gets the token as it was, whatever is in it.
    It needs: import json
    Example:
    carry("one\\ntwo") -> 'data: {"text": "one\\\\ntwo"}\\n\\n'
    """
    ...
'''

_WORDS = ("Alice", " was", " be", "ginning", " to", " get", " very", ".", " 42", "rab", "bit-hole", " -", "'s", " so.")
_LINES = ("\n", "\n\n", "Dear Alice,\n", "- one\n- two", "data: x\n\n", "\nevent: end\n", "id: 7\n", " \n ")
_ODD = (
    "\r", "\r\n", "", " ", '"', 'said "no"', "\\", "\\n", "👩‍🚀", "é", "日本", "[DONE]",
    "\x00", "\u2028", "\ufeff", "{}", "a: b", "\t", "ABC",
)  # fmt: skip


def _samples(seed: str, tokens: tuple[str, ...]) -> list[Sample]:
    rng = Random(seed)
    all_tokens = [*tokens, *(rng.choice(tokens) + rng.choice(tokens) for _ in range(40 - len(tokens)))]
    return [Sample((token,), token) for token in all_tokens]


def _read(returned: object, sample: Sample) -> str:
    """What the reader gets. The sentences do not repeat the text: it is shown beside them."""
    text = returned.decode("utf-8", "replace") if isinstance(returned, bytes) else read.text(returned, "It returned")
    if not text:
        raise Unreadable("It returned an empty text, so nothing is sent.")
    decoder = Decoder()
    events = [signal for signal in decoder.feed(text.encode("utf-8", "replace")) if isinstance(signal, Event)]
    if len(events) > 1:
        raise Unreadable(f"The reader found {counted(len(events), 'event')}. Each token is one event.")
    if not events:
        ending = "no line begins with `data:`" if text.endswith("\n\n") else "it has no empty line at its end"
        raise Unreadable(f"The reader found no event: {ending}.")
    return _text_in(events[0].data)


def _text_in(data: str) -> str:
    try:
        value = json.loads(data)
    except ValueError as problem:
        raise Unreadable(f"The reader found data that is no JSON: {_what_else(data, str(problem))}.") from None
    if not isinstance(value, dict):
        raise Unreadable(f'The reader found JSON, but it is {shape(value)}. It has to be an object with a "text".')
    if "text" not in value:
        raise Unreadable('The reader found a JSON object without "text".')
    return read.text(value["text"], 'The "text" in the JSON is')


def _what_else(data: str, problem: str) -> str:
    if not data.lstrip().startswith("{"):
        return "it does not begin with {"
    if "\n" in data:
        return "a line break stands inside of it"
    try:
        is_python = isinstance(ast.literal_eval(data), dict)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        is_python = False
    if is_python and "'" in data[:3]:
        return "it is a dict as Python writes it"
    if problem.startswith("Expecting property name") and data.strip("{ "):
        return "what follows the { does not stand in double quotes"
    ends = problem.startswith("Unterminated string") or problem.endswith(f"(char {len(data)})")
    return "it begins like JSON, and breaks off" if ends else "it begins like JSON, and goes wrong inside"


EXERCISE = Exercise(
    stub=STUB,
    solution=carry,
    levels=(
        Level(
            "plain words",
            "One event is `data: `, the JSON, and two line breaks.",
            lambda: _samples("carry/1", _WORDS),
        ),
        Level(
            "line breaks",
            "A line break in the token must not become one on the wire.",
            lambda: _samples("carry/2", _LINES),
        ),
        Level("everything", "Every token arrives as it was.", lambda: _samples("carry/3", _ODD)),
    ),
    traps=TRAPS,
    hints=(
        r"`json.dumps` makes one line of anything: a line break becomes the two characters \ and n.",
        'Write the JSON first, alone, and look at it: `json.dumps({"text": token})`.',
        r'The event is `"data: "`, then the JSON, then `"\n\n"`. Nothing in the token has to be changed before.',
    ),
    praise="No token can break your stream any more, and your reader gets each one as it was.",
    read=_read,
    show_read=lambda text: f"the reader gets {value_text(text)}",
    show_expected=lambda text: f"the reader gets {value_text(text)}",
    imports=("import json",),
)
