from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.wire import Comment, Event, Ignored, Retry
from labkit.wire.session import (
    DEFAULT_RECONNECTION_MS,
    FLOOR_MS,
    RESILIENT,
    STANDARD,
    Answered,
    Connect,
    Ended,
    Outcome,
    Policy,
    Session,
    Stop,
    Unreachable,
    Wait,
    opens_stream,
    wait_s,
)

STREAM = "text/event-stream"


def steps(
    outcomes: list[Outcome], policy: Policy, draw: float = 0.5, session: Session | None = None
) -> list[Wait | Stop]:
    session = session or Session()
    found = []
    for outcome in outcomes:
        session, step = session.next_step(outcome, policy, draw)
        found.append(step)
    return found


def test_it_starts_with_nothing() -> None:
    assert Session().connect() == Connect("")
    assert Session("7").connect() == Connect("7")
    assert Session().reconnection_ms == DEFAULT_RECONNECTION_MS == 3000


@pytest.mark.parametrize("outcome", [Ended(), Unreachable("refused")])
def test_standard_waits_the_same_for_ever(outcome: Outcome) -> None:
    assert {step.seconds for step in steps([outcome] * 500, STANDARD) if isinstance(step, Wait)} == {3.0}


@pytest.mark.parametrize("status", [201, 205, 301, 400, 404, 429, 500, 502, 503])
def test_standard_stops_at_any_other_status(status: int) -> None:
    assert steps([Answered(status, STREAM)], STANDARD) == [Stop(f"status {status}, {STREAM}: not an event stream")]


@pytest.mark.parametrize("policy", [STANDARD, RESILIENT, replace(RESILIENT, retry_statuses=frozenset({204}))])
def test_204_stops_without_an_error(policy: Policy) -> None:
    (stop,) = steps([Answered(204, None)], policy)
    assert isinstance(stop, Stop)
    assert not stop.error


@pytest.mark.parametrize(
    "status, again",
    [
        (408, True),
        (425, True),
        (429, True),
        (500, True),
        (503, True),
        (599, True),
        (404, False),
        (200, False),
        (600, False),
    ],
)
def test_resilient_retries_what_may_pass(status: int, again: bool) -> None:
    (step,) = steps([Answered(status, None)], RESILIENT)
    assert isinstance(step, Wait) == again
    assert again or step.why == f"status {status}, no Content-Type: not an event stream"


@pytest.mark.parametrize("retry_ms", [0, 1, FLOOR_MS])
def test_a_retry_of_nothing_is_no_leave_to_run_at_full_speed(retry_ms: int) -> None:
    session = Session(reconnection_ms=retry_ms)
    waits = [step.seconds for step in steps([Unreachable("x")] * 5, RESILIENT, 1.0, session) if isinstance(step, Wait)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6]
    (wait,) = steps([Ended()], replace(STANDARD, floor_ms=FLOOR_MS), session=session)
    assert isinstance(wait, Wait) and wait.seconds == 0.1


def test_the_standard_has_no_floor_and_no_floor_shortens_a_wait() -> None:
    (wait,) = steps([Ended()], STANDARD, session=Session(reconnection_ms=0))
    assert isinstance(wait, Wait) and wait.seconds == 0.0
    (wait,) = steps([Ended()], replace(STANDARD, floor_ms=FLOOR_MS), session=Session(reconnection_ms=700))
    assert isinstance(wait, Wait) and wait.seconds == 0.7


def test_resilient_doubles_up_to_its_cap_and_waits_a_share() -> None:
    halfway = [(0.1 + longest) / 2 for longest in (3, 6, 12, 24, 30, 30)]  # between the floor and the longest
    seconds = [step.seconds for step in steps([Unreachable("x")] * 6, RESILIENT) if isinstance(step, Wait)]
    assert seconds == pytest.approx(halfway)
    assert [step.seconds for step in steps([Ended()] * 2, RESILIENT, draw=0.0) if isinstance(step, Wait)] == [0.1] * 2


