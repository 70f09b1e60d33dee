"""The tool calls of a generator that understands nothing: arguments that fit the tool's JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from labkit.llm.model_request import ModelRequest

#: What is called where an answer has to end with a call, and the request offers no tool.
EXAMPLE_TOOL: Mapping[str, Any] = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    },
}
#: A schema may be as wide and as deep as it likes, and there may be many tools; what is called is small.
MAX_CALLS, MAX_VALUES, MAX_DEPTH = 8, 50, 4


def called_tools(request: ModelRequest) -> list[Mapping[str, Any]]:
    """The tools that the generator calls: those whose names stand in the question, or the first that is offered.

    None where the request forbids it, and where the last turn is a tool's result: then the answer is text.
    """
    choice = request.settings.get("tool_choice")
    if not request.tools or choice == "none" or request.turns[-1].role == "tool":
        return []
    function = choice.get("function") if isinstance(choice, Mapping) else None
    wanted = function.get("name") if isinstance(function, Mapping) else None
    named = [tool for tool in request.tools if (tool["name"] == wanted if wanted else tool["name"] in request.prompt)]
    chosen = named or list(request.tools[:1])
    return chosen[: 1 if request.settings.get("parallel_tool_calls") is False else MAX_CALLS]


def arguments_for(tool: Mapping[str, Any], rng: Random, words: Callable[[], str]) -> str:
    """Arguments for this tool, as the JSON text of an object. `words` gives the texts in it."""
    value = _Values(rng, words).value_for(tool["parameters"], 0)
    return json.dumps(value if isinstance(value, dict) else {}, ensure_ascii=False)


class _Values:
    """Makes values that fit a schema, at most MAX_VALUES of them: the others are left out."""

    def __init__(self, rng: Random, words: Callable[[], str]) -> None:
        self._rng, self._words = rng, words
        self._left = MAX_VALUES

    def value_for(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if not isinstance(schema, Mapping):
            return self._words()
        options = schema.get("enum")
        if isinstance(options, list) and options:
            return self._rng.choice(options)
        kind = schema.get("type")
        kind = kind.lower() if isinstance(kind, str) else ""  # Gemini writes STRING
        if kind in ("integer", "number"):
            return self._rng.randint(1, 9)
        if kind == "boolean":
            return self._rng.random() < 0.5
        if kind == "array":
            return [] if depth == MAX_DEPTH else [self.value_for(schema.get("items"), depth + 1)]
        if kind == "object" or "properties" in schema:
            return {} if depth == MAX_DEPTH else self._object(schema.get("properties"), depth)
        return self._words()

    def _object(self, properties: object, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            if self._left <= 0:
                break
            made[name] = self.value_for(inner, depth + 1)
        return made
