"""The exercise use_ticket: a ticket in the URL that is good once."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.use_ticket_traps import TRAPS, Tickets, UserAndLeft, use_ticket
from labkit.check.values import Unreadable, shape

STUB = '''\
def use_ticket(
    ticket: str, stream: str, tickets: dict[str, tuple[str, str, int]], now_s: int
) -> tuple[str | None, dict[str, tuple[str, str, int]]]:
    """Who may open the stream with this ticket, or None; and the tickets that are good from now on.

    tickets has for each one: the user, the stream that it was given out for, and when it runs out. It is good before
    that second, and once: a ticket that was shown is used up, whatever came of it. What has run out is left out.
    Example:
    use_ticket("t1", "/a", {"t1": ("ann", "/a", 60), "t2": ("bob", "/b", 60)}, 5) -> ("ann", {"t2": ("bob", "/b", 60)})
    """
    ...
'''

_USERS, _STREAMS = ("ann", "bob", "cleo"), ("/mine", "/news", "/room-7")
_LETTERS = "abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789"


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    return [_sample(rng, ask) for _ in range(60)]


def _sample(rng: Random, ask: str) -> Sample:
    now_s = rng.randrange(100, 1000)
    tickets: Tickets = {}
    for _ in range(rng.randrange(1, 4)):
        lives_s = rng.choice((-20, 0, 1, 30)) if ask == "strange" else rng.choice((1, 30))
        tickets[_new_ticket(rng)] = (rng.choice(_USERS), rng.choice(_STREAMS), now_s + lives_s)
    ticket = rng.choice(list(tickets))
    user, stream, expires_s = tickets[ticket]
    if ask == "refused":
        expires_s = now_s + rng.choice((-20, 0, 1, 30))
        tickets[ticket] = (user, stream, expires_s)
        stream = rng.choice((stream, stream, *_STREAMS))
    if ask == "known" and rng.random() < 0.3:
        ticket = _new_ticket(rng)
    if ask == "strange" and rng.random() < 0.6:
        ticket = rng.choice(("", ticket[:4], ticket.swapcase(), f" {ticket}", _new_ticket(rng)))
    entry = tickets.get(ticket)
    known = entry is not None and entry[1] == stream and now_s < entry[2]
    left = {name: other for name, other in tickets.items() if name != ticket and other[2] > now_s}
    return Sample((ticket, stream, tickets, now_s), (user if known else None, left))


def _new_ticket(rng: Random) -> str:
    return "".join(rng.choices(_LETTERS, k=6))


def _read(returned: object, sample: Sample) -> UserAndLeft:
    user, left = read.pair(returned, "a tuple of two things: (user, tickets)")
    if not isinstance(left, dict):
        raise Unreadable(f"The tickets are {shape(left)}; the check expects a dict.")
    who = None if user is None else read.text(user, "The user is")
    return who, {read.text(name, "A ticket is"): _entry(entry) for name, entry in left.items()}


def _entry(entry: object) -> tuple[str, str, int]:
    expected = "a tuple of three things: (user, stream, expires_s)"
    parts = read.items(entry, expected, "What is kept of a ticket is")
    if len(parts) != 3:
        raise Unreadable(f"What is kept of a ticket is {shape(entry)}; the check expects {expected}.")
    user, stream, expires_s = parts
    return read.text(user, "A user is"), read.text(stream, "A stream is"), read.whole_number(expires_s, "A time is")


EXERCISE = Exercise(
    stub=STUB,
    solution=use_ticket,
    levels=(
        Level(
            "once",
            "Who shows a ticket that was given out gets in, and the ticket is used up. The others stay as they are.",
            lambda: _samples("use_ticket/1", "known"),
        ),
        Level(
            "too late, or for another stream",
            "A ticket is good for one stream, and before `expires_s`. It is used up too where it opened nothing.",
            lambda: _samples("use_ticket/2", "refused"),
        ),
        Level(
            "strange tickets, and old ones",
            "A ticket that is not in the dict opens nothing, however alike it looks. What has run out is left out.",
            lambda: _samples("use_ticket/3", "strange"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "Three questions decide who gets in: is the ticket known, is it for this stream, and is it still good? A "
        "fourth one has nothing to do with them: which tickets are left?",
        "`tickets.get(ticket)` gives None for a ticket that nobody gave out, where `tickets[ticket]` raises an error.",
        "Keep in a new dict what is not this ticket and has not run out: "
        "`{name: entry for name, entry in tickets.items() if ...}`.",
    ),
    praise="A ticket is good once, so what your log keeps of it is worthless.",
    read=_read,
)
