"""What the generator says to a request: the parts of every answer, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from random import Random

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.model_request import ModelRequest
from labkit.llm.toy_tools import EXAMPLE_TOOL, arguments_for, called_tools
from labkit.llm.trouble import Trouble

REASONING_WORDS = 15
ARGUMENT_WORDS = 3
REFUSAL = "I am sorry, but the generator was told to refuse this."
#: The words for an ending; a writer replaces those that its dialect calls otherwise.
REASONS: dict[Ending, str] = {
    "length": "length", "filtered": "content_filter", "refused": "refusal", "tool_calls": "tool_calls",
    "paused": "pause_turn", "other": "out_of_tea",
}  # fmt: skip

#: From a text and a number of words to the tokens of an answer: the same ones each time.
Words = Callable[[str, int | None], list[str]]


@dataclass(frozen=True, slots=True)
class StoppedBefore(Finish):
    """An answer that ended before one of the request's stop texts: `stop`."""

    stop: str = ""


def answer_parts(request: ModelRequest, words: Words, trouble: Trouble) -> Iterator[Part]:
    """The parts of all answers to this request; several answers are interleaved, as OpenAI sends them.

    Each answer ends with a Finish, unless its ending is "unfinished".
    """
    seed = request.settings.get("seed")
    spoken = request.conversation if seed is None else f"{request.conversation}\nseed {seed}"
    texts = [spoken, *(f"{spoken}\nchoice {choice}" for choice in range(1, request.choices))]
    answers = [_one_answer(request, words, trouble, choice, text) for choice, text in enumerate(texts)]
    rng = Random(f"turns {spoken}")
    waiting = [iter(parts) for parts in answers]
    while waiting:
        parts = waiting[0] if len(waiting) == 1 else rng.choice(waiting)
        part = next(parts, None)
        if part is None:
            waiting.remove(parts)
        else:
            yield part


def _one_answer(request: ModelRequest, words: Words, trouble: Trouble, choice: int, text: str) -> list[Part]:
    thoughts = words(f"thinking about {text}", REASONING_WORDS) if request.reasoning else []
    parts: list[Part] = [Reasoning(token, choice) for token in thoughts]
    calls = called_tools(request) or ([EXAMPLE_TOOL] if trouble.ending == "tool_calls" else [])
    finish = Finish("finished", "stop", choice)
    if trouble.ending == "refused":
        parts += [Refusal(token, choice) for token in _pieces(REFUSAL, Random(text))]
        finish = Finish("refused", REASONS["refused"], choice)
    elif calls:
        for number, tool in enumerate(calls):
            rng = Random(f"{number} {text}")
            arguments = arguments_for(tool, rng, partial(_few_words, words, rng))
            parts.append(ToolCall(number, f"call_{rng.randbytes(9).hex()}", tool["name"], "", choice))
            parts += [ToolCall(number, arguments=piece, choice=choice) for piece in _pieces(arguments, rng)]
        finish = Finish("tool_calls", REASONS["tool_calls"], choice)
    else:
        tokens, stop = cut_before(words(text, None), request.stop)
        parts += [Text(token, choice) for token in tokens]
        if stop:
            finish = StoppedBefore("finished", "stop", choice, stop)
    return _ended(parts, finish, request.max_tokens, trouble)


def _ended(parts: list[Part], finish: Finish, max_tokens: int | None, trouble: Trouble) -> list[Part]:
    """The parts up to where they have to end, and why they do."""
    if trouble.ending is not None and trouble.ending not in ("finished", "refused", "tool_calls"):
        finish = Finish(trouble.ending, REASONS.get(trouble.ending, ""), finish.choice)
        parts = parts[: len(parts) // 2 if trouble.ends_after is None else trouble.ends_after]
    if max_tokens is not None and len(parts) > max_tokens:
        parts, finish = parts[:max_tokens], Finish("length", REASONS["length"], finish.choice)
    return parts if finish.ending == "unfinished" else [*parts, finish]


def _few_words(words: Words, rng: Random) -> str:
    return "".join(words(str(rng.random()), ARGUMENT_WORDS))


def cut_before(tokens: list[str], stops: tuple[str, ...]) -> tuple[list[str], str]:
    """The tokens up to the first of these texts, also where it spans several, and which one it was; "" if none was.

    >>> cut_before(["one t", "wo thr", "ee"], ("two", "three"))
    (['one '], 'two')
    """
    text = "".join(tokens)
    place, stop = min(((text.find(stop), stop) for stop in stops if stop in text), default=(len(text), ""))
    kept: list[str] = []
    for token in tokens:
        if place <= 0:
            break
        kept.append(token[:place])
        place -= len(token)
    return (kept, stop) if stop else (tokens, "")


def _pieces(text: str, rng: Random) -> list[str]:
    """The text in pieces of one to eight characters."""
    cuts = [0]
    while cuts[-1] < len(text):
        cuts.append(min(len(text), cuts[-1] + rng.randint(1, 8)))
    return [text[start:end] for start, end in pairwise(cuts)]
