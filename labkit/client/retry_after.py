"""The Retry-After header: how long a server asks its clients to wait."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime


def retry_after_s(value: str, now_s: float | None = None) -> float:
    """The seconds that a Retry-After header asks to wait; 0 for a time in the past, and for what is no number or date.

    Args:
        value: the header's value, a number of seconds or a date.
        now_s: the time now, in seconds since 1970; None reads the clock.

    >>> retry_after_s("120"), retry_after_s("soon"), retry_after_s("Fri, 01 Jan 2100 00:00:10 GMT", now_s=4102444800.0)
    (120.0, 0.0, 10.0)

    Source: RFC 9110, 10.2.3.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at_s = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, at_s - (time.time() if now_s is None else now_s))
