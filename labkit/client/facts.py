"""What a client tells of itself: its state, and why."""

from __future__ import annotations

from typing import Literal, Self

from labkit.errors import LabError

State = Literal["connecting", "open", "closed"]
CONNECTING: State = "connecting"
OPEN: State = "open"
CLOSED: State = "closed"


class StateReason(str):
    """Why a state was entered: a sentence for people, and the facts for programs.

    `attempt` is the number of the connection, from 1; `status` that of its response, None without one; `error` is what
    went wrong: StreamRejected (a refusal), StreamStalled (silence), StreamLost (a break), or None (an end in good
    order, 204, or the caller's wish); `wait_s` is the wait before the next attempt, in seconds.
    """

    attempt: int
    status: int | None
    error: LabError | None
    wait_s: float

    def __new__(
        cls,
        sentence: str,
        attempt: int = 0,
        status: int | None = None,
        error: LabError | None = None,
        wait_s: float = 0.0,
    ) -> Self:
        reason = super().__new__(cls, sentence)
        reason.attempt, reason.status, reason.error, reason.wait_s = attempt, status, error, wait_s
        return reason
