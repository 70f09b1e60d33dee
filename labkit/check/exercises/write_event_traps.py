"""Wrong ways to write a frame. Each is the right writer with one thing changed."""

from __future__ import annotations

from labkit.check.model import Trap


class _Writer:
    """The right writer, in parts that a trap can change."""

    mark = "data: "
    end = "\n"

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        head = self.head("event", event) + self.head("id", id)
        return head + "".join(f"{self.mark}{line}\n" for line in self.lines(data)) + self.end

    def head(self, field: str, value: str | None) -> str:
        if value is None:
            return ""
        value = self.checked(field, value)
        return f"{field}: {value}\n"

    def checked(self, field: str, value: str) -> str:
        if "\n" in value or "\r" in value or (field == "id" and "\0" in value):
            raise ValueError(field)
        return value

    def lines(self, data: str) -> list[str]:
        return data.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _NoEnd(_Writer):
    end = ""


class _NoSpace(_Writer):
    mark = "data:"


class _OneLine(_Writer):
    def lines(self, data: str) -> list[str]:
        return [data]


class _Escapes(_Writer):
    def lines(self, data: str) -> list[str]:
        return ["\\n".join(super().lines(data))]


class _Spaces(_Writer):
    def lines(self, data: str) -> list[str]:
        return [" ".join(super().lines(data))]


class _Splitlines(_Writer):
    def lines(self, data: str) -> list[str]:
        return data.splitlines()


class _SplitlinesOrEmpty(_Writer):
    def lines(self, data: str) -> list[str]:
        return data.splitlines() or [""]


class _Strips(_Writer):
    def lines(self, data: str) -> list[str]:
        return [line.strip() for line in super().lines(data)]


class _OnlyLf(_Writer):
    def lines(self, data: str) -> list[str]:
        return data.split("\n")


class _Blanks(_Writer):
    def lines(self, data: str) -> list[str]:
        return [line for line in super().lines(data) if line]


class _CrTwice(_Writer):
    def lines(self, data: str) -> list[str]:
        return data.replace("\r", "\n").split("\n")


class _DataOnly(_Writer):
    def head(self, field: str, value: str | None) -> str:
        return ""


class _Cleans(_Writer):
    def checked(self, field: str, value: str) -> str:
        return value.replace("\n", "").replace("\r", "").replace("\0", "")


class _Unchecked(_Writer):
    def checked(self, field: str, value: str) -> str:
        return value


class _AllowsNul(_Writer):
    def checked(self, field: str, value: str) -> str:
        return super().checked("event", value)


class _AllowsCr(_Writer):
    def checked(self, field: str, value: str) -> str:
        if "\n" in value or (field == "id" and "\0" in value):
            raise ValueError(field)
        return value


class _EmptyIsNone(_Writer):
    def head(self, field: str, value: str | None) -> str:
        return super().head(field, value or None)


def _trap(name: str, writer: type[_Writer], sentence: str) -> Trap:
    return Trap(name, writer().write, sentence)


TRAPS = (
    _trap("no empty line", _NoEnd, "The empty line at the end is missing. Without it a client waits, and dispatches nothing."),
    _trap("one data line", _OneLine, "Everything after the first line break is lost: the next line has no field name, so a client "
          "ignores it. Write `data: ` before each line of the data."),
    _trap("escapes", _Escapes, "The line breaks arrived as the two characters \\ and n. A client does not turn them back: write a data "
          "line for each line."),
    _trap("spaces", _Spaces, "The line breaks arrived as spaces. Write a data line for each line; a client joins them with LF."),
    _trap("splitlines", _Splitlines, "str.splitlines() also cuts at characters such as U+2028, drops a line break at the end, and makes "
          "no line at all of ''. Split at line ends only."),
    _trap("splitlines or empty", _SplitlinesOrEmpty, "str.splitlines() also cuts at characters such as U+2028, and drops a line break at "
          "the end of the data. Use split at line ends."),
    _trap("no space", _NoSpace, "A leading space of the data is lost. A client takes away one space after the colon: write `data: ` with "
          "the space, then it takes that one."),
    _trap("strips", _Strips, "Spaces at the start or end of a data line are gone. They belong to the data: do not strip."),
    _trap("drops empty lines", _Blanks, "Empty lines of the data are gone. An empty line of the data is `data: ` with nothing after it."),
    _trap("LF only", _OnlyLf, "A CR in the data ended the line on the wire, and what follows it is lost. CR ends a line too: split there."),
    _trap("CRLF twice", _CrTwice, "CRLF in the data came out as two line breaks. It is one: replace CRLF before CR."),
    _trap("data only", _DataOnly, "event or id did not arrive. Each of them, where it is not None, gets a line before the data."),
    _trap("cleans", _Cleans, "A bad event or id was cleaned and sent. A cleaned id is another id, and a resume from it goes wrong: raise "
          "ValueError."),
    _trap("unchecked", _Unchecked, "A line break or NUL in event or id was written to the wire. A line break there starts a field that the "
          "caller did not mean, and an id with NUL is ignored: raise ValueError."),
    _trap("NUL in id", _AllowsNul, "An id with NUL was written. A client ignores such a line, so nobody can resume from it: raise ValueError."),
    _trap("CR in event or id", _AllowsCr, "LF in event or id is refused, but CR is not. CR ends a line too: raise ValueError."),
    _trap("empty id", _EmptyIsNone, 'id="" is not the same as no id. An empty id line clears the id that a client remembers. Ask `is not '
          "None`."),
)  # fmt: skip
