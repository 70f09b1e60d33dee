"""The further requests that a first recording calls for: to resume, without compression, or the same again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from labkit.client import ResponseRecorder
from labkit.doctor.arrival import look_at_arrivals
from labkit.doctor.body import Content, read_content
from labkit.doctor.diagnosis import FurtherAnswers
from labkit.doctor.head import is_cacheable
from labkit.doctor.request import NotExamined, Request
from labkit.errors import LimitExceeded
from labkit.recording import Recording
from labkit.recording.decompress import codings
from labkit.wire import Decoder, Event

MAX_STREAMS = 2  # as many as a browser's page and its reload open
RETURN_S = 3.0
FollowUp = Callable[[FurtherAnswers, float], Coroutine[Any, Any, FurtherAnswers]]


async def ask_further(
    request: Request, first: Recording, further: FurtherAnswers, seconds: float, may_open_more: Callable[[str], bool]
) -> tuple[FurtherAnswers, list[str]]:
    """What the further requests brought, and the reasons of those that were not sent.

    Args:
        request: the first request.
        first: what it brought.
        further: what is known already.
        seconds: how long each answer is watched.
        may_open_more: called with the reason before a third stream, or a second POST; True allows it.
    """
    skipped_requests: list[str] = []
    try:
        content = read_content(first.decompressed.body)
        held = bool(look_at_arrivals(first, first.decompressed, further))
    except ValueError:
        return further, skipped_requests
    for number, (why, ask) in enumerate(_follow_ups(request, first, content, held)):
        # A POST may cost money: it is sent once, unless more is allowed.
        if (number >= MAX_STREAMS - 1 or request.content is not None) and not may_open_more(why):
            skipped_requests.append(why)
            continue
        with contextlib.suppress(NotExamined):
            further = await ask(further, seconds)
    return further, skipped_requests


def _follow_ups(request: Request, first: Recording, content: Content, held: bool) -> list[tuple[str, FollowUp]]:
    """The further requests that this recording calls for, each with its reason, the most useful first."""
    follow_ups: list[tuple[str, FollowUp]] = []

    async def ask_uncompressed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, uncompressed=await request.ask(seconds, {"Accept-Encoding": "identity"}))

    async def ask_resumed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        if first.broken or first.ended:  # as long as the first, to see whether it ends alike
            answer = await request.ask(max(seconds, first.end_s), {"Last-Event-ID": last_event_id})
        else:
            answer = await request.ask(min(seconds, RETURN_S), {"Last-Event-ID": last_event_id}, FirstEvent())
        return replace(further, resumed=_readable(answer), last_event_id=last_event_id)

    async def ask_again(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, second_recording=_readable(await request.ask(max(seconds, first.end_s))))

    if (held or not content.blocks) and codings(first.headers.get("content-encoding", "")):
        follow_ups.append(("the same without compression", ask_uncompressed))
    last_event_id = _middle_id(content)
    if last_event_id and request.content is None:
        follow_ups.append(("whether it resumes after an id", ask_resumed))
    elif first.broken or (is_cacheable(first) and request.content is None and first.ended):
        follow_ups.append(("whether a second client gets the same", ask_again))
    return follow_ups


class FirstEvent:
    """Called with a recorder after each piece; True when an event with an id has come. (A greeting has none.)"""

    def __init__(self) -> None:
        self._decoder = Decoder()

    def __call__(self, watching: ResponseRecorder) -> bool:
        try:
            signals = self._decoder.feed(watching.newest)
        except LimitExceeded:
            return True  # it is no event, and has no end
        return any(isinstance(signal, Event) and signal.last_event_id for signal in signals)


def _readable(recording: Recording) -> Recording:
    try:
        return recording.decompressed
    except ValueError:
        return recording


def _middle_id(content: Content) -> str:
    """The id of an event in the middle, to resume from; "" without one that can be sent in a header."""
    ids = [block.own_id for block in content.blocks if block.own_id]
    if len(ids) < 3 or len(set(ids)) < len(ids):
        return ""
    chosen = ids[len(ids) // 2 - 1]
    return chosen if chosen.isprintable() and chosen.isascii() and len(chosen) < 1000 else ""
