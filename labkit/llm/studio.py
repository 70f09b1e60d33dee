"""What stands behind the model's server: the generator, its pace, its troubles, and the answers in the making."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import LabError
from labkit.llm.generation import ABANDONED_AFTER_S, Generation
from labkit.llm.pace import Pace
from labkit.llm.upstream import Upstream
from labkit.llm.wordchain import alice, split

MODEL = "alice-1865"
KEPT = 100  # answers: older ones are forgotten


class ModelFailed(LabError):
    """The model stopped in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong: a `status` instead of an answer (with `retry_after_s`), an error after so many tokens, or the
    connection cut after so many, in the middle of one."""

    status: int = 0
    retry_after_s: int = 2
    error_after: int | None = None
    cut_after: int | None = None


@dataclass
class Studio:
    """A model to ask. `words` is the length of its answers; `hostile` the chance that a token is one that breaks
    careless code; `key` is what a client must send, if anything; an `upstream` answers in the generator's place.
    Pages of `allowed` origins may ask, beside this server's own.
    `forbids_buffering`: whether its answers ask nginx to pass them on at once (X-Accel-Buffering)."""

    pace: Pace = field(default_factory=Pace)
    words: int = 60
    hostile: float = 0.0
    seed: int = 0
    key: str | None = None
    trouble: Trouble = field(default_factory=Trouble)
    upstream: Upstream | None = None
    abandoned_after_s: float | None = ABANDONED_AFTER_S
    forbids_buffering: bool = True
    allowed: frozenset[str] = frozenset()
    clock: Clock = SYSTEM_CLOCK
    generations: OrderedDict[str, Generation] = field(default_factory=OrderedDict)

    @property
    def model(self) -> str:
        """The name of the model that answers."""
        return MODEL if self.upstream is None else self.upstream.model or "the first that the upstream names"

    @property
    def newest(self) -> Generation:
        """The newest answer."""
        return next(reversed(self.generations.values()))

    @property
    def made(self) -> int:
        """How many tokens were made, over all answers that are kept: what would be billed."""
        return sum(generation.made for generation in self.generations.values())

    def answer(self, prompt: str) -> list[str]:
        """The tokens of the answer to this prompt: always the same ones."""
        return split(alice().answer(prompt, self.words, self.seed), prompt, self.seed, self.hostile)

    def generate(self, prompt: str) -> tuple[str, Generation]:
        """Starts an answer, and gives it a number."""
        number = secrets.token_urlsafe(9)  # whoever knows it may read the answer
        generation = self.generations[number] = Generation(
            self._tokens(prompt), prompt=prompt, abandoned_after_s=self.abandoned_after_s, clock=self.clock
        )
        while len(self.generations) > KEPT:
            self.generations.popitem(last=False)[1].cancel("forgotten: too many newer ones")
        return number, generation

    def _tokens(self, prompt: str) -> AsyncIterator[str]:
        return self._own_tokens(prompt) if self.upstream is None else self.upstream.tokens(prompt)

    async def _own_tokens(self, prompt: str) -> AsyncIterator[str]:
        waits_s = self.pace.waits_s(Random(f"{self.seed} {prompt}"))
        for number, text in enumerate(self.answer(prompt)):
            if number == self.trouble.error_after:
                raise ModelFailed("the model is overloaded")
            wait_s = next(waits_s)
            await (self.clock.sleep_s(wait_s) if wait_s > 1e-6 else asyncio.sleep(0))
            yield text
