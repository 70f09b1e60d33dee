"""The verdict of an experiment on a claim of the ledger."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from labkit.system.progress import note

WORDS = {True: "true", False: "not true here", None: "cannot be told here"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim of the ledger, whether it held in this experiment, and one sentence made from what was measured.

    `holds` is None where the experiment cannot tell. It is noted beside the learner's lessons.
    """

    claim: str
    holds: bool | None
    because: str

    def __post_init__(self) -> None:
        note("claim", name=self.claim, holds=self.holds, because=self.because)

    @property
    def said(self) -> str:
        """The claim's own sentence, as in claims.toml."""
        return sentences()[self.claim]

    @property
    def in_brief(self) -> str:
        """The verdict in one line, without the claim's sentence."""
        return f"{self.claim} {WORDS[self.holds]}: {self.because}"

    def __repr__(self) -> str:
        return f"{self.claim}, {self.said}: {WORDS[self.holds]}.\n     {self.because}"


@cache
def sentences() -> Mapping[str, str]:
    """The sentence of each claim that a lesson settles, by its number: {"C03": "a blank line ends an event", ...}."""
    return tomllib.loads(files("labkit.lab").joinpath("claims.toml").read_text("utf-8"))
