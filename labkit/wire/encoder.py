"""Writes frames as the bytes of an event stream."""

from __future__ import annotations

import re

from labkit.wire.values import Frame

# Not str.splitlines: it also breaks at U+2028, NEL, VT and FF, which are ordinary characters on this wire.
_LINE_END = re.compile("\r\n|\r|\n")


def encode(frame: Frame) -> bytes:
    """The bytes of one frame, blank line included. Cannot fail: what cannot be sent cannot be built.

    A line break in `data` (LF, CR or CRLF) becomes a new `data:` line, and reaches the client as LF.

    Source: WHATWG HTML 9.2.5.

    >>> encode(Frame(data="two\\nlines", id="7"))
    b'id: 7\\ndata: two\\ndata: lines\\n\\n'
    """
    data, event, id, retry_ms, comment = frame
    lines = ""
    if comment is not None:
        lines = _field("", comment)
    if event is not None:
        lines += f"event: {event}\n"
    if id is not None:
        lines += f"id: {id}\n"
    if retry_ms is not None:
        lines += f"retry: {retry_ms}\n"
    if data is None:
        return f"{lines}\n".encode()
    if "\n" in data or "\r" in data:
        return f"{lines}{_field('data', data)}\n".encode()
    return f"{lines}data: {data}\n\n".encode()


def _field(name: str, value: str) -> str:
    # The space is always written, because a client removes one: without it a value would lose its own.
    return "".join(f"{name}: {line}\n" for line in _LINE_END.split(value))
