"""What may be asked of an experiment; anything else gets a sentence at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from labkit.errors import LabError

#: An event has room for the time when it was sent; more than this is no event of the kind that is measured here.
SMALLEST_BYTES, LARGEST_BYTES = 20, 100_000


#: The environment can ask for fewer rounds: for a run that wants to know whether a measurement works, not what it says.
ROUNDS_VARIABLE = "LABKIT_ROUNDS"


def allowed_rounds(rounds: int) -> int:
    """How many rounds are measured: as many as were asked for, or fewer where LABKIT_ROUNDS says so.

    Raises:
        LabError: LABKIT_ROUNDS is no number above zero.
    """
    limit = os.environ.get(ROUNDS_VARIABLE, "")
    if limit and not (limit.isascii() and limit.isdigit() and int(limit)):
        raise LabError(f"{ROUNDS_VARIABLE}={limit!r}: it must be a whole number above zero, or not be set")
    return min(rounds, int(limit)) if limit else rounds


def check_settings(transports: Iterable[str] = (), known: Collection[str] = (), **above_zero: float) -> None:
    """Checks names against those that are known, a `size_bytes`, and all other numbers to be above zero.

    Raises:
        LabError: something cannot be measured.
    """
    if unknown := [name for name in transports if name not in known]:
        raise LabError(f"{', '.join(map(repr, unknown))}: not known here. There are {', '.join(known)}")
    for name, number in above_zero.items():
        if name == "size_bytes" and not SMALLEST_BYTES <= number <= LARGEST_BYTES:
            raise LabError(f"size_bytes={number!r}: from {SMALLEST_BYTES} to {LARGEST_BYTES}")
        if not number > 0:
            raise LabError(f"{name}={number!r}: it must be more than zero")
