"""The exercise newest: what a slow reader still needs of what waits for it."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.newest_traps import SYMPTOMS, TRAPS, Prices, newest

STUB = '''\
def newest(waiting: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a slow reader still needs of all that waits for it: of each symbol its newest price alone.

    `waiting` holds (symbol, price), in the order in which they were published; it may be empty. What is left stays in
    that order. A pair with the symbol "" is a message to people, such as ("", "the market closes"): nothing takes its
    place, and each of them is sent.
    Example:
    newest([("ABCD", "3.50"), ("EFGH", "7.00"), ("ABCD", "3.55")]) -> [("EFGH", "7.00"), ("ABCD", "3.55")]
    """
    ...
'''

_SYMBOLS = ("ABCD", "EFGH", "KLMN", "OPRS")
_PRICES = ("3.50", "3.55", "12.00", "9.90", "7.00")
_MESSAGES = ("the market opens", "the market closes", "a pause of 5 minutes")


def _samples(seed: str, symbols: int, messages: bool) -> list[Sample]:
    rng = Random(seed)
    return [_sample(_waiting(rng, symbols, messages, count)) for count in (0, 1, 2, 3, 4, 5, 6, 8, 10, 12) * 4]


def _waiting(rng: Random, symbols: int, messages: bool, count: int) -> Prices:
    waiting = [(rng.choice(_SYMBOLS[:symbols]), rng.choice(_PRICES)) for _ in range(count)]
    if messages:
        waiting = [("", rng.choice(_MESSAGES)) if rng.random() < 0.35 else pair for pair in waiting]
    return waiting


def _sample(waiting: Prices) -> Sample:
    return Sample((waiting,), newest(waiting))


def _read(returned: object, sample: Sample) -> Prices:
    items = read.items(returned, "a list of pairs (symbol, price)")
    return [_pair(item, number) for number, item in enumerate(items)]


def _pair(item: object, number: int) -> tuple[str, str]:
    symbol, price = read.pair(item, "a tuple of two strings: (symbol, price)", f"Item {number} is")
    return read.text(symbol, f"The symbol of item {number} is"), read.text(price, f"The price of item {number} is")


EXERCISE = Exercise(
    stub=STUB,
    solution=newest,
    levels=(
        Level(
            "one symbol",
            "However many of its prices wait, the newest one is sent, and nothing where nothing waits.",
            lambda: _samples("newest/1", 1, messages=False),
        ),
        Level(
            "many symbols",
            "Of each symbol the newest price is sent, in the order in which these were published.",
            lambda: _samples("newest/2", 4, messages=False),
        ),
        Level(
            "messages too",
            'Messages, with the symbol "", are all sent, at their places. A new price takes the place of an old one; a '
            "message takes the place of nothing.",
            lambda: _samples("newest/3", 4, messages=True),
        ),
    ),
    traps=TRAPS,
    hints=(
        "A price is old if a price of the same symbol stands behind it. How do you know, at each place of the list, "
        "whether one does?",
        "Go through the list once, and note for each symbol the last place where it stands: "
        "`{symbol: place for place, (symbol, _) in enumerate(waiting)}`.",
        'Then keep a pair if its place is the one that you noted for its symbol, or if its symbol is "".',
    ),
    praise="That is coalescing: a slow reader skips what is over, and is never more than one round behind.",
    read=_read,
    symptoms=SYMPTOMS,
)
