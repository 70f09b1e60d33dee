"""The model behind the server: a text generator with its pace, its troubles, and the answers that it keeps."""

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
MAX_ANSWERS = 100  # answers: older ones are forgotten


class ModelFailed(LabError):
    """The model failed in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong on purpose.

    Args:
        status: the status to send instead of an answer; 0 sends the answer.
        retry_after_s: the Retry-After header of such a response.
        error_after: the number of tokens after which the model fails; None: never.
        cut_after: the number of tokens after which the connection is cut, in the middle of an event; None: never.
    """

    status: int = 0
    retry_after_s: int = 2
    error_after: int | None = None
    cut_after: int | None = None


@dataclass
class Studio:
    """A model to ask, with its settings and the newest of its answers.

    Args:
        pace: how fast answers are generated.
        words: the length of an answer.
        hostile: the chance, 0 to 1, of a token that breaks careless code.
        seed: with another seed the same prompt gets another answer.
        key: what a client must send; None: nothing.
        trouble: what goes wrong on purpose.
        upstream: a real model that answers instead of the generator.
        abandoned_after_s: how long an answer goes on without a reader; None: to its end.
        forbids_buffering: whether answers ask nginx to pass them on at once (X-Accel-Buffering: no).
        allowed: the origins whose pages may ask, beside this server's own.
        clock: replaced in tests.
        generations: the answers by number, oldest first.
    """

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
        """The newest answer.

        Raises:
            StopIteration: there is none yet.
        """
        return next(reversed(self.generations.values()))

    @property
    def token_count(self) -> int:
        """The number of tokens of all answers that are kept: what a provider would bill."""
        return sum(generation.token_count for generation in self.generations.values())

    def answer(self, prompt: str) -> list[str]:
        """The generator's tokens for this prompt: the same each time."""
        return split(alice().answer(prompt, self.words, self.seed), prompt, self.seed, self.hostile)

    def generate(self, prompt: str) -> tuple[str, Generation]:
        """The number of a new answer, and the answer, which begins at once. Of the answers MAX_ANSWERS are kept."""
        number = secrets.token_urlsafe(9)  # whoever knows it may read the answer
        generation = self.generations[number] = Generation(
            self._tokens(prompt), prompt=prompt, abandoned_after_s=self.abandoned_after_s, clock=self.clock
        )
        while len(self.generations) > MAX_ANSWERS:
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
