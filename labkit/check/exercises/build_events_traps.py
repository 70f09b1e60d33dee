"""Wrong ways to build events. Each is the right reader with one thing changed."""

from __future__ import annotations

from typing import ClassVar

from labkit.check.exercise import Trap
from labkit.check.exercises.build_events_samples import EventFields


class _Reader:
    """The right reader, in parts that a trap can change."""

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


class _EveryBlank(_Reader):
    sentence = "An empty line without data before it dispatched an event. Without a data line it dispatches nothing."

    def dispatches(self) -> bool:
        return True


class _KeepsSpace(_Reader):
    sentence = "The space after the colon is still there. One space after the colon is not part of the value."

    def value(self, value: str) -> str:
        return value


class _Strips(_Reader):
    sentence = (
        "strip() took too much. One space after the colon goes, no more; other spaces and tabs belong to the value."
    )

    def value(self, value: str) -> str:
        return value.strip()


class _StripsLeft(_Reader):
    sentence = "lstrip() takes every space and tab at the start. One space after the colon goes, no more."

    def value(self, value: str) -> str:
        return value.lstrip()


class _JoinsWithNothing(_Reader):
    sentence = "The data lines were joined without LF. Each of them is a line of the data: join them with LF."

    def join_data(self) -> str:
        return "".join(self.data)


class _JoinsWithSpace(_Reader):
    sentence = "The data lines were joined with a space. Each of them is a line of the data: join them with LF."

    def join_data(self) -> str:
        return " ".join(self.data)


class _LastDataWins(_Reader):
    sentence = "Only the last data line arrived. All data lines of a block count: join them with LF."

    def join_data(self) -> str:
        return self.data[-1]


class _NeedsSpace(_Reader):
    sentence = (
        "A line without a space after the colon was not read. The space is optional: `data:x` is the same as `data: "
        "x`. And `data` alone is a field with an empty value."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        for field in ("data", "event", "id"):
            if line.startswith(f"{field}: "):
                return field, line[len(field) + 2 :]
        return "", ""


class _SplitsAtColonSpace(_Reader):
    sentence = (
        'split(": ") misses `data:x`, because the space is optional, and it cuts a value that holds a colon and a '
        "space. Cut at the first colon only."
    )

    def split_line(self, line: str) -> tuple[str, str]:
        field, *values = line.split(": ")
        return field, values[0] if values else ""


class _SplitsAtEachColon(_Reader):
    sentence = "The value was cut at a colon of its own. Only the first colon of a line ends the field name."

    def split_line(self, line: str) -> tuple[str, str]:
        field, *values = line.split(":")
        return field, self.value(values[0]) if values else ""


class _Phantom(_Reader):
    sentence = (
        "A block without data dispatched an empty event. A type or an id alone dispatches nothing: only data does. "
        "(The library httpx-sse makes this mistake once it has seen an id.)"
    )

    def dispatches(self) -> bool:
        return bool(self.data or self.type or self.id)


class _DispatchesUnfinished(_Reader):
    sentence = (
        "The stream ended before the empty line came, and yet the block was dispatched. The rest of the block may be "
        "lost, so it is discarded."
    )

    def end(self) -> None:
        if self.data:
            self.blank()


class _ForgetsId(_Reader):
    sentence = "The id was forgotten at the empty line. The last event ID stays until another id line comes."

    def reset(self) -> None:
        self.data, self.type, self.id = [], "", ""


class _KeepsType(_Reader):
    sentence = "The type of one block was used for the next. Each empty line resets the type, with or without data."

    def reset(self) -> None:
        self.data = []


class _KeepsTypeWithoutData(_Reader):
    sentence = (
        "A block without data left its type to the next block. Each empty line resets the type, also without data."
    )

    def reset(self) -> None:
        if self.data:
            super().reset()


class _EmptyType(_Reader):
    sentence = 'An empty `event:` came out as the type "". An empty type means "message".'
    type_at_first = "message"

    def type_name(self) -> str:
        return self.type


class _NoEmptyData(_Reader):
    sentence = (
        "A block with empty data was not dispatched. `data:` or `data` alone is an event whose data is empty: ask if "
        "there was a data line, not if the data is empty."
    )

    def dispatches(self) -> bool:
        return self.join_data() != ""


class _TakesNul(_Reader):
    sentence = "An id with NUL was taken. Such an id line is ignored, and the id before it stays."

    def takes_id(self, value: str) -> bool:
        return True


TRAPS = tuple(Trap(reader.__name__.lstrip("_"), reader().read, reader.sentence) for reader in _Reader.__subclasses__())
