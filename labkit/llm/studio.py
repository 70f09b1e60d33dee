"""The model behind the server: a text generator with its pace, its troubles, and the answers that it keeps."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.dialects import Finish, Oddity, Part
from labkit.errors import LabError
from labkit.llm.generation import ABANDONED_AFTER_S, Generation
from labkit.llm.generator import answer_parts
from labkit.llm.model_request import ModelRequest, question
from labkit.llm.pace import Pace
from labkit.llm.shared_answers import SharedAnswers
from labkit.llm.trouble import ModelFailed, Trouble
from labkit.llm.upstream import Upstream
from labkit.llm.wordchain import alice, split

MODEL = "alice-1865"
MAX_ANSWERS = 100  # answers: older ones are forgotten
MAX_NUMBER_CHARACTERS = 40  # a longer one is no number of ours
#: What the generator does with the settings of a request; it says so of the others.
USED_SETTINGS = frozenset({"seed", "tool_choice", "parallel_tool_calls", "reasoning_effort"})
#: How long a stream is silent before a heartbeat goes out, while a model thinks. Precedent: "every 15 seconds or so"
#: (WHATWG HTML 9.2.7).
HEARTBEAT_S = 15.0


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
        heartbeat_s: how long a stream is silent before a heartbeat goes out.
        forbids_buffering: whether answers ask nginx to pass them on at once (X-Accel-Buffering: no).
        allowed: the origins whose pages may ask, beside this server's own.
        clock: replaced in tests.
        shared: where other servers find these answers, and this one theirs.
        generations: the answers by number, oldest first.

    Raises:
        LabError: heartbeat_s is not above 0.
    """

    pace: Pace = field(default_factory=Pace)
    words: int = 60
    hostile: float = 0.0
    seed: int = 0
    key: str | None = None
    trouble: Trouble = field(default_factory=Trouble)
    upstream: Upstream | None = None
    abandoned_after_s: float | None = ABANDONED_AFTER_S
    heartbeat_s: float = HEARTBEAT_S
    forbids_buffering: bool = True
    allowed: frozenset[str] = frozenset()
    clock: Clock = SYSTEM_CLOCK
    shared: SharedAnswers | None = None
    generations: OrderedDict[str, Generation] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        if not self.heartbeat_s > 0:
            raise LabError(f"heartbeat_s={self.heartbeat_s!r} is no time between two heartbeats. Say seconds above 0")

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
        return self._words(prompt, self.words)

    def generate(self, request: ModelRequest | str, abandons: bool = True) -> tuple[str, Generation]:
        """The number of a new answer, and the answer, which begins at once. Of the answers MAX_ANSWERS are kept.

        Args:
            request: what is asked; a text alone is a question.
            abandons: whether it stops when nobody has read for `abandoned_after_s`.
        """
        asked = question(request) if isinstance(request, str) else request
        number = secrets.token_urlsafe(9)  # whoever knows it may read the answer
        generation = Generation(
            self._own_parts(asked) if self.upstream is None else self.upstream.parts(asked),
            request=asked,
            abandoned_after_s=self.abandoned_after_s if abandons else None,
            clock=self.clock,
        )
        self._keep(number, generation)
        if self.shared is not None:
            self.shared.publish(number, generation)
        return number, generation

    async def find(self, number: str) -> Generation | None:
        """The answer with this number, of this server or of another that shares its answers; None if there is none.

        Raises:
            LabError: the others could not be asked.
        """
        if number not in self.generations and self.shared is not None and len(number) <= MAX_NUMBER_CHARACTERS:
            found = await self.shared.find(number)
            if found is not None:
                if number in self.generations:
                    found.cancel("followed already")  # somebody else asked at the same moment
                else:
                    self._keep(number, found)
        return self.generations.get(number)

    def _keep(self, number: str, generation: Generation) -> None:
        self.generations[number] = generation
        while len(self.generations) > MAX_ANSWERS:
            self.generations.popitem(last=False)[1].cancel("forgotten: too many newer ones")

    def _words(self, text: str, words: int | None) -> list[str]:
        if words is None:
            return self.answer(text)
        return split(alice().answer(text, words, self.seed), text, self.seed, self.hostile)

    async def _own_parts(self, request: ModelRequest) -> AsyncIterator[Part]:
        trouble, tokens = self.trouble, 0
        if unused := sorted({*request.settings, *request.ignored} - USED_SETTINGS):
            yield Oddity("", f"not used by this generator: {', '.join(unused[:10])}")
        waits_s = self.pace.waits_s(Random(f"{self.seed} {request.prompt}"))
        for part in answer_parts(request, self._words, trouble):
            if not isinstance(part, Finish):
                if tokens == trouble.error_after:
                    raise ModelFailed("the model is overloaded")
                tokens += 1
                wait_s = next(waits_s)
                await (self.clock.sleep_s(wait_s) if wait_s > 1e-6 else asyncio.sleep(0))
            yield part
        if trouble.ending == "unfinished":
            raise ModelFailed("the stream was told to end before the answer", "unfinished")
