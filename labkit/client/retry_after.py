"""What a server asks for with Retry-After. Source: RFC 9110, 10.2.3."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime


def retry_after_s(value: str, now_s: float | None = None) -> float:
    """The seconds that the header asks to wait; 0 for none, for the past, and for what is neither number nor date.

    >>> retry_after_s("120"), retry_after_s("soon"), retry_after_s("Fri, 01 Jan 2100 00:00:10 GMT", now_s=4102444800.0)
    (120.0, 0.0, 10.0)
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at_s = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(0.0, at_s - (time.time() if now_s is None else now_s))
