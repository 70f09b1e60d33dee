"""Wrong ways to dispatch events. Each is the right reader with one thing changed."""

from __future__ import annotations

from itertools import dropwhile

from labkit.check.exercise import Symptom, Trap
from labkit.check.exercises.build_events_samples import EventFields
from labkit.check.exercises.build_events_traps import Reader
from labkit.check.exercises.class_traps import traps_of


class _Dispatching(Reader):
    """The base of those that go wrong at an empty line, or with the last event ID."""


class _EveryBlank(_Dispatching):
    sentence = (
        "An empty line without data before it dispatched an event. Without a data line it dispatches nothing: servers "
        "may send more empty lines than they need."
    )

    def dispatches(self) -> bool:
        return True


class _KeepsData(_Dispatching):
    sentence = (
        "The data of an event was still there after it, and came out a second time. At each empty line the data starts "
        "anew, or a page gets everything again with each event."
    )

    def reset(self) -> None:
        self.type = ""


class _KeepsText(_KeepsData):
    def join_data(self) -> str:
        return "".join(self.data)


class _KeepsLast(_KeepsData):
    def join_data(self) -> str:
        return self.data[-1]


class _DataAtOnce(_Dispatching):
    sentence = (
        "A data line dispatched an event before the empty line came. An event may have several data lines, and its "
        "type and its id may come after them: only the empty line ends it."
    )

    def field(self, field: str, value: str) -> None:
        super().field(field, value)
        if field == "data":
            self.blank()


class _JoinsWithNothing(_Dispatching):
    sentence = (
        "The data lines of an event were joined without LF. Each of them is a line of the data, and a page gets them "
        "with LF between them."
    )

    def join_data(self) -> str:
        return "".join(self.data)


class _JoinsWithSpace(_Dispatching):
    sentence = (
        "The data lines of an event were joined with a space. Each of them is a line of the data, and a page gets them "
        "with LF between them."
    )

    def join_data(self) -> str:
        return " ".join(self.data)


class _EndsWithLf(_Dispatching):
    sentence = "There is an LF after the last data line. A client puts LF between the data lines, and none after them."

    def join_data(self) -> str:
        return "".join(f"{line}\n" for line in self.data)


class _LastDataWins(_Dispatching):
    sentence = "Only the last data line of an event arrived. All data lines count, with LF between them."

    def join_data(self) -> str:
        return self.data[-1]


class _FirstDataWins(_Dispatching):
    sentence = "Only the first data line of an event arrived. All data lines count, with LF between them."

    def join_data(self) -> str:
        return self.data[0]


class _NoEmptyLines(_Dispatching):
    sentence = "An empty data line of an event is missing. `data` or `data:` is an empty line of its data."

    def join_data(self) -> str:
        return "\n".join(line for line in self.data if line)


class _NoType(_Dispatching):
    sentence = 'The type of an event without an event line is empty. A client calls it "message".'

    def type_name(self) -> str:
        return self.type


class _AlwaysMessage(_Dispatching):
    sentence = 'The type is always "message", but an event line names another one. A page listens for that name.'

    def type_name(self) -> str:
        return "message"


class _NoId(_Dispatching):
    sentence = "The last event ID is always empty. A client comes back with it, so it would get everything again."

    def takes_id(self, value: str) -> bool:
        return False


class _Phantom(_Dispatching):
    sentence = (
        "A block without data dispatched an empty event. A type or an id alone dispatches nothing: only data does. "
        "(The library httpx-sse makes this mistake once it has seen an id.)"
    )

    def dispatches(self) -> bool:
        return bool(self.data or self.type or self.id)


class _TypeIsEnough(_Dispatching):
    sentence = "A block with a type and no data dispatched an empty event. Only data does that."

    def dispatches(self) -> bool:
        return bool(self.data or self.type)


class _DispatchesUnfinished(_Dispatching):
    sentence = (
        "The stream ended before the empty line came, and the block was dispatched all the same. The rest of it may be "
        "lost, so a client discards it."
    )

    def end(self) -> None:
        if self.data:
            self.blank()


class _DispatchesUnfinishedRaw(_DispatchesUnfinished):
    type_at_first = "message"

    def end(self) -> None:
        self.events += [(self.type, self.join_data(), self.id)] if self.data else []


