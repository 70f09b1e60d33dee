"""The solution of the exercise next_wait, and what one tends to write instead."""

from __future__ import annotations

import math
from collections.abc import Callable

from labkit.check.exercise import Sample, Symptom, Trap

Answer = float | str
NextWait = Callable[[int | None, int, float], object]


def next_wait(status: int | None, failures: int, chance: float) -> float | str:
    """The seconds until the next attempt, or "stop"."""
    if status not in (None, 200, 429) and not 500 <= status < 600:
        return "stop"
    wait_s: int = min(30, 2 ** (failures - 1))
    return wait_s * chance


def _again(status: int | None) -> bool:
    return status in (None, 200, 429) or 500 <= status < 600


def _stops(is_final: Callable[[int | None], bool]) -> NextWait:
    """A client that stops at other answers; without a change, the right one."""

    def client(status: int | None, failures: int, chance: float) -> object:
        return "stop" if is_final(status) else min(30, 2 ** (failures - 1)) * chance

    return client


def _waits(wait_s: Callable[[int, float], float]) -> NextWait:
    """A client that stops where it should, and waits for another time."""

    def client(status: int | None, failures: int, chance: float) -> object:
        return wait_s(failures, chance) if _again(status) else "stop"

    return client


def _limited(failures: int) -> int:
    wait_s: int = min(30, 2 ** (failures - 1))
    return wait_s


def _beside_no_answer(sample: Sample) -> str:
    """What is said of the call that is shown, which may be one with an answer: the shortest one is taken."""
    status = sample.args[0]
    if status is None:
        return "This is such a call."
    if _again(status):
        return f"The call that is shown has one mistake more: after a {status} a client tries again."
    return f"The call that is shown has one mistake more: after a {status} a client stops."


def _nothing_for_stop(status: int | None, failures: int, chance: float) -> object:
    return _limited(failures) * chance if _again(status) else None


_STATUS_TRAPS = (
    Trap(
        "stops like a browser",
        _stops(lambda status: status not in (None, 200)),
        "It stops at every status but 200, as a browser does. Behind a proxy a 502 or a 503 means that the server is "
        "away for a moment, and a 429 that it is busy: a client of your own tries again.",
        also=(_stops(lambda status: status != 200),),
    ),
    Trap(
        "tries again after everything",
        _stops(lambda status: False),
        "It tries again after every answer. A 404 or a 401 will be the same in a second, and a 204 says: no more.",
    ),
    Trap(
        "tries again after 204",
        _stops(lambda status: not _again(status) and status != 204),
        "It tries again after a 204. With this status a server tells a client that there is nothing more for it.",
    ),
    Trap(
        "stops where nobody answers",
        _stops(lambda status: not status or not _again(status)),
        "It stops where no answer came at all. A server that restarts gives none: status is None then.",
    ),
    Trap(
        "no answer raises",
        _stops(lambda status: status not in (200, 429) and not 500 <= status < 600),  # type: ignore[operator]
        "The function raises an error where no answer came at all. `status` is None then, which is neither smaller nor "
        "larger than a number: ask for it first.",
        about=_beside_no_answer,
        also=(
            _stops(lambda status: status < 500),  # type: ignore[operator]
            _stops(lambda status: status < 500 and status != 429),  # type: ignore[operator]
            _stops(lambda status: status < 500 and status not in (200, 429)),  # type: ignore[operator]
            _stops(lambda status: 400 <= status < 500),  # type: ignore[operator]
            _stops(lambda status: status == 204 or 400 <= status < 500),  # type: ignore[operator]
        ),
    ),
    Trap(
        "stops after a stream",
        _stops(lambda status: status == 200 or not _again(status)),
        "It stops after a 200. That was a stream that has ended, or broke: it is opened again.",
    ),
    Trap(
        "stops where it is busy",
        _stops(lambda status: status == 429 or not _again(status)),
        "It stops at a 429. This status says that there are too many requests now: a client waits, and tries again.",
    ),
    Trap(
        "stops at each 4xx",
        _stops(lambda status: status is not None and 400 <= status < 500),
        "It stops at every 4xx, and at nothing else. A 429 only says that there are too many requests now; and after a "
        "204 or a redirect the same request gives the same answer again.",
        also=(_stops(lambda status: status == 204 or (status is not None and 400 <= status < 500)),),
    ),
    Trap(
        "nothing for stop",
        _nothing_for_stop,
        'After an answer that is final, None came out of the function. The check expects the text "stop".',
    ),
)

