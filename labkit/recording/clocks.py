"""The sender's times in the data of events: with them one can tell how late an event is."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

#: Ten digits are seconds since 1970 (from 2001 on), 13 milliseconds, 16 microseconds, 19 nanoseconds.
_NUMBER = re.compile(r"(?<![\d.\w-])(1\d{9}(?:\.\d+)?|1\d{12}(?:\.\d+)?|1\d{15}|1\d{18})(?![\d\w])")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
_UNITS = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}
_MAX_CHARACTERS = 4000  # characters of each text
#: A clock of another year is no clock: an order number, say.
_YEAR_S = 365 * 24 * 3600.0


def sender_times(texts: Sequence[str], near_s: float) -> list[float | None] | None:
    """The sender's time in each text, in seconds since 1970; None for a text without one.

    None instead of a list if too few texts have one.

    Looked for are epoch numbers and ISO 8601 times within a year of `near_s`. Nine of ten texts must have one (a last
    [DONE] has none), and they must never run backwards. Of several in a text the latest is the sending: the time of a
    trade lies before it.
    """
    latest = [
        max((time for time in _times(text) if abs(time - near_s) < _YEAR_S), default=None)
        for text in (text[:_MAX_CHARACTERS] for text in texts)
    ]
    times = [time for time in latest if time is not None]
    if len(times) * 10 < len(texts) * 9 or times != sorted(times) or len(set(times)) < 2:
        return None
    return latest


def _times(text: str) -> Iterator[float]:
    for match in _NUMBER.finditer(text):
        integer_digits, _, _ = match[1].partition(".")
        yield float(match[1]) / _UNITS[len(integer_digits)]
    for match in _ISO.finditer(text):
        try:
            moment = datetime.datetime.fromisoformat(match[0])
        except ValueError:
            continue
        yield (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
