from __future__ import annotations

import dataclasses

import pytest

from labkit.wire import Comment, Event, Retry
from labkit.wire.session import RESILIENT, STANDARD, Answered, Ended, Session, Stop, Unreachable, Wait, opens, wait_s

EVENT = Event("x")


def waits(session: Session, policy: object, outcome: object, times: int, draw: float = 1.0) -> list[float]:
    out = []
    for _ in range(times):
        session, step = session.after(outcome, policy, draw)  # type: ignore[arg-type]
        assert isinstance(step, Wait)
        out.append(step.seconds)
    return out


def test_the_standard_waits_the_same_for_ever() -> None:
    assert waits(Session(), STANDARD, Unreachable("refused"), 100) == [3.0] * 100
    assert waits(Session(reconnection_ms=250), STANDARD, Ended(), 3, draw=0.0) == [0.25] * 3


def test_the_resilient_policy_doubles_up_to_its_cap_and_draws_a_share() -> None:
    assert waits(Session(), RESILIENT, Unreachable("refused"), 6) == [3, 6, 12, 24, 30, 30]
    assert waits(Session(), RESILIENT, Unreachable("refused"), 3, draw=0.5) == [1.5, 3, 6]
    assert waits(Session(), RESILIENT, Ended(), 2000)[-1] == 30


def test_only_an_event_proves_that_the_server_works() -> None:
    failed = Session(failures=3)
    assert failed.opened().failures == 3
    assert failed.heard(Comment(""), "").failures == 3
    assert failed.heard(EVENT, "").failures == 0


@pytest.mark.parametrize(
    ("status", "standard", "resilient"), [(404, Stop, Stop), (502, Stop, Wait), (429, Stop, Wait), (200, Stop, Stop)]
)
def test_which_answers_are_worth_another_attempt(status: int, standard: type, resilient: type) -> None:
    outcome = Answered(status, "text/html")
    assert isinstance(Session().after(outcome, STANDARD, 0)[1], standard)
    assert isinstance(Session().after(outcome, RESILIENT, 0)[1], resilient)


def test_204_ends_it_and_is_no_error() -> None:
    for policy in (STANDARD, RESILIENT):
        _, step = Session().after(Answered(204, None), policy, 0)
        assert isinstance(step, Stop) and not step.error


def test_an_end_of_patience() -> None:
    patient = dataclasses.replace(STANDARD, max_failures=2)
    session, step = Session().after(Ended(), patient, 0)
    assert isinstance(step, Wait)
    assert isinstance(session.after(Ended(), patient, 0)[1], Stop)
    session = session.heard(EVENT, "7")
    assert isinstance(session.after(Ended(), patient, 0)[1], Wait)


def test_a_server_that_was_never_there() -> None:
    first = dataclasses.replace(STANDARD, must_open_first=True)
    assert isinstance(Session().after(Unreachable("refused"), first, 0)[1], Stop)
    assert isinstance(Session().opened().after(Unreachable("refused"), first, 0)[1], Wait)


def test_what_is_remembered_between_connections() -> None:
    session = Session().heard(Retry(250), "").heard(EVENT, "41").caught_up("42")
    assert (session.connect().last_event_id, session.reconnection_ms) == ("42", 250)


@pytest.mark.parametrize(
    ("status", "content_type", "answer"),
    [(200, "text/event-stream", True), (200, "Text/Event-Stream ; charset=x", True), (200, "text/event-streams", False),
     (200, "text/event-stream+x", False), (200, None, False), (201, "text/event-stream", False), (206, "text/event-stream", False)],
)  # fmt: skip
def test_what_opens_a_stream(status: int, content_type: str | None, answer: bool) -> None:
    assert opens(status, content_type) is answer


def test_a_thousand_failures_do_not_overflow() -> None:
    assert wait_s(2**31 - 1, 10_000, cap_s=30.0, draw=1.0) == 30.0
