"""A request that costs is sent once; the server counts. And how Fetch redirects a method."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.client import RESILIENT, STANDARD, EventSource, StateReason
from labkit.clock import ImpatientClock
from labkit.errors import RetriesExhausted, StreamLost, StreamRejected, StreamStalled
from labkit.server import serve

EVENT = b"id: 1\ndata: a\n\n"


class Paid(RequestHandler):
    """Answers each request with the next of the `answers`: a status, or bytes followed by "end", "break" or "stall"."""

    def initialize(self, answers: list[Any], asked: list[tuple[str, bytes]]) -> None:
        self.answers, self.asked = answers, asked

    async def answer(self) -> None:
        self.asked.append((str(self.request.method), self.request.body))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, int):
            self.set_status(answer)
            if 300 <= answer < 400:
                self.set_header("Location", "/other")
            return
        body, end = answer
        self.set_header("Content-Type", "text/event-stream")
        if body is not None:
            self.write(body)
            await self.flush()
        if end == "stall":
            await asyncio.sleep(30)
        elif end == "break":
            self.detach().close()

    get = post = put = answer

    async def _execute(self, *arguments: Any, **others: Any) -> None:
        if self.request.method == "REPORT":
            self.SUPPORTED_METHODS = (*self.SUPPORTED_METHODS, "REPORT")  # type: ignore[misc]
            self.report = self.answer
        await super()._execute(*arguments, **others)


async def outcome(
    *answers: Any, method: str = "POST", **settings: Any
) -> tuple[list[str], Exception | None, list[tuple[str, bytes]], list[StateReason]]:
    """The data of the events, the error, the requests that the server counted, and the reasons that were told."""
    asked, reasons, got = list[tuple[str, bytes]](), list[StateReason](), list[str]()
    options = {"answers": list(answers), "asked": asked}
    async with serve({"/": (Paid, options), "/other": (Paid, options)}) as server:
        source = EventSource(
            server.base_url + "/",
            method=method,
            content=b"question",
            clock=ImpatientClock(),
            on_state=lambda state, reason: reasons.append(reason),
            **settings,
        )
        problem: Exception | None = None
        async with source:
            try:
                async for event in source:
                    got.append(event.data)
            except StreamLost as lost:
                problem = lost
            except StreamRejected as refused:
                problem = refused
    return got, problem, asked, reasons


def run(*answers: Any, **settings: Any) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(20):
            return await outcome(*answers, **settings)

    return asyncio.run(main())


FEW = replace(RESILIENT, max_failures=3)


@pytest.mark.parametrize("policy", [STANDARD, RESILIENT, FEW], ids=lambda policy: policy.name)
def test_an_answer_that_ends_ends_the_iteration(policy: Any) -> None:
    got, problem, asked, reasons = run((EVENT, "end"), policy=policy)
    assert (got, problem, asked) == (["a"], None, [("POST", b"question")])
    assert (reasons[-1], reasons[-1].error) == ("the response ended", None)


@pytest.mark.parametrize("body", [EVENT, b"", b"data: half"])
def test_an_answer_that_breaks_is_an_error_and_asked_once(body: bytes) -> None:
    got, problem, asked, reasons = run((body, "break"), policy=RESILIENT)
    assert isinstance(problem, StreamLost) and "resend=True" in str(problem) and "broke" in str(problem)
    assert got == ["a"] * body.count(b"id: 1") and len(asked) == 1
    assert reasons[-1].error is problem and reasons[-1].status == 200


@pytest.mark.parametrize("body", [EVENT, None], ids=["after an event", "before the head"])
def test_an_answer_that_falls_silent_is_told_as_that(body: bytes | None) -> None:
    _, problem, asked, reasons = run((body, "stall"), policy=FEW, read_timeout_s=0.1)
    assert isinstance(problem, StreamStalled) and len(asked) == 1
    assert isinstance(reasons[-1].error, StreamStalled)


def test_an_answer_that_breaks_before_its_head_may_have_been_begun() -> None:
    _, problem, asked, _ = run((None, "break"), policy=RESILIENT)
    assert isinstance(problem, StreamLost) and "not asked for again" in str(problem) and len(asked) == 1


def test_a_refusal_is_asked_again_as_often_as_the_policy_allows() -> None:
    assert len(run(503)[2]) == 1
    _, problem, asked, _ = run(503, policy=FEW)
    assert isinstance(problem, RetriesExhausted) and len(asked) == 3
    got, problem, asked, _ = run(503, 429, (EVENT, "end"), policy=FEW)
    assert (got, problem, len(asked)) == (["a"], None, 3)


def test_resend_asks_again_after_an_end_and_after_a_break() -> None:
    got, problem, asked, _ = run((EVENT, "end"), (EVENT, "break"), (EVENT, "end"), 204, resend=True)
    assert (got, problem, len(asked)) == (["a"] * 3, None, 4)


@pytest.mark.parametrize("done", ["done", lambda event: event.type == "done"])
def test_done_ends_a_stream_for_good(done: Any) -> None:
    script = (EVENT + b"event: done\ndata: {}\n\ndata: more\n\n", "stall")
    for method in ("GET", "POST"):
        got, problem, asked, reasons = run(script, method=method, done=done)
        assert (got, problem, len(asked)) == (["a", "{}"], None, 1)
        assert reasons[-1] == "the event 'done' ends the stream"


def test_done_knows_the_end_mark_of_openai_and_takes_no_other_data_for_it() -> None:
    assert run((b"data: done\n\ndata: [DONE]\n\ndata: x\n\n", "stall"), done="[DONE]")[0] == ["done", "[DONE]"]
    assert run((b"data: done\n\n", "end"), 204, method="GET", done="done")[2] == [("GET", b"question")] * 2


def test_a_post_that_ends_before_its_end_was_said_is_lost_and_a_get_comes_back() -> None:
    got, problem, asked, _ = run((EVENT, "end"), done="done")
    assert (got, len(asked)) == (["a"], 1) and "before the event that means its end" in str(problem)
    assert len(run((EVENT, "end"), (b"event: done\ndata: x\n\n", "end"), method="GET", done="done")[2]) == 2


@pytest.mark.parametrize(
    "status, method, then",
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "REPORT", "REPORT"),
        (302, "REPORT", "REPORT"),
        (303, "REPORT", "GET"),
        (307, "REPORT", "REPORT"),
        (302, "PUT", "PUT"),
        (302, "GET", "GET"),
    ],
)
def test_redirects_keep_method_and_body_as_fetch_keeps_them(status: int, method: str, then: str) -> None:
    got, problem, asked, _ = run(status, (EVENT, "end"), 204, method=method)
    assert (got, problem) == (["a"], None)
    assert asked[1] == (then, b"question" if then != "GET" or method == "GET" else b"")


def test_a_stream_that_is_safe_to_ask_for_comes_back() -> None:
    for method in ("GET", "REPORT"):
        assert len(run((EVENT, "end"), (EVENT, "break"), 204, method=method)[2]) == 3
