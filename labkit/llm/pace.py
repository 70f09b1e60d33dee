"""The pace at which an answer is generated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from labkit.errors import LabError


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of an answer.

    Args:
        first_token_s: the wait before the first token.
        tokens_per_s: the pace of the others.
        jitter: by which share each wait varies at most, 0 to 1.

    Raises:
        LabError: a value that is impossible.
    """

    first_token_s: float = 0.3
    tokens_per_s: float = 20.0
    jitter: float = 0.3

    def __post_init__(self) -> None:
        if self.first_token_s < 0 or self.tokens_per_s <= 0 or not 0 <= self.jitter <= 1:
            raise LabError(f"{self} is impossible: a wait is zero or longer, a pace above zero, jitter from 0 to 1")

    def waits_s(self, rng: Random) -> Iterator[float]:
        """The wait before each token, in seconds, for ever."""
        yield self.first_token_s
        while True:
            yield (1 + self.jitter * rng.uniform(-1, 1)) / self.tokens_per_s


AT_ONCE = Pace(0.0, 1e9, 0.0)
