"""Faults that refuse a connection or answer in the server's place."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import LabError
from labkit.faults.fault import Answer, Fault, Refuse, check_not_negative


@dataclass(frozen=True)
class RefuseConnections(Fault):
    """Resets every connection at once."""

    def connect(self, n: int) -> Refuse | Answer | None:
        return Refuse()


@dataclass(frozen=True)
class FailFirst(Fault):
    """Resets the first `n` connections at once; those after them pass.

    Raises:
        LabError: `n` is negative.
    """

    n: int

    def __post_init__(self) -> None:
        check_not_negative("FailFirst", n=self.n)

    def connect(self, n: int) -> Refuse | Answer | None:
        return Refuse() if n <= self.n else None


@dataclass(frozen=True)
class AnswerStatus(Fault):
    """Answers the n-th connection with the n-th status, without a body.

    200 lets the connection through, and so does the end of the list: a deploy behind a proxy looks like
    AnswerStatus((200, 502, 502, 200)). `headers` go with each answer but 200.

    Raises:
        LabError: a status is not a number from 200 to 599.
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
