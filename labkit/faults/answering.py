"""Faults that decide about a connection before it has begun."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import LabError
from labkit.faults.fault import Answer, Fault, Refuse, check_not_negative


@dataclass(frozen=True)
class RefuseConnections(Fault):
    """Nobody gets in: each connection is reset at once."""

    def connect(self, n: int) -> Refuse | Answer | None:
        return Refuse()


@dataclass(frozen=True)
class FailFirst(Fault):
    """The first `n` connections are reset at once."""

    n: int

    def __post_init__(self) -> None:
        check_not_negative("FailFirst", n=self.n)

    def connect(self, n: int) -> Refuse | Answer | None:
        return Refuse() if n <= self.n else None


@dataclass(frozen=True)
class AnswerStatus(Fault):
    """The n-th connection gets the n-th status, without a body; 200 lets it through, and so does the end of the list.

    A deploy behind a proxy looks like AnswerStatus((200, 502, 502, 200)). `headers` go with each answer but 200.
    """

    statuses: tuple[int, ...]
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for status in self.statuses:
            if not isinstance(status, int) or not 200 <= status <= 599:
                raise LabError(
                    f"AnswerStatus({status!r}) is impossible: an answer's status is a number from 200 to 599"
                )

    def connect(self, n: int) -> Refuse | Answer | None:
        status = self.statuses[n - 1] if n <= len(self.statuses) else 200
        return None if status == 200 else Answer(status, self.headers)
