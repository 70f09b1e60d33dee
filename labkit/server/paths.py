"""Paths of routes, with names for what varies in them."""

from __future__ import annotations

import re


def path_pattern(path: str) -> str:
    """The regular expression of a route's path, in which {name} stands for a piece without a slash.

    The tornado handler is given these pieces by name.

    >>> re.fullmatch(path_pattern("/answers/{id}/stop"), "/answers/a7/stop").groupdict()
    {'id': 'a7'}
    """
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
