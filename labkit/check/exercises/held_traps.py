"""The solution of the exercise held, and what one tends to write instead."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import mean, median, pstdev

from labkit.check.exercise import Trap

Times = list[float]
Judge = Callable[[Times, Times], str]

LATE_S = 0.1
TOGETHER_S = 0.05


def held(sent_s: list[float], arrived_s: list[float]) -> str:
    """What happened on the way: "live", "at the end" or "lumps"."""
    lags_s = [arrived - sent for sent, arrived in zip(sent_s, arrived_s, strict=True)]
    if not lags_s or max(lags_s) - min(lags_s) < 0.1:  # all equally late: two clocks, or a long way
        return "live"
    return "at the end" if arrived_s[-1] - arrived_s[0] < 0.05 else "lumps"


def _lags(sent_s: Times, arrived_s: Times) -> Times:
    return [arrived - sent for sent, arrived in zip(sent_s, arrived_s, strict=True)]


def _range(lags_s: Times) -> float:
    return max(lags_s) - min(lags_s)


def _judge(
    spread: Callable[[Times], float],
    when_empty: str = "live",
    late_s: float = LATE_S,
    together_s: Callable[[int], float] = lambda events: TOGETHER_S,
) -> Judge:
    """A judge who calls live what has a small spread of the lags."""

    def judge(sent_s: Times, arrived_s: Times) -> str:
        lags_s = _lags(sent_s, arrived_s)
        if not lags_s:
            return when_empty
        if spread(lags_s) < late_s:
            return "live"
        return "at the end" if arrived_s[-1] - arrived_s[0] < together_s(len(lags_s)) else "lumps"

    return judge


def _always(word: str) -> Judge:
    return lambda sent_s, arrived_s: word


def _instead(said: str, right: str) -> Judge:
    """A judge who says `said` where `right` is right."""

    def judge(sent_s: Times, arrived_s: Times) -> str:
        word = held(sent_s, arrived_s)
        return said if word == right else word

    return judge


def _end_first(sent_s: Times, arrived_s: Times) -> str:
    if len(arrived_s) > 1 and arrived_s[-1] - arrived_s[0] < TOGETHER_S:
        return "at the end"
    return held(sent_s, arrived_s)


def _two_words_by_arrivals(sent_s: Times, arrived_s: Times) -> str:
    return "at the end" if len(arrived_s) > 1 and arrived_s[-1] - arrived_s[0] < TOGETHER_S else "live"


def _two_words_by_spread(sent_s: Times, arrived_s: Times) -> str:
    lags_s = _lags(sent_s, arrived_s)
    return "live" if not lags_s or _range(lags_s) < LATE_S else "at the end"


def _two_words(size: Callable[[Times], float]) -> Judge:
    def judge(sent_s: Times, arrived_s: Times) -> str:
        return "live" if size(_lags(sent_s, arrived_s)) < LATE_S else "at the end"

    return judge


def _bursts_are_lumps(sent_s: Times, arrived_s: Times) -> str:
    gaps = [after - before for before, after in pairwise(arrived_s)]
    if any(gap < 0.03 for gap in gaps) and any(gap > 0.03 for gap in gaps):
        return "lumps"
    return held(sent_s, arrived_s)


def _two_clocks(sent_s: Times, arrived_s: Times) -> str:
    word = held(sent_s, arrived_s)
    return word if word == "live" else "at the end" if arrived_s[0] >= sent_s[-1] else "lumps"


def _arrivals_only(apart_s: float) -> Judge:
    def judge(sent_s: Times, arrived_s: Times) -> str:
        gaps_s = [after - before for before, after in pairwise(arrived_s)]
        if not gaps_s or min(gaps_s) > apart_s:
            return "live"
        return "at the end" if max(gaps_s) < TOGETHER_S else "lumps"

    return judge


def _raises_for_nothing(sent_s: Times, arrived_s: Times) -> str:
    if not sent_s:
        raise ValueError
    return held(sent_s, arrived_s)


def _no_first_for_nothing(sent_s: Times, arrived_s: Times) -> str:
    if not sent_s:
        raise IndexError
    return held(sent_s, arrived_s)


def _one_is_at_the_end(sent_s: Times, arrived_s: Times) -> str:
    return "at the end" if len(sent_s) == 1 else held(sent_s, arrived_s)


def _end_by_spread(sent_s: Times, arrived_s: Times) -> str:
    word, lags_s = held(sent_s, arrived_s), _lags(sent_s, arrived_s)
    return word if word == "live" else "at the end" if _range(lags_s) > 1 else "lumps"


TRAPS = (
    Trap(
        "always live",
        _always("live"),
        "It says 'live' for a stream whose events were sent one by one and arrived all together. The first of them "
        "waited much longer than the last one.",
        also=(
            _judge(lambda lags_s: lags_s[-1] - lags_s[0]),
            _judge(min),
            _judge(lambda lags_s: lags_s[-1]),
            _two_words(min),
            lambda sent_s, arrived_s: (
                "live" if sent_s and arrived_s[-1] - sent_s[-1] < LATE_S else held(sent_s, arrived_s)
            ),
        ),
    ),
    Trap(
        "always at the end",
        _always("at the end"),
        "It says 'at the end' for a stream whose events arrived one by one, right after they were sent. Nothing was "
        "held there.",
    ),
    Trap(
        "exchanged",
        lambda sent_s, arrived_s: (
            _always("at the end")(sent_s, arrived_s) if held(sent_s, arrived_s) == "live" else "live"
        ),
        "The words are exchanged: it says 'live' where all came at the end, and 'at the end' where nothing was held.",
    ),
    Trap(
        "everything late is at the end",
        _two_words(max),
        "It says 'at the end' for everything that is late. A stream may be evenly late, and then nothing was held; or "
        "it may arrive in several lumps.",
        also=tuple(_two_words(size) for size in (mean, median)),
    ),
    Trap(
        "no lumps",
        _two_words_by_spread,
        "Several lumps, one after the other, were called 'at the end'. Is the first arrival far from the last?",
        also=(_instead("at the end", "lumps"),),
    ),
    Trap(
        "arrivals only, no lumps",
        _two_words_by_arrivals,
        "It looks at the arrivals only. Lumps were called live; and events that were sent in one moment and arrived in "
        "one moment were called held, although nobody held them.",
    ),
    Trap(
        "arrivals only",
        _arrivals_only(0.01),
        "It looks at the arrivals only, and never at the times of sending. What was sent together may arrive together, "
        "and then nobody held it.",
        also=tuple(_arrivals_only(apart_s) for apart_s in (0.005, 0.02, 0.03, 0.05)),
    ),
    Trap(
        "the end first",
        _end_first,
        "Events that were sent in one moment, and arrived in one moment, were called held. When were they sent?",
        also=(
            lambda sent_s, arrived_s: (
                "at the end" if sent_s and arrived_s[-1] - arrived_s[0] < TOGETHER_S else held(sent_s, arrived_s)
            ),
        ),
    ),
    Trap(
        "the largest lag",
        _judge(max),
        "A stream whose events are all equally late was called held. A long way is no buffer, and two clocks seldom "
        "agree: compare the lags with one another.",
        also=(_judge(median),),
    ),
    Trap(
        "the mean lag",
        _judge(mean),
        "The size of the lags decides, not their difference. A stream that is evenly late was called held, and one "
        "with short lumps may be called live: compare the largest lag with the smallest.",
    ),
    Trap(
        "distance from the mean",
        _judge(lambda lags_s: max(lags_s) - mean(lags_s)),
        "Some held events were called live. The mean lies between the lags, so the distance from it is smaller than "
        "their whole range: compare the largest lag with the smallest.",
        also=(
            _judge(pstdev),
            _judge(lambda lags_s: mean(lags_s) - min(lags_s)),
            _judge(lambda lags_s: max(lags_s) - median(lags_s)),
        ),
    ),
    Trap(
        "the first and the last lag",
        _judge(lambda lags_s: abs(lags_s[0] - lags_s[-1])),
        "Only the first lag was compared with the last one. Between them events were held, and nobody saw it: all lags "
        "count.",
    ),
    Trap(
        "neighbouring lags",
        _judge(lambda lags_s: max((abs(after - before) for before, after in pairwise(lags_s)), default=0.0)),
        "Only neighbours were compared. From one event to the next a lag may change by little, and over the whole "
        "stream by much: compare the largest lag with the smallest.",
    ),
    Trap(
        "how long they waited",
        _end_by_spread,
        "How long events waited tells 'at the end' from lumps here. That depends on how long the stream is: look how "
        "far the first arrival is from the last.",
    ),
    Trap(
        "another limit",
        _judge(_range, late_s=0.01),
        "The limit between live and held is another one. Where the largest and the smallest lag differ by less than "
        "0.1 s, a stream is live.",
        also=tuple(_judge(_range, late_s=late_s) for late_s in (0.001, 0.02, 0.05, 0.2, 0.25, 0.3, 0.5, 1.0)),
    ),
    Trap(
        "another limit for the end",
        _judge(_range, together_s=lambda events: 0.05 * events),
        "Another limit tells 'at the end' from lumps. It is 'at the end' where the last event arrived less than 0.05 s "
        "after the first one, however many there are.",
        also=tuple(_judge(_range, together_s=lambda events, s=s: s) for s in (0.01, 0.1, 0.2, 0.5, 1.0)),  # type: ignore[misc]
    ),
    Trap(
        "arrival after sending",
        _two_clocks,
        "A time of one clock was compared with a time of the other. The two may differ by any amount: whether all came "
        "at the end, the arrivals alone tell.",
        also=(
            lambda sent_s, arrived_s: (
                "at the end"
                if held(sent_s, arrived_s) != "live" and arrived_s[0] > sent_s[-1]
                else _two_clocks(sent_s, arrived_s)
            ),
        ),
    ),
    Trap(
        "bursts",
        _bursts_are_lumps,
        "Bursts were taken for lumps. This server sends several events at a time, so they arrive together: nobody held "
        "them.",
    ),
    Trap(
        "never at the end",
        _instead("lumps", "at the end"),
        "All events arrived together, and that was called lumps. If all come in one moment, it is 'at the end'.",
    ),
    Trap(
        "no words for lumps",
        _instead("live", "lumps"),
        "Events that arrived in lumps were called live. They were sent one by one, and some waited for others.",
    ),
    Trap(
        "nothing came",
        _raises_for_nothing,
        "A stream without events makes the function raise an error: there is no largest lag. Nothing was held there, "
        "so it is 'live'.",
        also=(_no_first_for_nothing,),
    ),
    Trap(
        "nothing is at the end",
        _judge(_range, when_empty="at the end"),
        "A stream without events was called held. Nothing was held there, so it is 'live'.",
        also=(_judge(_range, when_empty="lumps"),),
    ),
    Trap(
        "one is at the end",
        _one_is_at_the_end,
        "A stream with one event was called held. One lag cannot differ from another, so it is 'live'.",
    ),
)
