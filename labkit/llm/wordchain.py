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
    """Answers of words that follow one another in `text`. The same prompt and seed give the same answer."""

    def __init__(self, text: str) -> None:
        words = text.split()
        self._after: dict[tuple[str, str], list[str]] = defaultdict(list)
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            self._after[first, second].append(third)
        self._starts = sorted(pair for pair in self._after if pair[0][0].isupper())

    def answer(self, prompt: str, words: int = 60, seed: int = 0) -> str:
        """So many words, ended with a full stop."""
        rng = _dice(prompt, seed)
        text = list(rng.choice(self._starts))
        while len(text) < words:
            following = self._after.get((text[-2], text[-1]))
            text += [rng.choice(following)] if following else list(rng.choice(self._starts))
        return " ".join(text[:words]).rstrip(",;:") + "."


@functools.cache
def alice() -> WordChain:
    """The chain of the first pages of Alice's Adventures in Wonderland (Lewis Carroll, 1865; in the public domain)."""
    return WordChain(files("labkit.llm").joinpath("alice.txt").read_text("utf-8"))


def split(text: str, prompt: str = "", seed: int = 0, hostile: float = 0.0) -> list[str]:
    """The text in tokens of one to six characters, as models cut words; `hostile` is the chance that one more stands
    behind a token that careless code would stumble over. All joined are the text, and the hostile ones."""
    rng = _dice(prompt, seed + 1)
    tokens, place = [], 0
    while place < len(text):
        length = rng.choice((1, 2, 3, 4, 4, 5, 6))
        tokens.append(text[place : place + length])
        place += length
        if rng.random() < hostile:
            tokens.append(rng.choice(HOSTILE))
    return tokens


def _dice(prompt: str, seed: int) -> Random:
    return Random(hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "replace")).hexdigest())
