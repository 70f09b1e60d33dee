"""What one tends to write instead of the solution of the exercise break_even."""

from __future__ import annotations

import math
from collections.abc import Callable

from labkit.check.exercise import Trap

Rule = Callable[..., float]


def _after(change: Callable[[float, float, float], float], silent: float | None = None) -> Rule:
    """The right rule with another computation of the seconds, and with `silent` where a heartbeat costs nothing."""

    def rule(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
        if not beat_bytes:
            return late_s if silent is None else silent
        return min(change(poll_bytes, beat_bytes, beat_s), late_s)

    return rule


def _seconds(poll: float, beat: float, beat_s: float) -> float:
    return poll * beat_s / beat


def _at_most(limit: Callable[[float, float], float]) -> Rule:
    """The right rule with another limit: `limit(seconds, late_s)`."""

    def rule(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
        return limit(_seconds(poll_bytes, beat_bytes, beat_s), late_s) if beat_bytes else late_s

    return rule


def _refused(seconds: float, late_s: float) -> float:
    if seconds > late_s:
        raise ValueError
    return seconds


def _divides_by_nothing(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
    return min(_seconds(poll_bytes, beat_bytes, beat_s), late_s)


def _free(change: Callable[[float, float, float], float]) -> Rule:
    """Another computation of the seconds, without a limit."""
    return lambda poll_bytes, beat_bytes, beat_s, late_s=3600.0: change(poll_bytes, beat_bytes, beat_s)


def _trap(name: str, sentence: str, *changes: Callable[[float, float, float], float]) -> Trap:
    """A trap for other computations of the seconds, each with the limit and without."""
    rules = [rule for change in changes for rule in (_after(change), _free(change))]
    return Trap(name, rules[0], sentence, also=tuple(rules[1:]))


TRAPS = (
    Trap(
        "always the limit",
        _at_most(lambda seconds, late_s: late_s),
        "The answer is late_s, although polling costs as much as the stream earlier than that. late_s is only the most "
        "that may lie between two polls.",
        also=(_at_most(max),),
    ),
    _trap(
        "forgets the interval",
        "That is how many heartbeats cost as much as a poll. Between two of them lie beat_s seconds, so it is no time "
        "yet.",
        lambda poll, beat, beat_s: poll / beat,
    ),
    _trap(
        "upside down",
        "Poll and heartbeat are exchanged: the more a poll costs, the longer one has to wait for the next one, and "
        "here it is the other way round.",
        lambda poll, beat, beat_s: beat * beat_s / poll,
        lambda poll, beat, beat_s: beat / poll,
        lambda poll, beat, beat_s: beat / beat_s / poll,
    ),
    _trap(
        "divides by the interval",
        "The interval divides here, and it has to multiply: heartbeats that come seldom make the stream cheaper, so a "
        "poll has to be seldom too.",
        lambda poll, beat, beat_s: poll / (beat * beat_s),
    ),
    _trap(
        "polls in an hour",
        "That is how many polls in an hour cost as much. The question is how many seconds lie between two of them.",
        lambda poll, beat, beat_s: 3600 / beat_s * beat / poll,
    ),
    _trap(
        "the difference",
        "A difference of bytes says nothing here. The question is how many heartbeats cost as much as one poll: that "
        "is how often one goes into the other.",
        lambda poll, beat, beat_s: (poll - beat) * beat_s,
        lambda poll, beat, beat_s: poll - beat,
        lambda poll, beat, beat_s: (poll - beat) / beat_s,
    ),
    Trap(
        "without dividing",
        _free(lambda poll, beat, beat_s: poll * beat * beat_s),
        "The bytes are not divided. The more a heartbeat costs, the sooner one may poll again, and here it is not so.",
        also=(_free(lambda poll, beat, beat_s: poll * beat_s), _after(lambda poll, beat, beat_s: poll * beat_s)),
    ),
    Trap(
        "another unit",
        _after(lambda poll, beat, beat_s: _seconds(poll, beat, beat_s) / 60),
        "The number is right in another unit. The answer is in seconds, as beat_s is.",
        also=(
            _free(lambda poll, beat, beat_s: _seconds(poll, beat, beat_s) / 60),
            _free(lambda poll, beat, beat_s: _seconds(poll, beat, beat_s) * 1000),
            _free(lambda poll, beat, beat_s: _seconds(poll, beat, beat_s) / 3600),
        ),
    ),
    _trap(
        "half",
        "That is half of the answer. Half an interval is how late an event is on average; asked is the whole interval "
        "between two polls.",
        lambda poll, beat, beat_s: _seconds(poll, beat, beat_s) / 2,
    ),
    _trap(
        "whole seconds",
        "The answer was rounded. A fraction of a second is part of it, and so is a fraction of a heartbeat.",
        lambda poll, beat, beat_s: float(poll * beat_s // beat),
        lambda poll, beat, beat_s: round(_seconds(poll, beat, beat_s)),
        lambda poll, beat, beat_s: math.ceil(_seconds(poll, beat, beat_s)),
        lambda poll, beat, beat_s: poll // beat * beat_s,
        lambda poll, beat, beat_s: math.ceil(poll / beat) * beat_s,
        lambda poll, beat, beat_s: round(poll / beat) * beat_s,
    ),
    Trap(
        "no limit",
        _at_most(lambda seconds, late_s: seconds),
        "The answer is longer than late_s. Then an event may be later than anybody wants to wait: late_s is the most "
        "that may lie between two polls.",
    ),
    Trap(
        "a limit of its own",
        _at_most(lambda seconds, late_s: min(seconds, 3600.0)),
        "The answer is never more than an hour, whatever late_s says. 3600 is only its default: the caller may give "
        "another one.",
    ),
    Trap(
        "0 beyond the limit",
        _at_most(lambda seconds, late_s: seconds if seconds <= late_s else 0),
        "Where the limit is passed, the answer is 0: that would be polling without a pause. It is late_s there.",
    ),
    Trap(
        "raises beyond the limit",
        _at_most(_refused),
        "Where the limit is passed, the function raises an error. There is an answer: one polls as seldom as the limit "
        "allows, every late_s seconds.",
    ),
    Trap(
        "divides by nothing",
        _divides_by_nothing,
        "A stream whose heartbeats cost 0 bytes makes the function raise an error: nothing can be divided by 0. Such a "
        "stream costs nothing.",
    ),
    Trap(
        "asks all the time",
        _after(_seconds, silent=0.0),
        "Where the stream costs nothing, the answer is 0: that would be polling without a pause. Polling is never as "
        "cheap there, so ask as seldom as late_s allows.",
    ),
    Trap(
        "waits for ever",
        _after(_seconds, silent=math.inf),
        "Where the stream costs nothing, the answer has no end. It is late_s at most, so that no event is later than "
        "that.",
    ),
    Trap(
        "an hour where it is silent",
        _after(_seconds, silent=3600.0),
        "Where the stream costs nothing, the answer is always an hour. 3600 is only the default of late_s: the caller "
        "may give another one.",
    ),
)
