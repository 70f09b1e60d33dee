"""The exercise carry: one event that brings any token to the other side as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable
from labkit.wire import Decoder, Event

STUB = '''\
def carry(token: str) -> str:
    """One event whose data is JSON: {"text": token}. The reader calls json.loads(event.data)["text"]."""
    ...
'''


def carry(token: str) -> str:
    """One event whose data is JSON: {"text": token}. The reader calls json.loads(event.data)["text"]."""
    import json

    return "data: " + json.dumps({"text": token}) + "\n\n"


_WORDS = ("Alice", " was", " be", "ginning", " to", " get", " very", ".", " 42", "rab", "bit-hole", " -", "'s", " so.")
_LINES = ("\n", "\n\n", "Dear Alice,\n", "- one\n- two", "data: x\n\n", "\nevent: end\n", "id: 7\n", " \n ")
_ODD = (
    "\r", "\r\n", "", " ", '"', 'said "no"', "\\", "\\n", "👩‍🚀", "é", "日本", "[DONE]",
    "\x00", "\u2028", "\ufeff", "{}", "a: b", "\t",
)  # fmt: skip


def _samples(seed: str, tokens: tuple[str, ...]) -> list[Sample]:
    rng = Random(seed)
    all_tokens = [*tokens, *(rng.choice(tokens) + rng.choice(tokens) for _ in range(30 - len(tokens)))]
    return [Sample((token,), token) for token in all_tokens]


def _read(returned: object, sample: Sample) -> str:
    text = (
        returned.decode("utf-8", "replace") if isinstance(returned, bytes) else read.text(returned, "What it returned")
    )
    if not text:
        raise Unreadable("It returned an empty text: nothing is sent.")
    signals = Decoder().feed(text.encode("utf-8", "replace"))
    events = [signal for signal in signals if isinstance(signal, Event)]
    if len(events) > 1:
        raise Unreadable(f"The reader found {len(events)} events, where one was wanted.")
    if not events:
        why = "no line began with data:, so all was ignored" if signals else "it is not complete"
        raise Unreadable(f"The reader found no event: {why}.")
    try:
        value = json.loads(events[0].data)
    except ValueError:
        raise Unreadable(f"The reader found an event whose data is no JSON: {events[0].data[:40]!r}.") from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise Unreadable(f"The reader found JSON without a text in it: {events[0].data[:40]!r}.")
    return str(value["text"])


def _carry_after(change: Callable[[str], str]) -> Callable[[str], str]:
    """The solution, for a token that was changed before."""
    return lambda token: carry(change(token))


TRAPS = (
    Trap(
        "no JSON",
        lambda token: f"data: {token}\n\n",
        "The token went out as it is. The reader expects JSON, and a line break in a token would end the event.",
    ),
    Trap(
        "quotes by hand",
        lambda token: f'data: {{"text": "{token}"}}\n\n',
        "The JSON was put together by hand. A quote, a backslash or a line break in the token breaks it: json.dumps.",
    ),
    Trap(
        "repr",
        lambda token: f"data: {{'text': {token!r}}}\n\n",
        "That is how Python writes a dict, with single quotes. It is no JSON: json.dumps writes that.",
    ),
    Trap(
        "no empty line",
        lambda token: carry(token)[:-1],
        "The event was never complete: an empty line ends it, so two line breaks stand at its end.",
    ),
    Trap(
        "indented",
        lambda token: "data: " + json.dumps({"text": token}, indent=1) + "\n\n",
        "json.dumps with indent writes several lines, and only the first begins with data: . The others are ignored.",
    ),
    Trap(
        "trimmed",
        _carry_after(str.strip),
        "Spaces or line breaks at the ends were taken away. Tokens are pieces of words: their spaces are the text's.",
    ),
    Trap(
        "line breaks to spaces",
        _carry_after(lambda token: " ".join(token.splitlines()) if token.splitlines() else token),
        "Line breaks became spaces. JSON writes them as \\n, two harmless characters: nothing has to be replaced.",
    ),
    Trap(
        "skips empty ones",
        lambda token: carry(token) if token else "",
        "An empty token gave no event. Send it or not, as you like, in your own server; here each token is one event.",
    ),
    Trap(
        "ASCII only",
        _carry_after(lambda token: token.encode("ascii", "ignore").decode()),
        "Characters beyond ASCII are missing. json.dumps writes them as \\u escapes by itself: nothing is lost.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=carry,
    levels=(
        Level("plain words", "One event: data: , the JSON, and two line breaks.", lambda: _samples("carry/1", _WORDS)),
        Level(
            "line breaks",
            "A line break in the token must not become one on the wire.",
            lambda: _samples("carry/2", _LINES),
        ),
        Level("everything", "Every token arrives as it is.", lambda: _samples("carry/3", _ODD)),
    ),
    traps=TRAPS,
    hints=(
        "json.dumps makes one line of anything: a line break becomes the two characters \\ and n.",
        "Write the JSON first, by itself, and look at it: json.dumps({'text': token}).",
        'The event is "data: ", then the JSON, then "\\n\\n". Nothing of the token has to be changed before.',
    ),
    praise="No token can break your stream any more, and your reader gets each one as it was.",
    read=_read,
)