class _NeedsData(_Dispatching):
    sentence = "An empty line without data before it raised an error. It dispatches nothing, and may come at any time."

    def dispatches(self) -> bool:
        return self.data[0] is not None


class _ForgetsId(_Dispatching):
    sentence = (
        "The id was forgotten at the empty line. The last event ID stays until another id line comes: a client comes "
        "back with it, however many events had no id."
    )

    def reset(self) -> None:
        self.data, self.type, self.id = [], "", ""


class _KeepsType(_Dispatching):
    sentence = "The type of one block was used for the next one. Each empty line resets the type."

    def reset(self) -> None:
        self.data = []


class _KeepsTypeWithoutData(_Dispatching):
    sentence = (
        "A block without data left its type to the next block. Each empty line resets the type, also where it "
        "dispatches nothing."
    )

    def reset(self) -> None:
        if self.data:
            super().reset()


class _EmptyType(_Dispatching):
    sentence = 'An `event:` with nothing behind it came out as the type "". A client takes an empty type for "message".'
    type_at_first = "message"

    def type_name(self) -> str:
        return self.type


class _EmptyTypeIsIgnored(_Dispatching):
    sentence = (
        "An `event:` with nothing behind it was ignored, and the type of an earlier line stayed. The last event line "
        'counts, and an empty type is "message".'
    )

    def field(self, field: str, value: str) -> None:
        if field != "event" or value:
            super().field(field, value)


class _NoEmptyData(_Dispatching):
    sentence = (
        "A block with empty data was not dispatched. `data:` or `data` alone is an event whose data is empty. What "
        "counts is that there was a data line."
    )

    def dispatches(self) -> bool:
        return self.join_data() != ""


class _EmptyLineFirst(_Dispatching):
    sentence = (
        "An empty data line in front of others is lost. `data:` and then `data: a` are two lines of data, the first of "
        "them empty. (An empty text is false in Python, so it cannot tell an empty line from none.)"
    )

    def join_data(self) -> str:
        return "\n".join(dropwhile(lambda line: line == "", self.data))


class _EmptyTextFirst(_EmptyLineFirst):
    dispatches = _NoEmptyData.dispatches


class _LastLineIsLost(_Dispatching):
    sentence = (
        "The last line did not count, so the event that it closes is missing. (If you join the lines again, the last "
        "one has no line end behind it: go through the list.)"
    )

    def read(self, lines: list[str]) -> list[EventFields]:
        return super().read(lines[:-1])


class _KeepsTypeFromMessage(_KeepsType):
    type_at_first = "message"

    def type_name(self) -> str:
        return self.type


class _KeepsTypeAndNul(_KeepsTypeFromMessage):
    def takes_id(self, value: str) -> bool:
        return True


class _DigitsOnly(_Dispatching):
    sentence = "An id that is no number was ignored. Any text without NUL is an id, the empty text too."

    def takes_id(self, value: str) -> bool:
        return value.isdigit()


class _DigitsOrEmpty(_DigitsOnly):
    def takes_id(self, value: str) -> bool:
        return not value or value.isdigit()


_VARIANTS: dict[type[Reader], tuple[type[Reader], ...]] = {
    _KeepsData: (_KeepsText, _KeepsLast),
    _KeepsType: (_KeepsTypeFromMessage, _KeepsTypeAndNul),
    _EmptyLineFirst: (_EmptyTextFirst,),
    _DigitsOnly: (_DigitsOrEmpty,),
    _DispatchesUnfinished: (_DispatchesUnfinishedRaw,),
}
DISPATCH_TRAPS: tuple[Trap, ...] = traps_of(_Dispatching.__subclasses__(), "read", _VARIANTS)


def _in_another_order(rows: list[EventFields], expected: list[EventFields]) -> bool:
    return [sorted(row) for row in rows] == [sorted(row) for row in expected]


SYMPTOMS = (
    Symptom(
        "nothing came",
        lambda rows, expected: rows == [],
        "No event came out. A data line and then an empty line are enough: type and id may be missing.",
    ),
    Symptom(
        "parts in another order",
        _in_another_order,
        "The parts of an event are in another order. They are (type, data, last event ID).",
    ),
)