_WAIT_TRAPS = (
    Trap(
        "always the same wait",
        _waits(lambda failures, chance: chance),
        "It always waits one second. With each failure in a row the wait doubles.",
    ),
    Trap(
        "grows by one",
        _waits(lambda failures, chance: min(30, failures) * chance),
        "The wait grows by a second each time. It should double: 1, 2, 4, 8.",
    ),
    Trap(
        "grows by two",
        _waits(lambda failures, chance: min(30, 2 * failures) * chance),
        "The wait grows by two seconds each time. It should double: 1, 2, 4, 8.",
    ),
    Trap(
        "exclusive or",
        _waits(lambda failures, chance: min(30, 2 ^ (failures - 1)) * chance),
        "The wait does not double: it goes up and down. In Python `**` is the power, and `^` changes bits.",
    ),
    Trap(
        "adds the chance",
        _waits(lambda failures, chance: _limited(failures) + chance),
        "The chance is added to the wait. It is a share of it: multiply.",
    ),
    Trap(
        "more than the wait",
        _waits(lambda failures, chance: _limited(failures) * (1 + chance)),
        "The wait is up to twice as long as it may be: the chance comes on top of it. It is a share of the wait: "
        "multiply by the chance, and by nothing else.",
    ),
    Trap(
        "grows like a square",
        _waits(lambda failures, chance: min(30, failures**2) * chance),
        "The wait grows like a square: 1, 4, 9, 16. It should double: 1, 2, 4, 8. (In Python that is `2 ** n`, and not "
        "`n ** 2`.)",
    ),
    Trap(
        "begins at two",
        _waits(lambda failures, chance: min(30, 2**failures) * chance),
        "The first wait is two seconds where the chance is 1, and it should be one. `failures` counts this failure "
        "too, and the wait is taken times the chance, no more. (In Python a power is written `**`.)",
    ),
    Trap(
        "milliseconds",
        _waits(lambda failures, chance: 1000 * _limited(failures) * chance),
        "The wait is a thousand times too long. The answer is in seconds.",
    ),
    Trap(
        "at least",
        _waits(lambda failures, chance: max(30, 2 ** (failures - 1)) * chance),
        "The first wait is already 30 seconds. They are the most that it waits: `min()` takes the smaller of two "
        "numbers.",
    ),
    Trap(
        "has no limit",
        _waits(lambda failures, chance: 2 ** (failures - 1) * chance),
        "The wait has no limit. After twenty failures it is six days; 30 seconds is the most.",
        also=(
            _waits(lambda failures, chance: 2 ** (failures - 1)),
            _waits(lambda failures, chance: float(min(2 ** (failures - 1), 10**12)) * chance),
        ),
    ),
    Trap(
        "another limit",
        _waits(lambda failures, chance: min(60, 2 ** (failures - 1)) * chance),
        "The wait has another limit. The most that it waits is 30 seconds.",
        also=tuple(
            _waits(lambda failures, chance, most_s=most_s: min(most_s, 2 ** (failures - 1)) * chance)  # type: ignore[misc]
            for most_s in (10, 15, 16, 20, 29, 31, 32, 64, 120, 300, 3600)
        ),
    ),
    Trap(
        "too large for a fraction",
        _waits(lambda failures, chance: min(30, 2 ** (failures - 1) * chance)),
        "After thousands of failures the function raises an error: the doubled number is too large for a fraction. "
        "Limit it to 30 before anything else is done with it.",
    ),
    Trap(
        "takes only half of it",
        _waits(lambda failures, chance: _limited(failures) * (1 + chance) / 2),
        "Only half of the wait depends on the chance. Then nobody comes in the first half, and all come in the second.",
    ),
    Trap(
        "has no chance",
        _waits(lambda failures, chance: _limited(failures)),
        "The chance is not used, so all clients wait equally long and come back together.",
    ),
    Trap(
        "what is left of the chance",
        _waits(lambda failures, chance: _limited(failures) * (1 - chance)),
        "Where the chance is 1, the wait is 0. It is taken times the chance, and not times what is left of it.",
    ),
    Trap(
        "whole seconds",
        _waits(lambda failures, chance: int(_limited(failures) * chance)),
        "A fraction was rounded away. Clients that all wait for whole seconds come back together, once in each second.",
        also=(
            _waits(lambda failures, chance: round(_limited(failures) * chance)),
            _waits(lambda failures, chance: math.ceil(_limited(failures) * chance)),
        ),
    ),
    Trap(
        "a least wait",
        _waits(lambda failures, chance: max(1, _limited(failures) * chance)),
        "The wait has a least time. It may be anything from 0 on: with the chance 0 a client comes back at once.",
        also=tuple(
            _waits(lambda failures, chance, least_s=least_s: max(least_s, _limited(failures) * chance))  # type: ignore[misc]
            for least_s in (0.1, 0.5)
        ),
    ),
    Trap(
        "limits too late",
        _waits(lambda failures, chance: min(30.0, float(min(2 ** (failures - 1), 10**300)) * chance)),
        "The limit is applied behind the chance: after many failures nearly all clients wait 30 seconds, together. "
        "Limit the wait first, then take a share of it.",
    ),
)

TRAPS = (*_STATUS_TRAPS, *_WAIT_TRAPS)

SYMPTOMS = (
    Symptom(
        "tries again too often",
        lambda answer, expected: expected == "stop" and answer != "stop",
        'It does not say "stop" after an answer that is final. A client tries again after no answer at all, 200, 429 '
        "and every 5xx: all other answers will be the same the next time.",
    ),
    Symptom(
        "stops too early",
        lambda answer, expected: answer == "stop" and expected != "stop",
        "It stops after an answer that may be different in a minute. A client tries again after no answer at all, 200, "
        "429 and every 5xx.",
    ),
)
