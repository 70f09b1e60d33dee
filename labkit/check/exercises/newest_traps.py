"""The solution of the exercise newest, and what one tends to write."""

from __future__ import annotations

from labkit.check.exercise import Symptom, Trap

Prices = list[tuple[str, str]]


def newest(waiting: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a slow reader still needs of all that waits for it: of each symbol its newest price alone."""
    last_place = {symbol: place for place, (symbol, _) in enumerate(waiting)}
    return [
        (symbol, price) for place, (symbol, price) in enumerate(waiting) if symbol == "" or place == last_place[symbol]
    ]


def _everything(waiting: Prices) -> Prices:
    return list(waiting)


def _oldest(waiting: Prices) -> Prices:
    return newest(waiting[::-1])[::-1]


def _place_of_the_oldest(waiting: Prices) -> Prices:
    prices = {symbol: price for symbol, price in waiting if symbol}
    done: set[str] = set()
    kept = []
    for symbol, price in waiting:
        if symbol == "":
            kept.append((symbol, price))
        elif symbol not in done:
            kept.append((symbol, prices[symbol]))
            done.add(symbol)
    return kept


def _dictionary(waiting: Prices) -> Prices:
    return list(dict(waiting).items())


def _one_message(waiting: Prices) -> Prices:
    last_place = {symbol: place for place, (symbol, _) in enumerate(waiting)}
    return [pair for place, pair in enumerate(waiting) if place == last_place[pair[0]]]


def _no_message(waiting: Prices) -> Prices:
    return [pair for pair in newest(waiting) if pair[0]]


def _messages_last(waiting: Prices) -> Prices:
    return sorted(newest(waiting), key=lambda pair: pair[0] == "")


def _messages_first(waiting: Prices) -> Prices:
    return sorted(newest(waiting), key=lambda pair: pair[0] != "")


def _sorted(waiting: Prices) -> Prices:
    return sorted(newest(waiting))


def _reversed(waiting: Prices) -> Prices:
    return newest(waiting)[::-1]


def _neighbours(waiting: Prices) -> Prices:
    return [
        pair
        for place, pair in enumerate(waiting)
        if pair[0] == "" or [p[0] for p in waiting[place + 1 : place + 2]] != [pair[0]]
    ]


def _equal_pairs_once(waiting: Prices) -> Prices:
    return list(dict.fromkeys(waiting))


def _one_for_all(waiting: Prices) -> Prices:
    return waiting[-1:]


def _highest(waiting: Prices) -> Prices:
    best: dict[str, str] = {}
    for symbol, price in waiting:
        if symbol and float(price) >= float(best.get(symbol, "0")):
            best[symbol] = price
    return [(symbol, best.get(symbol, price)) for symbol, price in newest(waiting)]


def _message_begins_anew(waiting: Prices) -> Prices:
    kept: Prices = []
    run: Prices = []
    for pair in [*waiting, ("", "the end")]:
        if pair[0] == "":
            kept += [*newest(run), pair]
            run = []
        else:
            run.append(pair)
    return kept[:-1]


TRAPS = (
    Trap(
        "everything",
        _everything,
        "Old prices are still there. A slow reader that gets all of them is later with each of them: send the "
        "newest of each symbol.",
    ),
    Trap(
        "oldest",
        _oldest,
        "Of each symbol the oldest price was kept. The oldest is what nobody needs any more.",
    ),
    Trap(
        "place of the oldest",
        _place_of_the_oldest,
        "The prices are right, but each stands where its symbol came first. What was published last comes last: a "
        "dict keeps the place of the first.",
        also=(_dictionary,),
    ),
    Trap(
        "one message",
        _one_message,
        "Of several messages one was sent. A message takes the place of nothing: each of them is for people.",
    ),
    Trap(
        "no message",
        _no_message,
        'The messages are gone. A pair with the symbol "" is sent, whatever stands behind it.',
    ),
    Trap(
        "messages last",
        _messages_last,
        "The messages stand at the end. They stay at their places, between the prices.",
    ),
    Trap(
        "messages first",
        _messages_first,
        "The messages stand at the beginning. They stay at their places, between the prices.",
    ),
    Trap(
        "sorted",
        _sorted,
        "The result is sorted. It keeps the order in which the newest prices were published.",
    ),
    Trap(
        "reversed",
        _reversed,
        "The result is the other way round. What was published last comes last.",
    ),
    Trap(
        "neighbours",
        _neighbours,
        "Old prices went only where the newer one stands right behind them. There may be other symbols in between.",
    ),
    Trap(
        "equal pairs",
        _equal_pairs_once,
        "Only pairs that are the same twice went away. A price is old when its symbol has a newer one, whatever "
        "that is.",
    ),
    Trap(
        "one for all",
        _one_for_all,
        "Only the very last pair was sent. Each symbol has a newest price of its own.",
    ),
    Trap(
        "highest",
        _highest,
        "The highest price was kept. The newest counts, whether it is higher or lower.",
    ),
    Trap(
        "a message begins anew",
        _message_begins_anew,
        "A message between two prices of a symbol kept the old one alive. The old one is old all the same.",
    ),
)


def _too_few(came: Prices, expected: Prices) -> bool:
    return {symbol for symbol, _ in came} < {symbol for symbol, _ in expected}


SYMPTOMS = (
    Symptom(
        "too few", _too_few, "A symbol, or a message, is missing altogether. Each symbol that waits has a newest price."
    ),
)
