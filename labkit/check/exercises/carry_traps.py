"""The solution of the exercise carry, and what one tends to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable

from labkit.check.exercise import Trap


def carry(token: str) -> str:
    """One event whose data is JSON: an object whose "text" is the token."""
    import json

    return "data: " + json.dumps({"text": token}) + "\n\n"


def _carry_after(change: Callable[[str], str]) -> Callable[[str], str]:
    """The solution, for a token that was changed before."""
    return lambda token: carry(change(token))


def _by_hand(*replaced: tuple[str, str]) -> Callable[[str], str]:
    """JSON that is put together by hand, from a token in which some texts were replaced."""

    def write(token: str) -> str:
        for old, new in replaced:
            token = token.replace(old, new)
        return f'data: {{"text": "{token}"}}\n\n'

    return write


_LF, _QUOTE, _BACKSLASH = ("\n", "\\n"), ('"', '\\"'), ("\\", "\\\\")

TRAPS = (
    Trap(
        "no JSON",
        lambda token: f"data: {token}\n\n",
        "The token went out as it is, without JSON. The reader expects JSON, and a line break in a token would end the "
        "event.",
        also=(lambda token: "".join(f"data: {line}\n" for line in token.split("\n")) + "\n",),
    ),
    Trap(
        "a Python dict",
        lambda token: f"data: { {'text': token} }\n\n",
        "That is how Python writes a dict, often with single quotes. It is no JSON, and no other language reads it.",
        also=(lambda token: f"data: {{'text': {token!r}}}\n\n", lambda token: f"data: {{'text': '{token}'}}\n\n"),
    ),
    Trap(
        "the token alone",
        lambda token: f"data: {json.dumps(token)}\n\n",
        'The JSON is a text, and no object. The reader looks for `["text"]` in it, and raises an error.',
        also=(lambda token: f"data: {json.dumps(json.dumps({'text': token}))}\n\n",),
    ),
    Trap(
        "another key",
        lambda token: f"data: {json.dumps({'token': token})}\n\n",
        'The JSON object has no "text". The reader looks for that key, and raises an error.',
        also=(lambda token: f"data: {json.dumps({token: 'text'})}\n\n",),
    ),
    Trap(
        "no field name",
        lambda token: json.dumps({"text": token}) + "\n\n",
        "The line does not begin with `data:`. A client ignores a field that it does not know, so the reader gets "
        "nothing.",
    ),
    Trap(
        "no empty line",
        lambda token: carry(token)[:-1],
        "The event never ends. It needs two line breaks at its end, and the second one makes the empty line: the "
        "reader would wait for it for ever.",
        also=(lambda token: carry(token)[:-2],),
    ),
    Trap(
        "several lines",
        lambda token: "data: " + json.dumps({"text": token}, indent=1) + "\n\n",
        "The JSON has several lines, and only the first one begins with `data:`. A client ignores the others. (Was "
        "`indent` set?)",
        also=(lambda token: "data: " + json.dumps({"text": token}, indent=4) + "\n\n",),
    ),
    Trap(
        "trimmed",
        _carry_after(str.strip),
        "Spaces or line breaks at the ends of a token are lost. Tokens are pieces of words: without their spaces the "
        "words run together.",
        also=(_carry_after(str.rstrip), _carry_after(str.lstrip)),
    ),
    Trap(
        "quotes by hand",
        _by_hand(),
        "The JSON broke at a line break, so the reader raises an error. (If you put the JSON together by hand: a quote "
        "or a backslash will break it too.)",
    ),
    Trap(
        "escapes by hand",
        _by_hand(_LF),
        "Line breaks are escaped, but something else breaks the JSON: a quote, a backslash, or a CR in the token. "
        "There are many such characters, and `json.dumps` knows them all.",
        also=(
            _by_hand(_LF, _QUOTE),
            _by_hand(_QUOTE, _LF),
            _by_hand(_LF, ("\r", "\\r")),
            _by_hand(_LF, ("\r", "\\r"), _QUOTE),
            _by_hand(("\r\n", "\\n"), _LF),
            _by_hand(_BACKSLASH, _LF, _QUOTE),
            _by_hand(_BACKSLASH, _QUOTE, _LF),
            _by_hand(_BACKSLASH, _QUOTE, _LF, ("\r", "\\r")),
        ),
    ),
    Trap(
        "escaped twice",
        _carry_after(lambda token: token.replace("\n", "\\n")),
        "The line breaks arrived as the two characters \\ and n: they were escaped twice. JSON escapes them by itself, "
        "and its reader turns them back.",
    ),
    Trap(
        "line breaks to spaces",
        _carry_after(lambda token: token.replace("\n", " ")),
        "Line breaks arrived as spaces. The reader wants the token as it was: a list, or a poem, needs its lines.",
        also=(
            _by_hand(("\n", " ")),
            _carry_after(lambda token: " ".join(token.splitlines()) if token.splitlines() else token),
        ),
    ),
    Trap(
        "line breaks removed",
        _carry_after(lambda token: token.replace("\n", "")),
        "Line breaks are lost. The reader wants the token as it was: a list, or a poem, needs its lines.",
        also=(_by_hand(("\n", "")),),
    ),
    Trap(
        "skips empty ones",
        lambda token: carry(token) if token else "",
        "An empty token gave no event. Here each token is one event, also an empty one.",
    ),
    Trap(
        "ASCII only",
        _carry_after(lambda token: token.encode("ascii", "ignore").decode()),
        "Characters beyond ASCII are lost, and most languages need them. JSON can carry all of them.",
        also=(_carry_after(lambda token: token.encode("ascii", "replace").decode()),),
    ),
    Trap(
        "CR changed",
        _carry_after(lambda token: token.replace("\r\n", "\n").replace("\r", "\n")),
        "A CR arrived as LF. The reader wants the token as it was, and nothing in it can break the JSON.",
        also=(_carry_after(lambda token: token.replace("\r", "")),),
    ),
)
