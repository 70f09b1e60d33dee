"""The solution of the exercise use_ticket, and what one tends to write instead."""

from __future__ import annotations

from collections.abc import Callable

from labkit.check.exercise import Trap

Tickets = dict[str, tuple[str, str, int]]
UserAndLeft = tuple[str | None, Tickets]
#: Whether this ticket opens this stream now.
_Opens = Callable[[tuple[str, str, int], str, int], bool]
#: The tickets that are left: of the ticket that was shown, the user who came in, all tickets, and the time.
_Left = Callable[[str, str | None, Tickets, int], Tickets]


def use_ticket(
    ticket: str, stream: str, tickets: dict[str, tuple[str, str, int]], now_s: int
) -> tuple[str | None, dict[str, tuple[str, str, int]]]:
    """Who may open the stream with this ticket, or None; and the tickets that are good from now on."""
    user, meant_for, expires_s = tickets.get(ticket, (None, "", 0))
    if meant_for != stream or now_s >= expires_s:
        user = None
    left = {name: entry for name, entry in tickets.items() if name != ticket and now_s < entry[2]}
    return user, left  # a ticket that was shown is used up, whatever came of it


def _good(entry: tuple[str, str, int], stream: str, now_s: int) -> bool:
    return entry[1] == stream and now_s < entry[2]


def _others(ticket: str, user: str | None, tickets: Tickets, now_s: int) -> Tickets:
    return {name: entry for name, entry in tickets.items() if name != ticket and now_s < entry[2]}


def _with(
    opens: _Opens = _good,
    left: _Left = _others,
    find: Callable[[str, Tickets], str | None] = lambda ticket, tickets: ticket if ticket in tickets else None,
) -> Callable[[str, str, Tickets, int], UserAndLeft]:
    """The right answer, but for what is given."""

    def use(ticket: str, stream: str, tickets: Tickets, now_s: int) -> UserAndLeft:
        name = find(ticket, tickets)
        user = tickets[name][0] if name is not None and opens(tickets[name], stream, now_s) else None
        return user, left(ticket if name is None else name, user, tickets, now_s)

    return use


def _raises(ticket: str, stream: str, tickets: Tickets, now_s: int) -> UserAndLeft:
    user, meant_for, expires_s = tickets[ticket]
    return (
        user if meant_for == stream and now_s < expires_s else None,
        _others(ticket, user, tickets, now_s),
    )


def _raises_where_it_refuses(ticket: str, stream: str, tickets: Tickets, now_s: int) -> UserAndLeft:
    user, left = use_ticket(ticket, stream, tickets, now_s)
    if user is None:
        raise PermissionError
    return user, left


def _alike(same: Callable[[str, str], bool]) -> Callable[[str, Tickets], str | None]:
    return lambda ticket, tickets: next((name for name in tickets if same(name, ticket)), None)


