"""The verdict of an experiment on a claim."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim of the ledger, whether it held in this experiment, and one sentence made from what was measured.

    `holds` is None where the experiment cannot tell.
    """

    claim: str
    holds: bool | None
    because: str

    def __repr__(self) -> str:
        word = {True: "holds", False: "does not hold here", None: "cannot be told"}[self.holds]
        return f"{self.claim} {word}: {self.because}"
