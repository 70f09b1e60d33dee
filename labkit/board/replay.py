"""The votes of a class, to be played again at home: each guess beside those of the room."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Self

from labkit.board.moments import question_key
from labkit.errors import NOT_JSON, LabError, counted
from labkit.system.observers import observe

FORMAT = "labkit votes 1"


class StoredVotes:
    """The votes of a class: `votes` is {question's key: (question, {answer: how often})}.

    After play(), what `predict(...)` compares has a line more: what the room had guessed.
    """

    def __init__(self, votes: Mapping[str, tuple[str, dict[str, int]]], date: str = "") -> None:
        self.votes, self.date = dict(votes), date
        self._stop: Callable[[], None] = lambda: None

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The votes in a file that `labkit board --report` has written.

        Raises:
            LabError: it is none.
        """
        try:
            found = json.loads(Path(path).read_text("utf-8"))
            if found["format"] != FORMAT:
                raise ValueError("another format")
            votes = {
                str(row["key"]): (str(row["question"]), {str(one): int(count) for one, count in row["votes"].items()})
                for row in found["questions"]
            }
            return cls(votes, str(found["date"]))
        except (OSError, *NOT_JSON, KeyError, TypeError, AttributeError) as problem:
            raise LabError(f"{path} holds no votes: {problem}. labkit board --report writes votes.json") from None

    def play(self) -> Self:
        """From here on each comparison shows the room's guesses too. Called twice, it plays once."""
        self._stop()
        self._stop = observe(self._hear)
        return self

    def stop(self) -> None:
        """Ends it."""
        self._stop()

    def shuffled(self, question: str, choices: list[str], unit: str = "", seed: int = 0) -> list[str]:
        """The votes on a question one by one, as they might have come: for the same seed in the same order.

        Raises:
            LabError: this class was not asked that.
        """
        _, votes = self._found(question_key(question, choices, unit))
        one_by_one = list(Counter(votes).elements())
        Random(seed).shuffle(one_by_one)
        return one_by_one

    def line(self, key: str) -> str:
        """What the room had guessed, in a line; "" where it was not asked."""
        if key not in self.votes:
            return ""
        _, votes = self._found(key)
        parts = [f"{count} × {answer}" for answer, count in votes.items() if count]
        return f"the room of {sum(votes.values())}: {', '.join(parts)}"

    def _found(self, key: str) -> tuple[str, dict[str, int]]:
        if key not in self.votes:
            raise LabError("this class was not asked that. print(board(replay=...)) shows what it was asked")
        return self.votes[key]

    def _hear(self, kind: str, facts: dict[str, Any]) -> None:
        if kind == "measured":
            facts["comparison"].room = self.line(question_key(facts["question"], facts["choices"], facts["unit"]))

    def __repr__(self) -> str:
        head = f"The votes of a class of {self.date}: {counted(len(self.votes), 'question')}"
        return "\n".join([head, *(f"  {question}\n    {self.line(key)}" for key, (question, _) in self.votes.items())])
