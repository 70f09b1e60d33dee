"""Words to stream."""

from __future__ import annotations

import time
from collections.abc import Iterator

# Lewis Carroll, Alice's Adventures in Wonderland (1865), chapter I; in the public domain.
_BEGINNING = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: "
    "once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, "
    '"and what is the use of a book," thought Alice, "without pictures or conversations?"'
)
ALICE = _BEGINNING.split()


class Stamped:
    """Texts to publish; `sent_s` notes when each was taken, in monotonic seconds."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.sent_s: list[float] = []

    def __iter__(self) -> Iterator[str]:
        for text in self.texts:
            self.sent_s.append(time.monotonic())
            yield text

    def __len__(self) -> int:
        return len(self.texts)
