"""Token buckets: how much somebody may do at once, and how much later."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

MAX_OWNERS = 2000


class Buckets:
    """A bucket for each owner: it holds `most` tokens and gets `per_s` new ones a second.

    Of the owners the newest MAX_OWNERS are kept; one that is forgotten begins anew.

    Args:
        most: how many can be taken at once.
        per_s: how many come back in a second.
        now_s: the clock, in monotonic seconds.
    """

    def __init__(self, most: float, per_s: float, now_s: Callable[[], float]) -> None:
        self.most, self.per_s, self._now_s = most, per_s, now_s
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # owner -> tokens, and when that was

    def wait_s(self, owner: str, tokens: float = 1.0) -> float:
        """How long the owner must wait until so many tokens are there; 0 if they are."""
        return max(0.0, (min(tokens, self.most) - self._level(owner)) / self.per_s)

    def take(self, owner: str, tokens: float = 1.0) -> None:
        """Takes so many tokens, or what is there."""
        self._levels[owner] = (max(0.0, self._level(owner) - tokens), self._now_s())
        self._levels.move_to_end(owner)
        while len(self._levels) > MAX_OWNERS:
            self._levels.popitem(last=False)

    def _level(self, owner: str) -> float:
        tokens, at_s = self._levels.get(owner, (self.most, self._now_s()))
        return min(self.most, tokens + (self._now_s() - at_s) * self.per_s)
