"""A request to a model, whatever dialect it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Turn(NamedTuple):
    """One turn of a conversation: `role` is "system", "user", "assistant" or "tool".

    `calls` are the tool calls of an assistant's turn, each {"id": …, "name": …, "arguments": a JSON text}; `call_id` is
    the id of the call that a tool's turn answers.
    """

    role: str
    text: str
    calls: tuple[Mapping[str, str], ...] = ()
    call_id: str = ""


@dataclass(frozen=True)
class ModelRequest:
    """What is asked. A system prompt is the first turn, wherever its dialect puts it.

    Args:
        turns: the conversation, oldest first.
        max_tokens: the longest answer; None leaves it to the model.
        choices: how many answers are asked for at once.
        stop: the answer ends before the first of these texts.
        tools: the tools that the model may call, each {"name": …, "description": …, "parameters": JSON schema}.
        reasoning: whether the model is to think first, and to show it.
        settings: what else a model is told, by the name that OpenAI's chat completions give it (temperature, seed).
        ignored: the names of what the request holds, and what is neither understood nor forwarded.
    """

    turns: tuple[Turn, ...]
    max_tokens: int | None = None
    choices: int = 1
    stop: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    reasoning: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """The text of the last turn."""
        return self.turns[-1].text

    @property
    def conversation(self) -> str:
        """The text of all turns, each with its role; of a single question its text alone."""
        if len(self.turns) == 1 and self.turns[0].role == "user":
            return self.prompt
        return "\n".join(f"{turn.role}: {turn.text}" for turn in self.turns)


def question(prompt: str) -> ModelRequest:
    """The request with one question, and nothing else."""
    return ModelRequest((Turn("user", prompt),))
