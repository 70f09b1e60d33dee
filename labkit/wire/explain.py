"""A slow parser that follows the standard line by line, with a reason for each step.

It is for lessons, and tests compare the fast Decoder with it. They share no code; where the two differ, one of
them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.wire.values import MAX_RECONNECTION_MS, Comment, Event, Ignored, Retry, Signal

BOM = b"\xef\xbb\xbf"
CUT_LINE = "the stream ended before this line did"
CUT_BLOCK = "the stream ended before a blank line"


@dataclass(frozen=True, slots=True)
class Step:
    """What the parser did with one line.

    `raw` is the line with its line end, `start` its offset in the stream, in bytes. `role` is "bom", "comment",
    "data", "event", "id", "retry", "blank", "ignored" or "unfinished"; `action` is a sentence. The three buffers are
    those of the standard, after the line. `signal` is the line's result, or None.
    """

    start: int
    raw: bytes
    line: str
    role: str
    action: str
    data_buffer: str
    type_buffer: str
    id_buffer: str
    signal: Signal | None = None


def explain(raw: bytes, last_event_id: str = "", *, buffers: bool = True) -> list[Step]:
    """The steps of the standard's algorithm for a whole stream: one Step for each line, in order, none left out.

    A stream that ends inside a line or a block closes with Steps of the role "unfinished": the standard discards what
    they held.

    Args:
        raw: the whole stream.
        last_event_id: the id that an earlier connection ended with.
        buffers: False leaves the buffers in the Steps empty, which saves memory: a long event stands in them again at
            each of its lines.

    Source: WHATWG HTML 9.2.6, "Interpreting an event stream".

    >>> [step.action for step in explain(b"data: hi\\n\\n")]
    ['append the value and LF to the data buffer', 'remove the last LF, dispatch the event']
    """
    return _Interpreter(last_event_id, buffers).run(raw)


def signals(raw: bytes, last_event_id: str = "") -> list[Signal]:
    """The signals of explain(raw), in order."""
    return [step.signal for step in explain(raw, last_event_id) if step.signal is not None]


class _Interpreter:
    def __init__(self, last_event_id: str, buffers: bool) -> None:
        self.buffers = buffers
        self.data = self.type = ""
        self.id = self.last_event_id = last_event_id
        self.steps: list[Step] = []

    def run(self, raw: bytes) -> list[Step]:
        position = 0
        if raw.startswith(BOM):  # "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
            position = len(BOM)
            self.add_step(0, BOM, "", "bom", "one byte order mark at the very start is skipped", None)
        while position < len(raw):
            line_end, next_start = _find_line_end(raw, position)
            line = raw[position:line_end].decode("utf-8", "replace")  # 9.2.6: decode, never fail
            if line_end == next_start:
                self.read_cut_line(position, raw[position:], line)
                break
            self.read_line(position, raw[position:next_start], line)
            position = next_start
        self.end_stream(len(raw))
        return self.steps

    def read_line(self, start: int, raw: bytes, line: str) -> None:
        if line == "":
            self.add_step(start, raw, line, *self.dispatch())
        elif line.startswith(":"):
            text = line[1:].removeprefix(" ")
            self.add_step(start, raw, line, "comment", "a comment: for the wire, not for listeners", Comment(text))
        else:
            field, _, value = line.partition(":")
            self.add_step(start, raw, line, *self.read_field(line, field, value.removeprefix(" ")))

    def read_field(self, line: str, field: str, value: str) -> tuple[str, str, Signal | None]:
        if field == "event":
            self.type = value
            return "event", "set the event type buffer to the value", None
        if field == "data":
            self.data += value + "\n"
            return "data", "append the value and LF to the data buffer", None
        if field == "id":
            if "\0" in value:
                return self.ignore(line, "an id with NUL is ignored, and the id before it stays")
            self.id = value
            return "id", "set the last event ID buffer to the value", None
        if field == "retry":
            # ASCII digits and nothing else. int() alone would also take "+5", "1_000" and the digits of other scripts.
            if value == "" or any(character not in "0123456789" for character in value):
                return self.ignore(line, "retry takes ASCII digits only")
            digits = value.lstrip("0") or "0"
            ms = int(digits) if len(digits) <= 10 else MAX_RECONNECTION_MS
            ms = min(ms, MAX_RECONNECTION_MS)
            return "retry", f"set the reconnection time to {ms} ms, at once", Retry(ms)
        return self.ignore(line, f"{_shorten_name(field)} is no field of the standard")

    def dispatch(self) -> tuple[str, str, Signal | None]:
        self.last_event_id = self.id
        data, event_type = self.data, self.type
        self.data = self.type = ""
        if data == "":
            return (
                "blank",
                "nothing to dispatch: the data buffer is empty" + ("; the type is reset" if event_type else ""),
                None,
            )
        return (
            "blank",
            "remove the last LF, dispatch the event",
            Event(data[:-1], event_type or "message", self.last_event_id),
        )

    def ignore(self, line: str, why: str) -> tuple[str, str, Signal | None]:
        return "ignored", f"ignored: {why}", Ignored(line, why)

    def read_cut_line(self, start: int, raw: bytes, line: str) -> None:
        self.add_step(start, raw, line, *self.discard(line, CUT_LINE))

    def end_stream(self, position: int) -> None:
        # "Once the end of the file is reached, any pending data must be discarded."
        data, self.data, self.type, self.id = self.data, "", "", self.last_event_id
        if data:
            self.add_step(position, b"", "", *self.discard(data[:-1], CUT_BLOCK))

    def discard(self, text: str, why: str) -> tuple[str, str, Signal]:
        return "unfinished", f"ignored: {why}", Ignored(text, why)

    def add_step(self, start: int, raw: bytes, line: str, role: str, action: str, signal: Signal | None) -> None:
        buffers = (self.data, self.type, self.id) if self.buffers else ("", "", "")
        self.steps.append(Step(start, raw, line, role, action, *buffers, signal))


def _find_line_end(raw: bytes, start: int) -> tuple[int, int]:
    """Where the line ends, and where the next one starts; both are len(raw) when the stream ends first."""
    for end in range(start, len(raw)):
        if raw[end : end + 2] == b"\r\n":
            return end, end + 2
        if raw[end : end + 1] in (b"\r", b"\n"):
            return end, end + 1
    return len(raw), len(raw)


def _shorten_name(field: str) -> str:
    return ascii(field) if len(field) <= 40 else ascii(field[:37] + "...")
