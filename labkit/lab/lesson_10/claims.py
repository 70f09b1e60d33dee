"""The verdicts of lesson 10: each is computed from what browsers did, and turns where they do the opposite."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.lab.lesson_10.six import TheSix
from labkit.lab.lesson_10.tabs import SharedTabs
from labkit.lab.lesson_10.topics import TopicsHeard
from labkit.lab.verdict import Verdict


def c32_six_over_http_1(seen: Sequence[TheSix]) -> Verdict:
    """Over HTTP/1.1 a browser opens six connections, over all tabs; what comes next waits, a small request too.

    `seen` has what was tried over HTTP/1.1, with more than six streams each time.
    """
    holds = bool(seen) and all(one.total == 6 and not one.page_came for one in seen)
    told = [f"{_where(one)}: {one.total} of {one.asked_for} open, the page {_page(one)}" for one in seen]
    return Verdict("C32", holds, "; ".join(told))


def c33_http_2_lifts_it(few: TheSix, many: TheSix) -> Verdict:
    """HTTP/2 carries many streams over one connection; the limit is then the server's, about a hundred.

    `few` were eight streams, `many` more than a hundred.
    """
    lifted = few.spoke == "h2" and few.total == few.asked_for and few.page_came
    limited = 90 <= many.total < many.asked_for and not many.page_came
    because = f"{few.total} of {few.asked_for} open and the page {_page(few)}; of {many.asked_for}, {many.total} opened"
    return Verdict("C33", lifted and limited, f"{because}, and then the page {_page(many)}")


def c68_http_3_like_2(over_2: Sequence[TheSix], over_3: Sequence[TheSix]) -> Verdict:
    """HTTP/3 carries event streams as HTTP/2 does: both lists were tried in the same browsers with the same streams."""
    same = [(one.total, one.page_came) for one in over_2] == [(one.total, one.page_came) for one in over_3]
    spoke = bool(over_3) and all(one.spoke == "h3" for one in over_3)
    told = [f"{_where(one)}: {one.total} of {one.asked_for} open over {one.spoke}" for one in (*over_2, *over_3)]
    return Verdict("C68", same and spoke, "; ".join(told))


def c34_topics_share(heard: TopicsHeard) -> Verdict:
    """Several logical streams share one connection by event type, and resume by one id."""
    came = [topic for topic, count in heard.heard.items() if count]
    holds = sorted(came) == sorted(heard.asked_for) and len(came) > 1 and not (heard.lost or heard.doubled)
    because = f"asked for {', '.join(heard.asked_for)}, got {', '.join(came) or 'nothing'}"
    return Verdict("C34", holds, f"{because}; over a break {heard.lost} lost, {heard.doubled} doubled")


def c69_tabs_share(seen: Sequence[SharedTabs]) -> Verdict:
    """Tabs can share one stream, and go on without loss when the tab that opened it closes."""
    holds = bool(seen) and all(
        one.opened == one.tabs > 6 and one.streams == 1 and not (one.lost or one.doubled) for one in seen
    )
    told = [
        f"{one.browser}, by a {one.by}: {one.opened} tabs over {one.streams}, {one.lost} lost, {one.doubled} doubled"
        for one in seen
    ]
    return Verdict("C69", holds, "; ".join(told))


def _where(one: TheSix) -> str:
    return f"{one.browser}, {len(one.opened)} tab{'s' if len(one.opened) > 1 else ''}"


def _page(one: TheSix) -> str:
    return "came" if one.page_came else "waited"
