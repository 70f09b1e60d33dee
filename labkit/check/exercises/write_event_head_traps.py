"""Wrong ways to write the type and the id of an event. Each is the right writer with one thing changed."""

from __future__ import annotations

from labkit.check.exercises.class_traps import traps_of
from labkit.check.exercises.write_event_traps import Writer


class _Head(Writer):
    """The base of those that go wrong at event or id."""


class _WritesNone(_Head):
    sentence = (
        'An event without a type or an id was sent with the text "None". None means that there is no such line: a page '
        "would listen for an event that is called None."
    )

    def head(self, field: str, value: str | None) -> str:
        return f"{field}: {value if value is None else self.checked(field, value)}\n"


class _DataOnly(_Head):
    sentence = "The event or the id did not arrive. Each of them that is not None gets a line of its own."

    def head(self, field: str, value: str | None) -> str:
        return ""


class _NoEvent(_Head):
    sentence = "The event did not arrive, so a page that listens for its name hears nothing. It gets an event line."

    def head(self, field: str, value: str | None) -> str:
        return "" if field == "event" else super().head(field, value)


class _NoId(_Head):
    sentence = "The id did not arrive, so a client cannot say where it was. It gets an id line."

    def head(self, field: str, value: str | None) -> str:
        return "" if field == "id" else super().head(field, value)


class _TypeField(_Head):
    sentence = (
        "The type was written under a field name that no client knows. The field is called `event`, although the page "
        "finds it in `event.type`."
    )

    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value).replace("event: ", "type: ", 1)


class _AfterTheEnd(_Head):
    sentence = (
        "The event and the id came after the empty line. It ends the event, so for a client they belong to the next "
        "one."
    )

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        head = self.head("event", event) + self.head("id", id)
        return "".join(f"data: {line}\n" for line in self.lines(data)) + "\n" + head


class _Cleans(_Head):
    sentence = (
        "An event or id that cannot be sent was cleaned, and sent. A cleaned id is another id, and a client that comes "
        "back with it gets the wrong events: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return value.replace("\n", "").replace("\r", "").replace("\0", "")


class _CleansWithSpaces(_Head):
    sentence = (
        "A line break in an event or id was replaced by a space, and the rest was sent. That is another id, and a "
        "client that comes back with it gets the wrong events: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return value.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")


class _LeavesNul(_CleansWithSpaces):
    def checked(self, field: str, value: str) -> str:
        return value.replace("\n", " ").replace("\r", " ")


class _ReturnsNothing(_Head):
    sentence = "For an event or id that cannot be sent, no text came back. Then nobody notices: raise ValueError."

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        try:
            return super().write(data, event, id)
        except ValueError:
            return ""


class _ReturnsNone(_ReturnsNothing):
    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        return super().write(data, event, id) or None  # type: ignore[return-value]


class _OtherError(_Head):
    sentence = "What cannot be sent is refused with another error. Callers were told to expect ValueError."

    def checked(self, field: str, value: str) -> str:
        try:
            return super().checked(field, value)
        except ValueError:
            raise Exception(field) from None


class _Asserts(_OtherError):
    error: type[Exception] = AssertionError

    def checked(self, field: str, value: str) -> str:
        try:
            return super(_OtherError, self).checked(field, value)
        except ValueError:
            raise self.error(field) from None


class _RaisesTypeError(_Asserts):
    error = TypeError


class _RaisesRuntimeError(_Asserts):
    error = RuntimeError


class _RefusesNul(_Head):
    sentence = "An event with NUL was refused. It can be sent: only an id with NUL is ignored by a client."

    def checked(self, field: str, value: str) -> str:
        return super().checked("id", value)


class _Unchecked(_Head):
    sentence = (
        "A line break or NUL in event or id went to the wire. After a line break begins a field that the caller did "
        "not mean, and a client ignores an id with NUL: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return value


class _AllowsNul(_Head):
    sentence = (
        "An id with NUL was written. A client ignores such a line, so nobody can resume from it: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return super().checked("event", value)


class _AllowsCr(_Head):
    sentence = "LF in event or id is refused, but CR is not. A client takes CR for a line end too: raise ValueError."

    def checked(self, field: str, value: str) -> str:
        if "\n" in value or (field == "id" and "\0" in value):
            raise ValueError(field)
        return value


class _OnlyLfIsRefused(_Head):
    sentence = (
        "LF in event or id is refused, but CR and NUL are not. A client takes CR for a line end, and ignores an id "
        "with NUL: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        if "\n" in value:
            raise ValueError(field)
        return value


class _ChecksIdOnly(_Head):
    sentence = "A line break in the event went to the wire; only the id is checked. What follows it is a forged field."

    def checked(self, field: str, value: str) -> str:
        return super().checked(field, value) if field == "id" else value


class _ChecksEventOnly(_Head):
    sentence = "A line break or NUL in the id went to the wire; only the event is checked. What follows it is forged."

    def checked(self, field: str, value: str) -> str:
        return super().checked(field, value) if field == "event" else value


class _EmptyIsNone(_Head):
    sentence = (
        'The id "" was not written. It is not the same as None: an empty id line clears the id that a client '
        "remembers. "
        "(The client below remembered the id 6.)"
    )

    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value or None)


class _EmptyLineAfterEach(_Head):
    sentence = (
        "An empty line stands between event or id and the data. It ends the block there, so the data comes without its "
        "type: only behind the data stands an empty line."
    )

    def head(self, field: str, value: str | None) -> str:
        line = super().head(field, value)
        return f"{line}\n" if line else ""


class _EmptyLineAfterEvent(_EmptyLineAfterEach):
    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value) if field == "event" else Writer.head(self, field, value)


class _EmptyLineAfterId(_EmptyLineAfterEach):
    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value) if field == "id" else Writer.head(self, field, value)


class _EmptyLineBeforeData(_EmptyLineAfterEach):
    def head(self, field: str, value: str | None) -> str:
        return Writer.head(self, field, value)

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        head = self.head("event", event) + self.head("id", id)
        return (f"{head}\n" if head else "") + super().write(data)


_VARIANTS: dict[type[Writer], tuple[type[Writer], ...]] = {
    _CleansWithSpaces: (_LeavesNul,),
    _ReturnsNothing: (_ReturnsNone,),
    _EmptyLineAfterEach: (_EmptyLineAfterEvent, _EmptyLineAfterId, _EmptyLineBeforeData),
    _OtherError: (_Asserts, _RaisesTypeError, _RaisesRuntimeError),
}
HEAD_TRAPS = traps_of(_Head.__subclasses__(), "write", _VARIANTS)
