"""A text generator so small that it runs anywhere, offline.

It is no language model: it strings together words that stand side by side in the first pages of a book, and understands
nothing of what it is asked.
"""

from __future__ import annotations

import functools
import hashlib
from collections import defaultdict
from importlib.resources import files
from random import Random

#: Tokens that break careless servers and readers. Each is ordinary text, and must arrive as it is.
HOSTILE = (
    "\n", "\n\n", "\r", "\r\n", "data: not a field\n\n", "[DONE]", "event: end\n", "id: 7\n", ": no comment", " ", "",
    "👩‍", "👩🏽", "é", "e\u0301", "日本", "\u2028", "\x00", "</script>", "\\n", '"', "{\"error\": 1}", "\ufeff",
)  # fmt: skip


class WordChain:
    """A text generator: each pair of words is followed by a word that follows it in `text`, the book it learns from."""

    def __init__(self, text: str) -> None:
        words = text.split()
        self._followers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            self._followers[first, second].append(third)
        self._starts = sorted(pair for pair in self._followers if pair[0][0].isupper())

    def answer(self, prompt: str, words: int = 60, seed: int = 0) -> str:
        """An answer of so many words that ends with a full stop. The same prompt and seed give the same answer."""
        rng = _seeded_rng(prompt, seed)
        answer_words = list(rng.choice(self._starts))
        while len(answer_words) < words:
            following = self._followers.get((answer_words[-2], answer_words[-1]))
            answer_words += [rng.choice(following)] if following else list(rng.choice(self._starts))
        return " ".join(answer_words[:words]).rstrip(",;:") + "."


@functools.cache
def alice() -> WordChain:
    """The generator that learns from the first pages of Alice's Adventures in Wonderland.

    Lewis Carroll, 1865; in the public domain.
    """
    return WordChain(files("labkit.llm").joinpath("alice.txt").read_text("utf-8"))


def split(text: str, prompt: str = "", seed: int = 0, hostile: float = 0.0) -> list[str]:
    """The text in tokens of one to six characters, as models cut words.

    Args:
        text: joined, the tokens give it back.
        prompt, seed: the same ones cut the same way.
        hostile: the chance, 0 to 1, of an additional token of HOSTILE after each one.
    """
    rng = _seeded_rng(prompt, seed + 1)
    tokens, place = [], 0
    while place < len(text):
        length = rng.choice((1, 2, 3, 4, 4, 5, 6))
        tokens.append(text[place : place + length])
        place += length
        if rng.random() < hostile:
            tokens.append(rng.choice(HOSTILE))
    return tokens


def _seeded_rng(prompt: str, seed: int) -> Random:
    return Random(hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "replace")).hexdigest())
