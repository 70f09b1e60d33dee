"""The values of the wire: what a server writes (Frame), and what a client reads (Signal).

They differ because what is written is not what is read: comments and reconnection times never reach the
listener, the type gets a default, and the id is the one in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from labkit.errors import EncodeError

#: The longest reconnection time in ms, 24.8 days. Precedent: browsers' setTimeout holds a signed 32-bit
#: number; an EventSource for Node that passed a larger one on reconnected every millisecond.
MAX_RECONNECTION_MS = 2**31 - 1


_new_tuple = tuple.__new__


class _Fields(NamedTuple):
    data: str | None
    event: str | None
    id: str | None
    retry_ms: int | None
    comment: str | None


# A tuple, because it cannot be changed after it was checked, and costs a third of a frozen dataclass to build.
class Frame(_Fields):
    """One block for the wire. A field that is None writes no line.

    Raises:
        EncodeError: the field cannot be sent as it is: CR or LF in `event` or `id` (they would start a
            field of their own), NUL in `id` (clients ignore the line), a lone surrogate anywhere (it has
            no UTF-8), a negative `retry_ms`, or a value of another type.

    Source: WHATWG HTML 9.2.5, "Parsing an event stream".

    >>> Frame(data="hello", id="7")
    Frame(data='hello', event=None, id='7', retry_ms=None, comment=None)
    """

    __slots__ = ()

    def __new__(
        cls,
        *,
        data: str | None = None,
        event: str | None = None,
        id: str | None = None,
        retry_ms: int | None = None,
        comment: str | None = None,
    ) -> Frame:
        # Ordinary values are seen in passing; the functions look closer, and raise. Nothing printable is a line end,
        # NUL or a surrogate.
        if data is not None and not (data.__class__ is str and data.isascii()):
            _check_text("data", data)
        if event is not None and not (event.__class__ is str and event.isprintable()):
            _check_line("event", event)
        if id is not None and not (id.__class__ is str and id.isprintable()):
            _check_line("id", id)
            if "\0" in id:
                raise EncodeError("id", id, "it holds NUL, and a client ignores such an id")
        if retry_ms is not None:
            _check_retry(retry_ms)
        if comment is not None:
            _check_text("comment", comment)
        return _new_tuple(cls, (data, event, id, retry_ms, comment))

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Frame:  # type: ignore[override]  # _replace() comes through here, and is checked too
        return cls(**dict(zip(cls._fields, values, strict=True)))


# Slots, but not frozen: a frozen dataclass costs three times as much to build, and a decoder builds nothing else.
@dataclass(slots=True)
class Event:
    """What a client dispatches: the text, its type, and the last event ID in force at that moment."""

    data: str
    type: str = "message"
    last_event_id: str = ""


@dataclass(slots=True)
class Comment:
    """A line that begins with a colon. Servers send it as a heartbeat; a browser does not show it."""

    text: str


@dataclass(slots=True)
class Retry:
    """A new reconnection time in milliseconds, at most MAX_RECONNECTION_MS."""

    ms: int


@dataclass(slots=True)
class Ignored:
    """A line, or a block without its end, that the standard drops silently, with the reason."""

    line: str
    why: str


Signal = Event | Comment | Retry | Ignored


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise EncodeError(
            field, value, f"it is {type(value).__name__}, not str; json.dumps() makes text of most things"
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as problem:
            raise EncodeError(field, value, f"a lone surrogate at {problem.start} has no UTF-8") from None


def _check_line(field: str, value: str) -> None:
    _check_text(field, value)
    if "\n" in value or "\r" in value:
        name = "LF" if "\n" in value else "CR"
        raise EncodeError(field, value, f"it holds {name}, which would end the line and start a field of its own")


def _check_retry(value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise EncodeError("retry_ms", value, "it is not a whole number of milliseconds")
    if value < 0:
        raise EncodeError("retry_ms", value, "the wire has digits only, so it cannot be negative")
