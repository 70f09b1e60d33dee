"""An exchange that is made up: its symbols, and prices that walk at random."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator
from random import Random

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import LabError

LETTERS = "ABCDEFGHIKLMNOPRSTUVWXYZ"
#: A step of the walk, as a part of the price. 1000 steps a second over 300 symbols then move each by 1 % in a minute.
STEP = 0.001


class Market:
    """`symbols` of four letters, and the price of each in `prices`. The same seed gives the same walk.

    Args:
        symbols: how many there are.
        seed: where all chance comes from.
        clock: what moves() waits on.
    """

    def __init__(self, symbols: int = 300, seed: int = 1, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rng, self._clock = Random(seed), clock
        names: set[str] = set()
        while len(names) < symbols:
            names.add("".join(self._rng.choices(LETTERS, k=4)))
        self.symbols = sorted(names)
        self._opening = {symbol: self._rng.uniform(5, 500) for symbol in self.symbols}
        self.prices = dict(self._opening)

    def find(self, text: str) -> str:
        """The symbol that this text names, in small letters or large.

        Raises:
            LabError: there is none; with those that look alike.
        """
        symbol = text.strip().upper()
        if symbol in self.prices:
            return symbol
        alike = difflib.get_close_matches(symbol, self.symbols, n=3, cutoff=0.5) or self.symbols[:3]
        raise LabError(f"there is no symbol {symbol!r}. There is, for example: {', '.join(alike)}")

    def quote(self, symbol: str) -> list[float]:
        """Its price now, and by how many percent it is above the price at which the market opened."""
        price, opening = self.prices[symbol], self._opening[symbol]
        return [round(price, 2), round(100 * (price / opening - 1), 2)]

    def move(self) -> str:
        """Lets one price make a step, and says whose."""
        symbol = self._rng.choice(self.symbols)
        self.prices[symbol] *= 1 + self._rng.gauss(0, STEP)
        return symbol

    async def moves(self, per_second: float) -> AsyncIterator[str]:
        """The symbols whose prices move, so many of them in a second; others run in between."""
        begin_s, count = self._clock.now_s(), 0
        while True:
            due = int((self._clock.now_s() - begin_s) * per_second)
            if due - count > per_second:
                count = due - 1  # the machine slept: what did not happen then is not made up for
            while count < due:
                count += 1
                yield self.move()
            await self._clock.sleep_s(1 / per_second)
