"""The exercise next_wait: whether a client tries again, and after how long."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.next_wait_traps import SYMPTOMS, TRAPS, next_wait
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
    if not isinstance(returned, str):
        seconds = read.number(returned, "It returned", 'a number of seconds, or "stop"')
        return AGAIN if isinstance(sample.expected, str) else round(seconds, 6)
    if returned != "stop":
        raise Unreadable('It returned another text. The check expects a number of seconds, or "stop".')
    return returned


def _expected_text(expected: object) -> str:
    return "a number of seconds" if expected == AGAIN else repr(expected)


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
    symptoms=SYMPTOMS,
    show_expected=_expected_text,
)
