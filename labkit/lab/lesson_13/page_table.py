"""The table of what libraries do that reconnect for a page: computed from what was watched, here or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from labkit.lab.lesson_13.kept import KeptResult, recorded
from labkit.lab.lesson_13.page_server import ALL, RETRIES_MS

#: A wait counts as the one that the server asked for within these factors: htmx's jitter is 30 %, and pages are slow.
NEAR = (0.65, 1.4)


@dataclass(frozen=True, slots=True)
class Habits:
    """What one library does when the stream of a page breaks.

    Args:
        library: its name.
        resumes: after a cut it comes back, with the Last-Event-ID.
        honours_retry: it waits as long as the server's `retry` says.
        honours_retry_alone: it does so where `retry` stands in a block of its own, without data.
        back_after_503: it comes back once more, where it met a 503 on coming back.
        back_after_first_503: it comes back where its first request met a 503.
        asks_after_end: it asks again after an answer that ended properly.
        repeats_post: a POST that was cut is posted again.
        repeats_post_hidden: a POST is posted again when its tab was hidden, and is seen again.
        leaves_when_hidden: it ends its stream when its tab is hidden.
        lost: events that the page never showed, by scenario; without "post" where it cannot post.
    """

    library: str
    resumes: bool
    honours_retry: bool
    honours_retry_alone: bool
    back_after_503: bool
    back_after_first_503: bool
    asks_after_end: bool
    repeats_post: bool
    repeats_post_hidden: bool
    leaves_when_hidden: bool
    lost: Mapping[str, int]

    @property
    def can_post(self) -> bool:
        """Whether it can send a POST at all: EventSource cannot."""
        return "post" in self.lost

    @property
    def cells(self) -> dict[str, bool | str]:
        """What one wishes for, and whether it is so, for a figure; "cannot" where the question makes no sense."""
        posts_once = not (self.repeats_post or self.repeats_post_hidden)
        return {
            "resumes\nafter a cut": self.resumes,
            "waits as\nretry says": self.honours_retry and self.honours_retry_alone,
            "survives\na 503": self.back_after_503,
            "posts\nonce": posts_once if self.can_post else "cannot",
            "stays, in a\nhidden tab": not self.leaves_when_hidden,
        }

    def __repr__(self) -> str:
        lost = ", ".join(f"{number} ({name})" for name, number in self.lost.items() if number)
        return f"{self.library}: lost {lost or 'nothing'}"


def habits_of(library: str, seen: Mapping[str, Any]) -> Habits:
    """The habits of a library, from what watch_pages() saw of it."""
    asked = {name: one["asked"] for name, one in seen.items()}
    posts = {name: [ask for ask in asked[name] if ask[0] == "POST"] for name in ("post", "hidden-post")}
    return Habits(
        library,
        resumes=len(asked["cut"]) > 1 and asked["cut"][1][1] == "3",
        honours_retry=_waits(asked["cut"], RETRIES_MS["cut"]),
        honours_retry_alone=_waits(asked["retry-alone"], RETRIES_MS["retry-alone"]),
        back_after_503=len(asked["refused"]) > 2,
        back_after_first_503=len(asked["refused-at-first"]) > 1,
        asks_after_end=len(asked["end"]) > 1,
        repeats_post=len(posts["post"]) > 1,
        repeats_post_hidden=len(posts["hidden-post"]) > 1,
        leaves_when_hidden=len(asked["hidden"]) > 1,
        lost=_lost(seen, can_post=bool(posts["post"])),
    )


def _waits(asked: list[tuple[str, str, int]], retry_ms: int) -> bool:
    return len(asked) > 1 and NEAR[0] * retry_ms < asked[1][2] < NEAR[1] * retry_ms


def _lost(seen: Mapping[str, Any], can_post: bool) -> dict[str, int]:
    """What is missing: up to the last event of a short stream; within what came, of a ticker."""
    lost = {}
    for name in ("cut", "refused", "refused-at-first", "post"):
        if name != "post" or can_post:
            lost[name] = ALL - len(set(seen[name]["got"]))
    for name in ("hidden", "hidden-unnumbered"):
        lost[name] = sum(after - before - 1 for before, after in pairwise(sorted(set(seen[name]["got"]))))
    return lost


def page_habits() -> tuple[list[Habits], KeptResult]:
    """The habits of each library, and the recording that they were computed from.

    It was made by benchmarks/reconnecting_pages.py, which needs npm, and Chromium for 40 s.
    """
    kept = recorded("reconnecting-pages")
    return [habits_of(name, seen) for name, seen in kept.value["pages"].items()], kept
