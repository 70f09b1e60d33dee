"""Wrong ways to build events. Each is the right reader with one thing changed."""

from __future__ import annotations

from labkit.check.exercises.build_events_samples import Row
from labkit.check.model import Trap


class _Reader:
    """The right reader, in parts that a trap can change."""

    def read(self, lines: list[str]) -> list[Row]:
        self.events: list[Row] = []
        self.data: list[str] = []
        self.type = self.id = ""
        for line in lines:
            if line == "":
                self.blank()
            else:
                self.field(*self.cut(line))
        self.end()
        return self.events

    def cut(self, line: str) -> tuple[str, str]:
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
            self.events.append((self.type_name(), self.joined(), self.id))
        self.reset()

    def dispatches(self) -> bool:
        return bool(self.data)

    def type_name(self) -> str:
        return self.type or "message"

    def joined(self) -> str:
        return "\n".join(self.data)

    def reset(self) -> None:
        self.data, self.type = [], ""

    def end(self) -> None:
        pass


class _Strips(_Reader):
    def value(self, value: str) -> str:
        return value.strip()


class _StripsLeft(_Reader):
    def value(self, value: str) -> str:
        return value.lstrip()


class _KeepsSpace(_Reader):
    def value(self, value: str) -> str:
        return value


class _JoinsWithNothing(_Reader):
    def joined(self) -> str:
        return "".join(self.data)


class _JoinsWithSpace(_Reader):
    def joined(self) -> str:
        return " ".join(self.data)


class _LastDataWins(_Reader):
    def joined(self) -> str:
        return self.data[-1]


class _DispatchesUnfinished(_Reader):
    def end(self) -> None:
        if self.data:
            self.blank()


class _ForgetsId(_Reader):
    def reset(self) -> None:
        self.data, self.type, self.id = [], "", ""


class _KeepsType(_Reader):
    def reset(self) -> None:
        self.data = []


class _EmptyType(_Reader):
    def blank(self) -> None:
        if self.data:
            self.events.append((self.type, self.joined(), self.id))
        self.data, self.type = [], "message"

    def read(self, lines: list[str]) -> list[Row]:
        # The blank line in front makes "message" the first type as well.
        return super().read(["", *lines])


class _EveryBlank(_Reader):
    def dispatches(self) -> bool:
        return True

    def joined(self) -> str:
        return "\n".join(self.data)


class _Phantom(_Reader):
    def dispatches(self) -> bool:
        return bool(self.data or self.type or self.id)


class _NoEmptyData(_Reader):
    def dispatches(self) -> bool:
        return self.joined() != ""


class _NeedsSpace(_Reader):
    def cut(self, line: str) -> tuple[str, str]:
        for field in ("data", "event", "id"):
            if line.startswith(f"{field}: "):
                return field, line[len(field) + 2 :]
        return "", ""


class _SplitsAtColonSpace(_Reader):
    def cut(self, line: str) -> tuple[str, str]:
        field, *values = line.split(": ")
        return field, values[0] if values else ""


class _SplitsAtEachColon(_Reader):
    def cut(self, line: str) -> tuple[str, str]:
        field, *values = line.split(":")
        return field, self.value(values[0]) if values else ""


class _TakesNul(_Reader):
    def takes_id(self, value: str) -> bool:
        return True


def _trap(name: str, reader: type[_Reader], sentence: str) -> Trap:
    return Trap(name, reader().read, sentence)


TRAPS = (
    _trap("every blank", _EveryBlank, "An empty line without data before it dispatched an event. Without data it dispatches nothing."),
    _trap("keeps the space", _KeepsSpace, "The space after the colon is still there. One space after the colon is not part of the value."),
    _trap("strips", _Strips, "strip() took too much. Only one space after the colon goes; other spaces and tabs belong to the value."),
    _trap("strips left", _StripsLeft, "lstrip() takes every space and tab at the start. Only one space after the colon goes."),
    _trap("joins with nothing", _JoinsWithNothing, "The data lines were joined without LF. Each data line is a line of the data."),
    _trap("joins with space", _JoinsWithSpace, "The data lines were joined with a space. They are joined with LF."),
    _trap("last data wins", _LastDataWins, "Only the last data line arrived. All data lines of a block count, joined with LF."),
    _trap("needs the space", _NeedsSpace, "A line without the space was not read. The space after the colon is optional: `data:x` is the "
          "same as `data: x`. And `data` alone is a field with an empty value."),
    _trap("splits at colon space", _SplitsAtColonSpace, 'split(": ") cuts the value where a colon and a space stand in it, and misses '
          "`data:x`. Only the first colon counts."),
    _trap("splits at each colon", _SplitsAtEachColon, "The value was cut at its own colon. Only the first colon of a line counts."),
    _trap("phantom", _Phantom, "A block without data dispatched an empty event. A type or an id alone dispatches nothing: only data "
          "does. (httpx-sse makes this mistake once it has seen an id.)"),
    _trap("unfinished", _DispatchesUnfinished, "The lines ended before the empty line came, and yet the block was dispatched. The rest "
          "of it may be lost, so it is discarded."),
    _trap("forgets the id", _ForgetsId, "The id was forgotten after its event. The last event ID stays until another id line comes."),
    _trap("keeps the type", _KeepsType, "The type of one event was used for the next. Each empty line resets the type, with or without "
          "data."),
    _trap("empty type", _EmptyType, 'An empty `event:` came out as the type "". An empty type means "message".'),
    _trap("no empty data", _NoEmptyData, "`data:` alone was not dispatched. It is an event whose data is empty: ask if there was a data "
          "line, not if the data is empty."),
    _trap("takes NUL", _TakesNul, "An id with NUL was taken. Such an id line is ignored, and the id before it stays."),
)  # fmt: skip
