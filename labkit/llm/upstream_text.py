"""The parts of an upstream's answer as they may be shown: in whole characters, and without the key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace

from labkit.dialects import Finish, Oddity, Part, Reasoning, Refusal, Text, ToolCall, WholeCharacters, mended
from labkit.errors import LabError
from labkit.system.secrets import HIDDEN

#: A shorter key is let through. It is the name of a program that wants none, such as "ollama", and a word in answers.
MIN_KEY_LENGTH = 12


async def presentable(parts: AsyncGenerator[Part, None], key: str) -> AsyncGenerator[Part, None]:
    """The same parts without the key, also where it is cut, and cut between characters: readers were not given it."""
    places: dict[tuple[type[Part], int, int], _Place] = {}
    async with aclosing(parts):
        try:
            async for part in parts:
                if isinstance(part, Text | Reasoning | Refusal | ToolCall):
                    place = places.setdefault(_address(part), _Place(part, key))
                    if (shown := place.feed(part)) is not None:
                        yield shown
                    continue
                for held in _left(places):  # an end, or a count: no text comes behind it
                    yield held
                yield _shown(part, key)
        except LabError:  # what has come was not all shown
            for held in _left(places):
                yield held
            raise
    for held in _left(places):
        yield held


class _Place:
    """One of the texts that come in pieces: the text or the reasoning of one choice, or the arguments of one call."""

    def __init__(self, first: Text | Reasoning | Refusal | ToolCall, key: str) -> None:
        self._part, self._key = first, key if len(key) >= MIN_KEY_LENGTH else ""
        self._characters = WholeCharacters()
        self._held = ""  # may be the beginning of the key

    def feed(self, part: Text | Reasoning | Refusal | ToolCall) -> Part | None:
        text = _without(self._held + self._characters.feed(_text_of(part)), self._key)
        sizes = range(min(len(self._key) - 1, len(text)), 0, -1)
        size = next((size for size in sizes if text.endswith(self._key[:size])), 0)
        text, self._held = text[: len(text) - size], text[len(text) - size :]
        if isinstance(part, ToolCall):
            id, name = _without(part.id, self._key), _without(part.name, self._key)
            return replace(part, id=id, name=name, arguments=text) if text or id or name else None
        return replace(part, text=text) if text else None

    def close(self) -> Part | None:
        text, self._held = self._held + self._characters.close(), ""
        if not text:
            return None
        if isinstance(self._part, ToolCall):
            return replace(self._part, id="", name="", arguments=text)
        return replace(self._part, text=text)


def _left(places: dict[tuple[type[Part], int, int], _Place]) -> Iterator[Part]:
    yield from [part for place in places.values() if (part := place.close()) is not None]
    places.clear()


def _shown(part: Part, key: str) -> Part:
    match part:
        case Oddity(data, why):
            return Oddity(_without(data, key), _without(why, key))
        case Finish(ending, reason, choice):
            return Finish(ending, _without(mended(reason), key), choice)
    return part


def _address(part: Text | Reasoning | Refusal | ToolCall) -> tuple[type[Part], int, int]:
    return type(part), part.choice, part.number if isinstance(part, ToolCall) else 0


def _text_of(part: Text | Reasoning | Refusal | ToolCall) -> str:
    return part.arguments if isinstance(part, ToolCall) else part.text


def _without(text: str, key: str) -> str:
    return text.replace(key, HIDDEN) if len(key) >= MIN_KEY_LENGTH else text