TRAPS = (
    Trap(
        "still good",
        _with(left=lambda ticket, user, tickets, now_s: {n: e for n, e in tickets.items() if now_s < e[2]}),
        "The ticket is still good after it was shown. It stands in the access log, and whoever reads that may use it "
        "again: it is good once.",
        also=(_with(left=lambda ticket, user, tickets, now_s: tickets),),
    ),
    Trap(
        "used up where it opens",
        _with(left=lambda ticket, user, tickets, now_s: _others(ticket if user else "no ticket", user, tickets, now_s)),
        "A ticket that opened nothing is still good. It was shown, so it stands in a log now: it is used up, whatever "
        "came of it.",
        also=(
            _with(
                left=lambda ticket, user, tickets, now_s: (
                    {n: e for n, e in tickets.items() if n != ticket or user is None}
                )
            ),
        ),
    ),
    Trap(
        "never too late",
        _with(opens=lambda entry, stream, now_s: entry[1] == stream),
        "A ticket opened the stream after its time. It is meant to be used at once: look at `expires_s`.",
    ),
    Trap(
        "a second too late",
        _with(opens=lambda entry, stream, now_s: entry[1] == stream and now_s <= entry[2]),
        "A ticket opened the stream in the very second in which it had run out. It is good before `expires_s`, not at "
        "it.",
    ),
    Trap(
        "any stream",
        _with(opens=lambda entry, stream, now_s: now_s < entry[2]),
        "A ticket opened a stream that it was not given out for. Whoever has one for their own stream could read "
        "everybody's.",
    ),
    Trap(
        "neither time nor stream",
        _with(opens=lambda entry, stream, now_s: True),
        "Every ticket that is known opened the stream. Two things have to be looked at: which stream it was given out "
        "for, and until when it is good.",
    ),
    Trap(
        "raises",
        _raises,
        "A ticket that opens nothing made the function raise an error. Anybody may send anything: the answer is None, "
        "and your server says 401.",
        also=(_raises_where_it_refuses,),
    ),
    Trap(
        "all of this user",
        _with(
            left=lambda ticket, user, tickets, now_s: (
                {n: e for n, e in _others(ticket, user, tickets, now_s).items() if e[0] != user}
            )
        ),
        "Other tickets of the same user are gone too. A second tab has one of its own, and it could not open its "
        "stream.",
        also=(
            _with(
                left=lambda ticket, user, tickets, now_s: (
                    {
                        n: e
                        for n, e in _others(ticket, user, tickets, now_s).items()
                        if e[0] != tickets.get(ticket, [0])[0]
                    }
                )
            ),
        ),
    ),
    Trap(
        "all gone",
        _with(left=lambda ticket, user, tickets, now_s: {}),
        "All tickets are gone. Those of the others, which nobody has shown yet, are still good.",
    ),
    Trap(
        "only the ticket shown is kept",
        _with(left=lambda ticket, user, tickets, now_s: {n: e for n, e in tickets.items() if n == ticket}),
        "The ticket that was shown is kept, and the others are gone. It is the other way round.",
    ),
    Trap(
        "only those of the stream",
        lambda ticket, stream, tickets, now_s: (
            use_ticket(ticket, stream, tickets, now_s)[0],
            {n: e for n, e in _others(ticket, None, tickets, now_s).items() if e[1] == stream},
        ),
        "Tickets for other streams are gone. They have not been shown yet, and are still good.",
    ),
    Trap(
        "nobody",
        _with(opens=lambda entry, stream, now_s: False),
        "Nobody is let in, not even with a good ticket. (Is the time compared the right way round?)",
        also=(_with(opens=lambda entry, stream, now_s: entry[1] == stream and now_s >= entry[2]),),
    ),
    Trap(
        "any case",
        _with(find=_alike(lambda name, ticket: name.lower() == ticket.lower())),
        "A ticket in other letters, capitals or small, opened the stream. It is another ticket: compare whole texts.",
    ),
    Trap(
        "a part of a ticket",
        _with(find=_alike(lambda name, ticket: name.startswith(ticket))),
        "A part of a ticket, or nothing at all, opened the stream. Whoever guesses the first letter would be in: ask "
        "the dict for the whole text.",
        also=(_with(find=_alike(lambda name, ticket: ticket in name)),),
    ),
    Trap(
        "blanks are cut",
        _with(find=lambda ticket, tickets: ticket.strip() if ticket.strip() in tickets else None),
        "A ticket with blanks around it opened the stream. What came is not what was given out: compare whole texts.",
    ),
    Trap(
        "old ones stay",
        _with(left=lambda ticket, user, tickets, now_s: {n: e for n, e in tickets.items() if n != ticket}),
        "Tickets that have run out are kept. Nobody may use them any more, and they would fill the memory for ever: "
        "leave them out.",
    ),
    Trap(
        "one second more",
        _with(
            left=lambda ticket, user, tickets, now_s: (
                {n: e for n, e in tickets.items() if n != ticket and now_s <= e[2]}
            )
        ),
        "A ticket that has run out in this very second is kept. It is good before `expires_s`, not at it.",
    ),
)