@pytest.mark.parametrize("reconnection_ms, failures, cap_s, draw, seconds", [
    (3000, 0, None, 0.1, 3.0), (3000, 99, None, 0.1, 3.0), (0, 9, None, 1, 0.0), (0, 9, 30.0, 1, 0.0),
    (1000, 3, 30.0, 1, 8.0), (1000, 5, 30.0, 1, 30.0), (60_000, 0, 30.0, 0.5, 15.0), (1000, 10**9, 30.0, 1, 30.0),
])  # fmt: skip
def test_wait_s(reconnection_ms: int, failures: int, cap_s: float | None, draw: float, seconds: float) -> None:
    assert wait_s(reconnection_ms, failures, cap_s, draw) == seconds


def test_only_an_event_proves_that_the_server_works() -> None:
    failed = Session(failures=4)
    assert failed.with_open_stream().failures == 4
    for signal in (Comment("x"), Retry(1), Ignored("x", "y")):
        assert failed.with_signal(signal, "").failures == 4
    assert failed.with_signal(Event("x"), "").failures == 0


def test_what_is_heard_is_remembered() -> None:
    session = Session().with_signal(Retry(50), "").with_signal(Event("x"), "7").with_signal(Comment("c"), "7")
    assert (session.reconnection_ms, session.last_event_id) == (50, "7")
    assert session.with_signal(Event("x"), "").connect() == Connect("")
    assert session.with_last_event_id("8").last_event_id == "8"
    assert session.with_last_event_id("7") is session


@pytest.mark.parametrize("outcome, step", [
    (Ended(), Stop("the response ended", error=False)),
    (Ended("reset", broken=True), Stop("reset")),
    (Unreachable("no head came", sent=True), Stop("no head came")),
])  # fmt: skip
def test_what_is_asked_once_is_not_sent_again_after_it_may_have_been_acted_on(outcome: Outcome, step: Stop) -> None:
    assert steps([outcome], replace(RESILIENT, resend=False)) == [step]
    assert isinstance(steps([outcome], RESILIENT)[0], Wait)


@pytest.mark.parametrize("outcome", [Unreachable("refused"), Answered(503, None)])
def test_what_never_arrived_or_was_refused_may_be_sent_again(outcome: Outcome) -> None:
    assert isinstance(steps([outcome], replace(RESILIENT, resend=False))[0], Wait)


def test_max_failures() -> None:
    few = replace(STANDARD, max_failures=3)
    *waits, stop = steps([Ended(), Unreachable("refused"), Unreachable("no such host")], few)
    assert all(isinstance(step, Wait) for step in waits)
    assert stop == Stop("3 failures in a row; the last: no such host")
    (stop,) = steps([Answered(503, None)], replace(RESILIENT, max_failures=1))
    assert stop == Stop("1 failure in a row; the last: status 503")


def test_must_open_first() -> None:
    first = replace(STANDARD, must_open_first=True)
    assert steps([Unreachable("refused")], first) == [Stop("refused")]
    assert steps([Unreachable("refused")], first, session=Session().with_open_stream()) == [Wait(3.0, "refused")]


@pytest.mark.parametrize("status, content_type, open_", [
    (200, STREAM, True), (200, "Text/Event-Stream ; charset=x", True), (200, STREAM + ";", True), (200, None, False), (200, "", False),
    (200, "text/event-streams", False), (200, "text/html", False), (201, STREAM, False), (204, STREAM, False), (206, STREAM, False),
])  # fmt: skip
def test_opens(status: int, content_type: str | None, open_: bool) -> None:
    assert opens_stream(status, content_type) is open_


def test_retry_after_is_waited_on_top_and_not_for_ever() -> None:
    def waits(retry_after_s: float, policy: Policy) -> float:
        _, step = Session(reconnection_ms=1000).next_step(Answered(503, None, retry_after_s), policy, 0.5)
        assert isinstance(step, Wait)
        return step.seconds

    assert waits(0.0, RESILIENT) == 0.55
    assert waits(20.0, RESILIENT) == 20.55
    assert waits(1e9, RESILIENT) == 3600.55
    _, step = Session().next_step(Answered(503, None, 20.0), STANDARD, 0.5)
    assert isinstance(step, Stop)  # as browsers do


def test_a_crowd_is_spread_above_the_floor_and_not_held_at_it() -> None:
    waits = [wait_s(200, 0, 30.0, draw / 100, floor_s=0.1) for draw in range(100)]
    assert min(waits) == 0.1 and len(set(waits)) == 100 and max(waits) < 0.2
    assert wait_s(50, 3, 0.05, 0.5, floor_s=0.1) == 0.1  # a cap below the floor
