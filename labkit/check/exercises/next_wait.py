"""The exercise next_wait: whether a client tries again, and after how long."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap

STUB = '''\
def next_wait(status: int | None, failures: int, chance: float) -> float | str:
    """The seconds until the next attempt, or "stop".

    status: of the last answer; None if there was none. failures: in a row, this one too. chance: from 0 to 1.
    The wait is 1 s after the first failure, doubles with each, is 30 s at most, and is taken times the chance.
    Example:
    next_wait(503, 3, 0.5) -> 2.0
    """
    ...
'''


def next_wait(status: int | None, failures: int, chance: float) -> float | str:
    """The seconds until the next attempt, or "stop"."""
    if status not in (None, 200, 429) and not 500 <= status < 600:
        return "stop"
    wait_s: int = min(30, 2 ** (failures - 1))
    return wait_s * chance


ANSWERS = (None, 200, 204, 301, 401, 403, 404, 410, 429, 500, 502, 503, 504)


def _samples(seed: str, kind: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for place in range(40):
        status = ANSWERS[place % len(ANSWERS)] if kind == "answers" else rng.choice((None, 200, 429, 502, 503))
        failures = 1 if kind == "answers" else rng.choice((1, 2, 3, 4, 5, 6, 7, 9, 20, 3000))
        chance = rng.choice((0.0, 0.1, 0.25, 0.5, 0.9, 1.0)) if kind == "jitter" else 1.0
        args = (status, failures, chance)
        sample = Sample(args, None)
        samples.append(Sample(args, _read(next_wait(*args), sample)))
    return samples


def _read(returned: object, sample: Sample) -> float | str:
    return returned if returned == "stop" else round(read.number(returned, "What it returned"), 6)


def _again(status: int | None) -> bool:
    return status in (None, 200, 429) or 500 <= status < 600


def _backoff(failures: int) -> float:
    return float(min(30, 2 ** (failures - 1)))


TRAPS = (
    Trap(
        "stops like a browser",
        lambda status, failures, chance: _backoff(failures) * chance if status in (None, 200) else "stop",
        "It stops at every status but 200, as a browser does. Behind a proxy a 502 or a 503 means that the server is "
        "away for a moment, and a 429 that it is busy: a client of your own tries again.",
    ),
    Trap(
        "tries again after everything",
        lambda status, failures, chance: _backoff(failures) * chance,
        "It tries again after every answer. A 404 or a 401 will be the same in a second, and a 204 says: no more.",
    ),
    Trap(
        "tries again after 204",
        lambda status, failures, chance: _backoff(failures) * chance if _again(status) or status == 204 else "stop",
        "It tries again after a 204. With this status a server tells a client that there is nothing more for it.",
    ),
    Trap(
        "stops where nobody answers",
        lambda status, failures, chance: _backoff(failures) * chance if status and _again(status) else "stop",
        "It stops where no answer came at all. A server that restarts gives none: status is None then.",
    ),
    Trap(
        "stops after a stream",
        lambda status, failures, chance: _backoff(failures) * chance if _again(status) and status != 200 else "stop",
        "It stops after a 200. That was a stream that has ended, or broke: it is opened again.",
    ),
    Trap(
        "always the same wait",
        lambda status, failures, chance: chance if _again(status) else "stop",
        "It always waits one second. With each failure in a row the wait doubles.",
    ),
    Trap(
        "grows by one",
        lambda status, failures, chance: min(30, failures) * chance if _again(status) else "stop",
        "The wait grows by a second each time. It should double: 1, 2, 4, 8.",
    ),
    Trap(
        "begins at two",
        lambda status, failures, chance: min(30, 2**failures) * chance if _again(status) else "stop",
        "The first wait is two seconds at chance 1. `failures` counts this failure too: the first wait is one second, "
        "times the chance.",
    ),
    Trap(
        "has no limit",
        lambda status, failures, chance: float(min(2 ** (failures - 1), 10**12)) * chance if _again(status) else "stop",
        "The wait has no limit. After twenty failures it is six days; 30 seconds is the most.",
    ),
    Trap(
        "takes only half of it",
        lambda status, failures, chance: _backoff(failures) * (1 + chance) / 2 if _again(status) else "stop",
        "Only half of the wait depends on the chance. Then nobody comes in the first half, and all come in the second.",
    ),
    Trap(
        "has no chance",
        lambda status, failures, chance: _backoff(failures) if _again(status) else "stop",
        "The chance is not used, so all clients wait equally long and come back together.",
    ),
    Trap(
        "limits too late",
        lambda status, failures, chance: (
            min(30.0, float(min(2 ** (failures - 1), 10**300)) * chance) if _again(status) else None
        ),
        "The limit is applied behind the chance: after many failures nearly all clients wait 30 seconds, together. "
        "Limit the wait first, then take a share of it.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=next_wait,
    levels=(
        Level(
            "which answers are final",
            "Try again after no answer, 200, 429 and every 5xx; stop after all others.",
            lambda: _samples("n/1", "answers"),
        ),
        Level(
            "backoff",
            "The wait is 1 s after the first failure, doubles with each, and is at most 30 s.",
            lambda: _samples("n/2", "backoff"),
        ),
        Level("jitter", "The wait is the limited one times the chance.", lambda: _samples("n/3", "jitter")),
    ),
    traps=TRAPS,
    hints=(
        "Which of these may be different in a minute: 204, 404, 429, 503, no answer at all?",
        "2 ** (failures - 1) doubles. It is a very large number after a long night: min(30, ...) comes before any "
        "fraction.",
        "Multiply the limited wait by the chance, and by nothing else.",
    ),
    praise="This client survives a deploy, and a thousand of them do not come at once.",
    read=_read,
)
