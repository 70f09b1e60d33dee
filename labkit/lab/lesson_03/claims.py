"""The verdicts of lesson 03: each is computed from what was recorded, and turns when the client does the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.lab.verdict import Verdict

READY_STATES = ("connecting", "open", "closed")

#: What an event of EventSource says, and the readyState at that moment.
Told = tuple[str, int]


def c14_three_states(notes: Sequence[Told]) -> Verdict:
    """EventSource goes through connecting, open and closed, and tells through open, message and error."""
    states = [READY_STATES[state] for _, state in notes]
    path = [state for place, state in enumerate(states) if place == 0 or state != states[place - 1]]
    names = list(dict.fromkeys(name for name, _ in notes))
    fits = {"start": {0}, "open": {1}, "message": {1}, "error": {0, 2}}
    holds = set(states) == set(READY_STATES) and all(state in fits.get(name, set()) for name, state in notes)
    because = f"it went {' → '.join(path)}, and told {', '.join(name for name in names if name != 'start')}"
    return Verdict("C14", holds, because)


def c19_asks_again(questions: Mapping[str, int]) -> Verdict:
    """EventSource also reconnects after a finished answer: `questions` counts those of each page.

    One of the pages is called "no end"; the others do something about it.
    """
    careless = questions.get("no end", 0)
    careful = {name: count for name, count in questions.items() if name != "no end"}
    holds = careless > 1 and bool(careful) and all(count == 1 for count in careful.values())
    rest = ", ".join(f"the one with {name} {_times(count)}" for name, count in careful.items())
    return Verdict("C19", holds, f"the page without an end asked {_times(careless)}, {rest}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times" if count < 4 else "many times"
