"""What the requests of several dialects have in common: limits, the texts of their parts, tools, and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.llm.fields import Fields, invalid, kind_of
from labkit.llm.model_request import Turn

#: A server answers each choice at its own cost.
MAX_CHOICES = 8
#: Precedent: OpenAI takes 4 stop texts, Gemini 5; no provider needs longer ones.
MAX_STOP_TEXTS, MAX_STOP_CHARACTERS = 16, 1000
#: OpenAI's own limits: 128 tools, and 64 characters in a name; Anthropic's names have up to 128.
MAX_TOOLS, MAX_TOOL_NAME_CHARACTERS = 128, 128
#: Whole conversations: more turns than this are a mistake.
MAX_TURNS = 10_000

ROLES = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant", "model": "assistant",
    "tool": "tool", "function": "tool",
}  # fmt: skip


def role_of(fields: Fields, default: str = "") -> str:
    """The role of a turn in this server's words.

    Raises:
        RequestRefused: no dialect has such a role.
    """
    name = fields.text("role") or default
    if name not in ROLES:
        wanted = ", ".join(ROLES)
        raise invalid(f"{fields.place('role')} is {name[:40]!r}; the roles are {wanted}")
    return ROLES[name]


def text_of(fields: Fields, name: str, ignored: list[str]) -> str | None:
    """The text of a field that is a text or a list of parts; None if it is not there.

    Parts that are no text are not understood here: their kinds are added to `ignored`.

    Raises:
        RequestRefused: it is neither.
    """
    value = fields.take(name)
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise invalid(f"{fields.place(name)} is no text, but {kind_of(value)}")
    return "".join(_part_text(part, fields.place(name), ignored) for part in value)


def _part_text(part: object, place: str, ignored: list[str]) -> str:
    if isinstance(part, str):  # Ollama's and Gemini's shorthand
        return part
    if not isinstance(part, dict):
        raise invalid(f"{place} holds {kind_of(part)} where a part of a message belongs")
    text = part.get("text")
    if isinstance(text, str):
        return text
    if text is not None:
        raise invalid(f"{place} holds a part whose text is {kind_of(text)}")
    ignored.append(f"{place}: {str(part.get('type', 'a part without a text'))[:40]}")
    return ""


def checked_turns(turns: Iterable[Turn], place: str) -> tuple[Turn, ...]:
    """The turns, of which the last one asks.

    Raises:
        RequestRefused: there is none, or the last one says nothing.
    """
    found = tuple(turns)
    asking = [turn for turn in found if turn.role != "system"]
    if not asking:
        raise invalid(f"{place} is missing, or no list with a message in it")
    if not asking[-1].text and asking[-1].role != "tool":
        raise invalid(f"the last message in {place} has no text")
    return found


def tool(fields: Fields, schema_name: str) -> Mapping[str, Any]:
    """A tool that a model may call, whose schema stands under this name.

    Raises:
        RequestRefused: its name is none, or its schema no object.
    """
    name = fields.text("name", MAX_TOOL_NAME_CHARACTERS)
    if not name:
        raise invalid(f"{fields.place('name')} is missing: a tool needs a name")
    description = fields.text("description")
    schema = fields.object(schema_name).value
    return {"name": name, "description": description, "parameters": schema or {"type": "object", "properties": {}}}


def choice_of_tool(name: str) -> Mapping[str, Any]:
    """The setting that makes a model call this tool, in the words of OpenAI's chat completions."""
    return {"type": "function", "function": {"name": name}}


def settings_of(fields: Fields, names: Mapping[str, str] | Iterable[str]) -> dict[str, Any]:
    """The settings in these fields, by the names that OpenAI's chat completions give them. They are not checked."""
    pairs = names.items() if isinstance(names, Mapping) else ((name, name) for name in names)
    return {known: fields.take(name) for name, known in pairs if name in fields}


def only_one(fields: Fields, name: str, dialect: str) -> None:
    """Checks that a request asks for one answer where its dialect knows no more.

    Raises:
        RequestRefused: it asks for several.
    """
    wanted = fields.number(name, 1)
    if wanted is not None and wanted > 1:
        raise invalid(
            f"{dialect} gives one answer to a request: {fields.place(name)} has to be 1. Ask once more instead"
        )
