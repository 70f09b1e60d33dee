"""The fields of a request that anybody may have written: each is checked as it is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class RequestRefused(Exception):
    """A request that is refused.

    Args:
        status: the status of the response.
        message: the sentence for its body.
        kind: the type of the error, such as "invalid_request_error".
    """

    def __init__(self, status: int, message: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


def invalid(message: str) -> RequestRefused:
    """The refusal of a request that is wrong: status 400 with this sentence."""
    return RequestRefused(400, message, "invalid_request_error")


class Fields:
    """The fields of one JSON object in a request. null is the same as a field that is not there.

    `value` is the object itself. `rest` lists the names that nobody took: what is said, and not understood.

    Args:
        value: the object.
        place: where it stands in the request, such as "messages[2]"; "" for the request itself.

    Raises:
        RequestRefused: from every method whose field holds what it must not.
    """

    def __init__(self, value: Mapping[str, Any], place: str = "") -> None:
        self.value, self._place = value, place
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self.value.get(self.key(name)) is not None

    def key(self, name: str) -> str:
        """How the field of this name is written in the object."""
        return name

    @property
    def rest(self) -> tuple[str, ...]:
        """The names of the fields that were not taken, without those that are null, false or empty."""
        return tuple(
            self.place(name)[:80] for name, value in self.value.items() if name not in self._taken and bool(value)
        )

    def place(self, name: str) -> str:
        """Where the field of this name stands in the request, for a sentence."""
        return f"{self._place}.{name}" if self._place else name

    def take(self, name: str) -> Any:
        """The field as it is; None if it is not there."""
        key = self.key(name)
        self._taken.add(key)
        return self.value.get(key)

    def text(self, name: str, most: int | None = None) -> str:
        """A text of at most so many characters; "" if it is not there."""
        value = self.take(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise invalid(f"{self.place(name)} is no text, but {kind_of(value)}")
        if most is not None and len(value) > most:
            raise invalid(f"{self.place(name)} has {len(value):,} characters; at most {most:,} are taken")
        return value

    def number(self, name: str, low: int, high: int | None = None) -> int | None:
        """A whole number from `low` to `high`; None if it is not there."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():  # JSON knows no difference between 3 and 3.0
            value = int(value)
        bounds = f"of {low} or more" if high is None else f"from {low} to {high}"
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(f"{self.place(name)} has to be a whole number {bounds}, and is {kind_of(value)}")
        if value < low or (high is not None and value > high):
            raise invalid(f"{self.place(name)} has to be a whole number {bounds}, and is another")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false if it is not there."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise invalid(f"{self.place(name)} has to be true or false, and is {kind_of(value)}")

    def texts(self, name: str, most: int, most_characters: int) -> tuple[str, ...]:
        """A text, or a list of texts that are not empty; an empty tuple if it is not there."""
        value = self.take(name)
        values = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(text, str) and text for text in values):
            raise invalid(f"{self.place(name)} has to be a text, or a list of texts that are not empty")
        if len(values) > most or any(len(text) > most_characters for text in values):
            raise invalid(f"{self.place(name)} has at most {most} texts of {most_characters:,} characters each")
        return tuple(values)

    def object(self, name: str) -> Fields:
        """An object; an empty one if it is not there."""
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            raise invalid(f"{self.place(name)} has to be an object, and is {kind_of(value)}")
        return type(self)(value or {}, self.place(name))

    def objects(self, name: str, most: int = 10_000) -> list[Fields]:
        """A list of objects; an empty list if it is not there."""
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(f"{self.place(name)} has to be a list, and is {kind_of(value)}")
        if len(value) > most:
            raise invalid(f"{self.place(name)} has {len(value):,} entries; at most {most:,} are taken")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise invalid(f"{self.place(name)}[{index}] has to be an object, and is {kind_of(item)}")
        return [type(self)(item, f"{self.place(name)}[{index}]") for index, item in enumerate(value)]


class CamelFields(Fields):
    """Fields whose names may be written in both ways, maxTokens and max_tokens, as JSON made of Protocol Buffers is.

    Source: https://protobuf.dev/programming-guides/json/

    >>> CamelFields({"max_tokens": 7}).number("maxTokens", 1)
    7
    """

    def key(self, name: str) -> str:
        snake = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)
        return snake if name not in self.value and snake in self.value else name


def kind_of(value: object) -> str:
    """What a JSON value is, in words.

    >>> kind_of(7), kind_of([]), kind_of(True)
    ('a number', 'a list', 'true or false')
    """
    if isinstance(value, bool):
        return "true or false"
    if value is None:
        return "null"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")
