"""The ids of a log, `epoch-n`: reading the number, checking the epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labkit.wire import Frame

#: More digits than any log will count to; int() of a text without end would take its time.
MAX_DIGITS = 18


def number_of(id: str, epoch: str) -> int | None:
    """The n of an id of this epoch; None for anything else.

    >>> number_of("e-7", "e"), number_of("f-7", "e"), number_of("e-7.0", "e")
    (7, None, None)
    """
    id_epoch, _, digits = id.rpartition("-")
    if id_epoch != epoch or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        return None
    return int(digits)


def check_epoch(epoch: str) -> None:
    """Checks that an epoch can stand before the hyphen of an id.

    Raises:
        ValueError: it is empty, or holds a hyphen.
    """
    if not epoch or "-" in epoch:
        raise ValueError(f"epoch={epoch!r}: an epoch is not empty and holds no hyphen, for an id is epoch-n")


def number_in(id: str) -> int:
    """The n of an id that a log has given.

    >>> number_in("e-7")
    7
    """
    return int(id.rpartition("-")[2])


def first_page(frames: Iterable[Frame], max_bytes: int | None) -> Iterator[Frame]:
    """The first of these frames: as many as have at most so much data, and at least one. All of them for None."""
    size_bytes = 0
    for frame in frames:
        size_bytes += len(frame.data or "")
        if max_bytes is not None and size_bytes > max_bytes and size_bytes > len(frame.data or ""):
            return
        yield frame
