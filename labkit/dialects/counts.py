"""Token counts, wherever a dialect has them."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.dialects.json_values import as_count
from labkit.dialects.parts import TokenCounts


def told_counts(prompt: object, answer: object) -> Iterator[TokenCounts]:
    """The counts of the prompt and of the answer; nothing where neither is told.

    >>> list(told_counts(3, None)), list(told_counts(None, "2"))
    ([TokenCounts(prompt_tokens=3, answer_tokens=None)], [])
    """
    counts = as_count(prompt), as_count(answer)
    if counts != (None, None):
        yield TokenCounts(*counts)
