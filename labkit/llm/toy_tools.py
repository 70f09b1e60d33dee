"""The tool calls of a generator that understands nothing: arguments that fit the tool's JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
#: A schema may be as wide and as deep as it likes; a call is not.
MAX_PROPERTIES, MAX_DEPTH = 20, 4


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
    return chosen[:1] if request.settings.get("parallel_tool_calls") is False else chosen


def arguments_for(tool: Mapping[str, Any], rng: Random, words: Callable[[], str]) -> str:
    """Arguments for this tool, as the JSON text of an object. `words` gives the texts in it."""
    value = _value_for(tool["parameters"], rng, words, 0)
    return json.dumps(value if isinstance(value, dict) else {}, ensure_ascii=False)


def _value_for(schema: object, rng: Random, words: Callable[[], str], depth: int) -> Any:
    if not isinstance(schema, Mapping):
        return words()
    options = schema.get("enum")
    if isinstance(options, Sequence) and not isinstance(options, str) and options:
        return rng.choice(options)
    kind = schema.get("type")
    kind = kind.lower() if isinstance(kind, str) else ""  # Gemini writes STRING
    if kind in ("integer", "number"):
        return rng.randint(1, 9)
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        return [] if depth == MAX_DEPTH else [_value_for(schema.get("items"), rng, words, depth + 1)]
    properties = schema.get("properties")
    if kind == "object" or isinstance(properties, Mapping):
        items = list(properties.items())[:MAX_PROPERTIES] if isinstance(properties, Mapping) else []
        return {} if depth == MAX_DEPTH else {n: _value_for(inner, rng, words, depth + 1) for n, inner in items}
    return words()
