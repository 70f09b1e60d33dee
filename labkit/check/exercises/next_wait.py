"""The exercise next_wait: whether a client tries again, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Symptom, Trap
from labkit.check.values import Unreadable

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
#: What the first level expects: which answers are final is its only question, and any number is another attempt.
AGAIN = "again"


def _samples(seed: str, kind: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for place in range(40):
        status = ANSWERS[place % len(ANSWERS)] if kind == "answers" else rng.choice((None, 200, 429, 502, 503))
        failures = 1 if kind == "answers" else rng.choice((1, 2, 3, 4, 5, 6, 7, 9, 20, 3000))
        chance = rng.choice((0.0, 0.1, 0.25, 0.5, 0.9, 1.0)) if kind == "jitter" else 1.0
        args = (status, failures, chance)
        result = next_wait(*args)
        expected = AGAIN if kind == "answers" and result != "stop" else result
        samples.append(Sample(args, expected if isinstance(expected, str) else round(expected, 6)))
    return samples


def _read(returned: object, sample: Sample) -> float | str:
    if returned == "stop":
        return "stop"
    if isinstance(returned, str):
        raise Unreadable(f'It returned {returned!r}; the check expects a number of seconds, or "stop".')
    seconds = read.number(returned, "What it returned")
    return AGAIN if isinstance(sample.expected, str) else round(seconds, 6)


def _expected_text(expected: object) -> str:
    return "a number of seconds" if expected == AGAIN else repr(expected)


def _again(status: int | None) -> bool:
    return status in (None, 200, 429) or 500 <= status < 600


def _backoff(failures: int) -> float:
    return float(min(30, 2 ** (failures - 1)))


def _policy(tries_again: Callable[[int | None], bool]) -> Callable[[int | None, int, float], float | str]:
    """The right waits, with another rule for which answers are final."""
    return lambda status, failures, chance: _backoff(failures) * chance if tries_again(status) else "stop"


def _final(status: int, why: str) -> Trap:
    policy = _policy(lambda answer: _again(answer) or answer == status)
    return Trap(f"tries again after {status}", policy, f"It tries again after a {status}. {why}")


def _passing(status: int, why: str) -> Trap:
    policy = _policy(lambda answer: _again(answer) and answer != status)
    return Trap(f"stops after {status}", policy, f"It stops after a {status}. {why}")


_SAME = "The same request gets the same answer in a second, and in an hour."

TRAPS = (
    Trap(
        "stops like a browser",
        _policy(lambda status: status in (None, 200)),
        "It stops at every status but 200, as a browser does. Behind a proxy a 502 or a 503 means that the server is "
        "away for a moment, and a 429 that it is busy: a client of your own tries again.",
    ),
    Trap(
        "tries again after everything",
        _policy(lambda status: True),
        "It tries again after every answer. A 404 or a 401 will be the same in a second, and a 204 says: no more.",
    ),
    _final(204, "With this status a server tells a client that there is nothing more for it."),
    _final(301, "The stream has another address, and the client that follows redirects has not found one there."),
    _final(401, _SAME),
    _final(403, _SAME),
    _final(404, _SAME),
    _final(410, "It means: gone, for good."),
    Trap(
        "tries again after every 4xx",
        _policy(lambda status: _again(status) or 400 <= (status or 0) < 500),
        "It tries again after a 401, 403, 404 and 410. The same request gets the same answer in a second.",
    ),
    Trap(
        "stops after every 5xx",
        _policy(lambda status: status in (None, 200, 429)),
        "It stops after a 5xx. Behind a proxy it mostly means that the server is away for a moment.",
    ),
    _passing(429, "The server is busy, and asks you to come later: that is no end."),
    _passing(500, "The server made a mistake this time; the next attempt may reach one that works."),
    _passing(502, "A proxy says so while the server behind it is away, as in each deploy."),
    _passing(503, "It means: not now."),
    _passing(504, "A proxy says so when the server behind it was too slow this time."),
    Trap(
        "stops where nobody answers",
        _policy(lambda status: status is not None and _again(status)),
        "It stops where no answer came at all. A server that restarts gives none: `status` is None then.",
    ),
    Trap(
        "raises where nobody answers",
        lambda status, failures, chance: next_wait(status, failures, chance) if abs(status) else "",
        "It raises an error where no answer came: `status` is None then, and None compares with no number.",
    ),
    Trap(
        "stops after a stream",
        _policy(lambda status: _again(status) and status != 200),
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
        "waits half of it at least",
        lambda status, failures, chance: max(0.5, chance) * _backoff(failures) if _again(status) else "stop",
        "The wait is never less than half. Then nobody comes in the first half, and all come in the second.",
    ),
    Trap(
        "has no chance",
        lambda status, failures, chance: _backoff(failures) if _again(status) else "stop",
        "The chance is not used, so all clients wait equally long and come back together.",
    ),
    Trap(
        "limits too late",
        lambda status, failures, chance: (
            min(30.0, float(min(2 ** (failures - 1), 10**300)) * chance) if _again(status) else "stop"
        ),
        "The limit is applied behind the chance: after many failures nearly all clients wait 30 seconds, together. "
        "Limit the wait first, then take a share of it.",
    ),
)

SYMPTOMS = (
    Symptom(
        "another chance",
        lambda seconds, expected: isinstance(seconds, float) and round(seconds, 3) != seconds,
        "The wait has digits that come from no `chance` of this check. Does the function draw a random number of its "
        "own? `chance` is one already, and a check can then know what comes.",
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
    symptoms=SYMPTOMS,
    show_expected=_expected_text,
    hints=(
        "Which of these may be different in a minute: 204, 404, 429, 503, no answer at all?",
        "2 ** (failures - 1) doubles. It is a very large number after a long night: min(30, ...) comes before any "
        "fraction.",
        "Multiply the limited wait by the chance, and by nothing else.",
    ),
    praise="This client survives a deploy, and a thousand of them do not come at once.",
    read=_read,
)
