"""The solution of the exercise newest, and what one tends to write."""

from __future__ import annotations

from collections import Counter

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


def _same_price_again(waiting: Prices) -> Prices:
    newest_price = dict(waiting)
    return [(symbol, price) for symbol, price in waiting if symbol == "" or newest_price[symbol] == price]


def _equal_messages_once(waiting: Prices) -> Prices:
    kept: Prices = []
    for pair in newest(waiting):
        if pair[0] or pair not in kept:
            kept.append(pair)
    return kept


def _taken_out_in_the_loop(waiting: Prices) -> Prices:
    left = list(waiting)
    for pair in left:
        if pair[0] and sum(symbol == pair[0] for symbol, _ in left) > 1:
            left.remove(pair)  # this is the mistake
    return left


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
        "the same price again",
        _same_price_again,
        "Places are told apart by their price: where the newest price was there before, the old pair is sent too. "
        "What counts is the last place of a symbol.",
    ),
    Trap(
        "equal messages",
        _equal_messages_once,
        "Of messages with the same text one was sent. A message takes the place of nothing, not even of its like.",
    ),
    Trap(
        "taken out in the loop",
        _taken_out_in_the_loop,
        "Some prices were looked at, others skipped. Does the loop take pairs out of the list that it goes through? "
        "Each time it then skips the next one: write what is left into a new list.",
    ),
    Trap(
        "a message begins anew",
        _message_begins_anew,
        "A message between two prices of a symbol kept the old one alive. The old one is old all the same.",
    ),
)


def _too_few(came: Prices, expected: Prices) -> bool:
    return Counter(came) < Counter(expected)


def _other_order(came: Prices, expected: Prices) -> bool:
    return Counter(came) == Counter(expected)


SYMPTOMS = (
    Symptom(
        "too few",
        _too_few,
        "A symbol, or a message, is missing. Each symbol that waits has a newest price, and each message is sent.",
    ),
    Symptom(
        "other order",
        _other_order,
        "All that is needed is there, and nothing else, but not in the order in which it was published.",
    ),
)
