"""What is shown holds no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
_IN_URLS = re.compile(
    r"(?P<user>(?<=://)[^/?#@\s]+(?=@))"
    r"|(?P<name>[?&;][\w.-]*(?:key|token|secret|passw|auth|sig|credential|session|ticket)[\w.-]*=)[^&;#\s'\"]+",
    re.IGNORECASE,
)
_SHORTEST = 6  # a shorter text may stand anywhere by chance


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text as it may be shown: without names and passwords in URLs, keys in their queries, and these secrets.

    >>> redacted("http://me:pw@a.example/v1?key=S&page=2")
    'http://***@a.example/v1?key=***&page=2'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return _IN_URLS.sub(lambda match: HIDDEN if match["user"] else f"{match['name']}{HIDDEN}", text)
