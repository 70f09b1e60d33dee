"""Wrong ways to write the data of an event. Each is the right writer with one thing changed."""

from __future__ import annotations

import html
import json
from typing import ClassVar

from labkit.check.exercises.class_traps import traps_of


class Writer:
    """The right writer of events, in parts that a trap can change. `sentence` names the mistake."""

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


class _NoEmptyLine(Writer):
    sentence = (
        "The empty line at the end is missing. Without it a client goes on waiting for more lines, and dispatches "
        "nothing."
    )
    end = ""


class _NoLineEnd(Writer):
    sentence = "The last line has no line end, so a client goes on waiting for the rest of it, and dispatches nothing."
    end = ""

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        return super().write(data, event, id).removesuffix("\n")


class _NoFieldName(Writer):
    sentence = "The data stands without its field name. A client ignores a line that does not begin with a known one."
    mark = ""


class _NoColon(Writer):
    sentence = "The field name has no colon behind it. A client takes the whole line for an unknown field."
    mark = "data "


class _OneDataLine(Writer):
    sentence = (
        "What follows the first line break in the data is lost. Its line does not begin with `data: `, so it is no "
        "data for a client, and it may even end the event."
    )

    def lines(self, data: str) -> list[str]:
        return [data]


class _Repr(Writer):
    sentence = (
        "The data arrived as Python writes it, with quotes around it. A client does not evaluate Python: it shows the "
        "quotes to the page."
    )

    def lines(self, data: str) -> list[str]:
        return [repr(data)]


class _Json(Writer):
    sentence = (
        "The data arrived as JSON, with quotes around it. A client does not parse JSON by itself, and here nobody "
        "asked for it: send the text as it is."
    )

    def lines(self, data: str) -> list[str]:
        return [json.dumps(data)]


class _JsonAsItIs(_Json):
    def lines(self, data: str) -> list[str]:
        return [json.dumps(data, ensure_ascii=False)]


class _Escapes(Writer):
    sentence = (
        "The line breaks arrived as the two characters \\ and n. A client does not turn them back: write a data line "
        "for each line."
    )

    def lines(self, data: str) -> list[str]:
        return ["\\n".join(super().lines(data))]


class _Spaces(Writer):
    sentence = "The line breaks arrived as spaces. Write a data line for each line; a client joins them with LF."

    def lines(self, data: str) -> list[str]:
        return [" ".join(super().lines(data))]


class _NoBreaks(Writer):
    sentence = "The line breaks are missing. Write a data line for each line; a client joins them with LF."

    def lines(self, data: str) -> list[str]:
        return ["".join(super().lines(data))]


class _RefusesBreaks(Writer):
    sentence = (
        "Data with a line break was refused. It can be sent: each line gets a data line of its own, and a client joins "
        "them again."
    )

    def lines(self, data: str) -> list[str]:
        if "\n" in data or "\r" in data:
            raise ValueError("data")
        return [data]


class _EventForEachLine(Writer):
    sentence = (
        "Each line of the data became an event of its own. One event may have many data lines: the empty line comes "
        "only after the last one."
    )

    def write(self, data: str, event: str | None = None, id: str | None = None) -> str:
        head = self.head("event", event) + self.head("id", id)
        return head + "".join(f"data: {line}\n\n" for line in self.lines(data))


class _Splitlines(Writer):
    sentence = (
        "The lines of the data were cut wrongly. Empty data gave no data line, a line break at the end was dropped, or "
        "a line was cut at a character such as U+2028. (`str.splitlines()` does all of this.)"
    )

    def lines(self, data: str) -> list[str]:
        return data.splitlines()


class _SplitlinesOrEmpty(Writer):
    sentence = (
        "The lines of the data were cut wrongly. A line break at the end was dropped, or a line was cut at a character "
        "such as U+2028. (`str.splitlines()` does both.)"
    )

    def lines(self, data: str) -> list[str]:
        return data.splitlines() or [""]


class _NoTail(Writer):
    sentence = "A line break at the end of the data is lost. Its last line is empty, and it needs a data line too."

    def lines(self, data: str) -> list[str]:
        return super().lines(data.rstrip("\r\n"))


class _NoOneTail(_NoTail):
    def lines(self, data: str) -> list[str]:
        return super(_NoTail, self).lines(data.removesuffix("\n"))


class _NoSpace(Writer):
    sentence = (
        "A space at the start of the data is lost. A client takes away one space after the colon: always write that "
        "space, then it takes yours."
    )
    mark = "data:"


class _Strips(Writer):
    sentence = "Spaces at the start or at the end of a data line are lost. They belong to the data."

    def lines(self, data: str) -> list[str]:
        return [line.strip() for line in super().lines(data)]


class _StripsAll(Writer):
    sentence = "Spaces or line breaks at the ends of the data are lost. They belong to it, and the page wants them."

    def lines(self, data: str) -> list[str]:
        return super().lines(data.strip())


class _DropsEmptyLines(Writer):
    sentence = (
        "Empty lines of the data are lost. A client makes an empty line of `data: ` with nothing behind it, so write "
        "them too."
    )

    def lines(self, data: str) -> list[str]:
        return [line for line in super().lines(data) if line]


class _OnlyLf(Writer):
    sentence = (
        "A CR in the data ended the line on the wire, and what follows it is lost. A client takes CR for a line end, "
        "too."
    )

    def lines(self, data: str) -> list[str]:
        return data.split("\n")


class _DropsCr(Writer):
    sentence = "A CR that stands alone was dropped, and two lines of the data ran together. CR alone breaks a line too."

    def lines(self, data: str) -> list[str]:
        return data.replace("\r", "").split("\n")


class _LfAndCrLf(Writer):
    sentence = (
        "CR LF breaks a line here, but a CR that stands alone does not. A client takes it for a line end, so what "
        "follows it is lost."
    )

    def lines(self, data: str) -> list[str]:
        return data.replace("\r\n", "\n").split("\n")


class _CrLfTwice(Writer):
    sentence = "A CR LF in the data arrived as two line breaks. It is one: replace CR LF before you replace CR."

    def lines(self, data: str) -> list[str]:
        return data.replace("\r", "\n").split("\n")


class _Html(Writer):
    sentence = (
        "Characters that mean something in HTML arrived as `&lt;` and the like. Event data is text: it travels as it "
        "is, and who shows it writes it as text."
    )

    def lines(self, data: str) -> list[str]:
        return [html.escape(line) for line in super().lines(data)]


class _HtmlWithoutQuotes(_Html):
    def lines(self, data: str) -> list[str]:
        return [html.escape(line, quote=False) for line in Writer.lines(self, data)]


class _Ascii(Writer):
    sentence = "Letters outside ASCII arrived changed. An event stream is UTF-8, and carries every letter as it is."

    def lines(self, data: str) -> list[str]:
        return [line.encode("ascii", "replace").decode() for line in super().lines(data)]


class _AsciiEscaped(_Ascii):
    def lines(self, data: str) -> list[str]:
        return [line.encode("ascii", "backslashreplace").decode() for line in Writer.lines(self, data)]


class _AsciiOnly(_Ascii):
    def lines(self, data: str) -> list[str]:
        return [line.encode("ascii", "ignore").decode() for line in Writer.lines(self, data)]


DATA_TRAPS = traps_of(
    Writer.__subclasses__(),
    "write",
    {_Json: (_JsonAsItIs,), _NoTail: (_NoOneTail,), _Html: (_HtmlWithoutQuotes,), _Ascii: (_AsciiEscaped, _AsciiOnly)},
)
