"""How several choices of one answer end together."""

from __future__ import annotations

from collections.abc import Iterable

from labkit.dialects import Ending

#: From the best ending of an answer to the worst.
BEST_FIRST: tuple[Ending, ...] = (
    "finished", "tool_calls", "paused", "other", "length", "stopped", "filtered", "refused", "unfinished", "broken",
    "failed",
)  # fmt: skip


def worst(endings: Iterable[Ending]) -> Ending:
    """The worst of these endings; "finished" if there is none.

    >>> worst(["finished", "length"])
    'length'
    """
    return max(endings, key=BEST_FIRST.index, default="finished")
