"""Wrong ways to read the fields of an event. Each is the right reader with one thing changed."""

from __future__ import annotations

from typing import ClassVar

from labkit.check.exercises.build_events_samples import EventFields
from labkit.check.exercises.class_traps import traps_of


class Reader:
    """The right reader of events, in parts that a trap can change. `sentence` names the mistake."""

    sentence: ClassVar[str]
    type_at_first = ""

    def read(self, lines: list[str]) -> list[EventFields]:
        self.events: list[EventFields] = []
        self.id = ""
        self.data: list[str] = []
        self.type = self.type_at_first
        for line in lines:
            if line == "":
                self.blank()
            else:
                self.field(*self.split_line(line))
        self.end()
        return self.events

    def split_line(self, line: str) -> tuple[str, str]:
        field, _, value = line.partition(":")
        return field, self.value(value)

    def value(self, value: str) -> str:
        return value.removeprefix(" ")

    def field(self, field: str, value: str) -> None:
        if field == "data":
            self.data.append(value)
        elif field == "event":
            self.type = value
        elif field == "id" and self.takes_id(value):
            self.id = value

    def takes_id(self, value: str) -> bool:
        return "\0" not in value

    def blank(self) -> None:
        if self.dispatches():
            self.events.append((self.type_name(), self.join_data(), self.id))
        self.reset()

    def dispatches(self) -> bool:
        return bool(self.data)

    def type_name(self) -> str:
        return self.type or "message"

    def join_data(self) -> str:
        return "\n".join(self.data)

    def reset(self) -> None:
        self.data, self.type = [], self.type_at_first

    def end(self) -> None:
        pass


class _SpacesAreEmpty(Reader):
    sentence = (
        "A line of spaces was taken for an empty line, and ended an event. Only a line without any character does that."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        if not line.strip():
            self.blank()
        return super().split_line(line)


class _KeepsSpace(Reader):
    sentence = (
        "The space after the colon is still in the value. A client removes one space there, so the page would get "
        "another text than the server sent."
    )

    def value(self, value: str) -> str:
        return value


class _Strips(Reader):
    sentence = (
        "Too many characters were removed from a value: spaces or tabs at its start and at its end. One space after "
        "the colon is removed; all others belong to the data that the server sent."
    )

    def value(self, value: str) -> str:
        return value.strip()


class _StripsAndJoins(Reader):
    sentence = (
        "There are two mistakes and more. Spaces or tabs were removed from a value, and only one space after the colon "
        "goes; and the data lines of an event were joined without LF."
    )

    def value(self, value: str) -> str:
        return value.strip()

    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line) if ":" in line else ("", "")

    def dispatches(self) -> bool:
        return self.join_data() != ""

    def join_data(self) -> str:
        return "".join(self.data)


class _StripsLeftAndJoins(_StripsAndJoins):
    def value(self, value: str) -> str:
        return value.lstrip()


class _StripsLeft(Reader):
    sentence = (
        "Too many characters were removed at the start of a value. One space after the colon is removed; a second one, "
        "or a tab, belongs to the data that the server sent."
    )

    def value(self, value: str) -> str:
        return value.lstrip()


class _StripsSpacesOnly(Reader):
    sentence = (
        "All spaces at the start of a value were removed. One space is removed; a second one belongs to the data."
    )

    def value(self, value: str) -> str:
        return value.lstrip(" ")


class _StripsRight(Reader):
    sentence = "Spaces at the end of a value are missing. They belong to the data that the server sent."

    def value(self, value: str) -> str:
        return value.removeprefix(" ").rstrip()


class _NoSpaces(Reader):
    sentence = (
        "The spaces inside of a value are missing too. Only one space, right after the colon, is no part of the value."
    )

    def value(self, value: str) -> str:
        return value.replace(" ", "")


class _SlicesAlways(Reader):
    sentence = (
        "The first character of a value is missing where no space stands after the colon. That space is optional: "
        "`data:x` is the same as `data: x`."
    )

    def value(self, value: str) -> str:
        return value[1:]


class _NeedsSpace(Reader):
    sentence = (
        "A line without a space after the colon was not read. The space is optional: `data:x` is the same as `data: "
        "x`. And `data` alone is a field with an empty value."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        for field in ("data", "event", "id"):
            if line.startswith(f"{field}: "):
                return field, line[len(field) + 2 :]
        return "", ""


class _NeedsColon(Reader):
    sentence = (
        "A line without a colon was left out. `data` alone is a field too: it is a data line with an empty value, and "
        "a client joins it with the others."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        return super().split_line(line) if ":" in line else ("", "")


class _UnpacksTwo(Reader):
    sentence = (
        "The function raises an error at a line without a colon. Such a line is allowed: `data` alone is a data line "
        "with an empty value, and an unknown one is ignored."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        field, value = line.split(":", 1)
        return field, self.value(value)


class _UnpacksAtEachColon(Reader):
    sentence = (
        "The function raises an error at a line that has no colon, or more than one. Both are allowed: the first colon "
        "ends the field name, and the others belong to the value."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        field, value = line.split(":")
        return field, self.value(value)


class _UnpacksAtColonSpace(Reader):
    sentence = (
        "The function raises an error at a line that does not hold exactly one colon with a space. The space is "
        "optional, a value may hold colons, and a line may have no colon at all."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        field, value = line.split(": ")
        return field, value


class _SplitsAtColonSpace(Reader):
    sentence = (
        "A line was cut at a colon with a space. The space is optional, so `data:x` was not read; and a value that "
        "holds a colon and a space lost what follows. Only the first colon ends the field name."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        field, *values = line.split(": ")
        return field, values[0] if values else ""


class _SplitsAtEachColon(Reader):
    sentence = "The value was cut at a colon of its own. Only the first colon of a line ends the field name."

    def split_line(self, line: str) -> tuple[str, str]:
        field, *values = line.split(":")
        return field, self.value(values[0]) if values else ""


class _CommentIsData(Reader):
    sentence = (
        "A comment was read as data. A line that starts with a colon is a comment: servers send it to keep the "
        "connection open, and a client ignores it."
    )

    def field(self, field: str, value: str) -> None:
        super().field(field or "data", value)


class _UnknownIsData(Reader):
    sentence = "A field with an unknown name was read as data. A client ignores it, and it ignores comments too."

    def field(self, field: str, value: str) -> None:
        super().field(field if field in ("event", "id") else "data", value)


class _AnyPrefix(Reader):
    sentence = "A field whose name only begins with a known name was read. A client compares the whole name."

    def field(self, field: str, value: str) -> None:
        known = next((name for name in ("data", "event", "id") if field.startswith(name)), "")
        super().field(known, value)


class _AnyCase(Reader):
    sentence = "A field name in capitals was read. A client compares the exact name, so it ignores `Data`."

    def field(self, field: str, value: str) -> None:
        super().field(field.lower(), value)


class _StripsField(Reader):
    sentence = "Spaces around a field name were removed. A client keeps them, so ` data` is an unknown field to it."

    def field(self, field: str, value: str) -> None:
        super().field(field.strip(), value)


class _TakesNul(Reader):
    sentence = "An id with NUL was taken. A client ignores such an id line, and the id before it stays."

    def takes_id(self, value: str) -> bool:
        return True


class _IdNeedsValue(Reader):
    sentence = "An id line with an empty value was ignored. It sets the last event ID to the empty text."

    def takes_id(self, value: str) -> bool:
        return bool(value) and "\0" not in value


FIELD_TRAPS = traps_of(Reader.__subclasses__(), "read", {_StripsAndJoins: (_StripsLeftAndJoins,)})
