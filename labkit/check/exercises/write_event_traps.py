"""Wrong ways to write a frame. Each is the right writer with one thing changed."""

from __future__ import annotations

from typing import ClassVar

from labkit.check.exercise import Trap


class _Writer:
    """The right writer, in parts that a trap can change."""

    sentence: ClassVar[str]
    mark = "data: "
    end = "\n"

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        head = self.head("event", event) + self.head("id", id)
        return head + "".join(f"{self.mark}{line}\n" for line in self.lines(data)) + self.end

    def head(self, field: str, value: str | None) -> str:
        return "" if value is None else f"{field}: {self.checked(field, value)}\n"

    def checked(self, field: str, value: str) -> str:
        if "\n" in value or "\r" in value or (field == "id" and "\0" in value):
            raise ValueError(field)
        return value

    def lines(self, data: str) -> list[str]:
        return data.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _NoEmptyLine(_Writer):
    sentence = "The empty line at the end is missing. Without it a client goes on waiting, and dispatches nothing."
    end = ""


class _OneDataLine(_Writer):
    sentence = (
        "What follows the first line break is lost: it does not begin with `data: `, so for a client it is no data. "
        "Write `data: ` before each line of the data."
    )

    def lines(self, data: str) -> list[str]:
        return [data]


class _Escapes(_Writer):
    sentence = (
        "The line breaks arrived as the two characters \\ and n. A client does not turn them back: write a data line "
        "for each line."
    )

    def lines(self, data: str) -> list[str]:
        return ["\\n".join(super().lines(data))]


class _Spaces(_Writer):
    sentence = "The line breaks arrived as spaces. Write a data line for each line; a client joins them with LF."

    def lines(self, data: str) -> list[str]:
        return [" ".join(super().lines(data))]


class _Splitlines(_Writer):
    sentence = (
        "The lines were cut wrongly. str.splitlines() makes no line at all of '', drops a line break at the end, and "
        "also cuts at characters such as U+2028. Split at line ends only."
    )

    def lines(self, data: str) -> list[str]:
        return data.splitlines()


class _SplitlinesOrEmpty(_Writer):
    sentence = (
        "The lines were cut wrongly. str.splitlines() drops a line break at the end of the data, and also cuts at "
        "characters such as U+2028. Split at line ends only."
    )

    def lines(self, data: str) -> list[str]:
        return data.splitlines() or [""]


class _NoSpace(_Writer):
    sentence = (
        "A space at the start of the data is lost. A client takes away one space after the colon: always write that "
        "space, then it takes yours."
    )
    mark = "data:"


class _Strips(_Writer):
    sentence = "Spaces at the start or the end of a data line are gone. They belong to the data: do not strip."

    def lines(self, data: str) -> list[str]:
        return [line.strip() for line in super().lines(data)]


class _DropsEmptyLines(_Writer):
    sentence = "Empty lines of the data are gone. Write them too: `data: ` with nothing after it."

    def lines(self, data: str) -> list[str]:
        return [line for line in super().lines(data) if line]


class _OnlyLf(_Writer):
    sentence = (
        "A CR in the data ended the line on the wire, and what follows it is lost. CR ends a line too: split there."
    )

    def lines(self, data: str) -> list[str]:
        return data.split("\n")


class _CrLfTwice(_Writer):
    sentence = "A CRLF in the data arrived as two line breaks. It is one: replace CRLF before you replace CR."

    def lines(self, data: str) -> list[str]:
        return data.replace("\r", "\n").split("\n")


class _DataOnly(_Writer):
    sentence = "event or id did not arrive. Each of them that is not None gets a line of its own."

    def head(self, field: str, value: str | None) -> str:
        return ""


class _Cleans(_Writer):
    sentence = (
        "A bad event or id was cleaned, and sent. A cleaned id is another id, and a resume from it goes wrong: raise "
        "ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return value.replace("\n", "").replace("\r", "").replace("\0", "")


class _Unchecked(_Writer):
    sentence = (
        "A line break or NUL in event or id went to the wire. After a line break there begins a field that the "
        "caller did not mean, and an id with NUL is ignored: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return value


class _AllowsNul(_Writer):
    sentence = (
        "An id with NUL was written. A client ignores such a line, so nobody can resume from it: raise ValueError."
    )

    def checked(self, field: str, value: str) -> str:
        return super().checked("event", value)


class _AllowsCr(_Writer):
    sentence = "LF in event or id is refused, but CR is not. CR ends a line too: raise ValueError."

    def checked(self, field: str, value: str) -> str:
        if "\n" in value or (field == "id" and "\0" in value):
            raise ValueError(field)
        return value


class _EmptyIsNone(_Writer):
    sentence = (
        'id="" is not the same as no id: an empty id line clears the id that a client remembers. Ask `is not None`. '
        "(The client below remembered the id 6.)"
    )

    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value or None)


TRAPS = tuple(Trap(writer.__name__.lstrip("_"), writer().write, writer.sentence) for writer in _Writer.__subclasses__())
