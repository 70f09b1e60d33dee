"""Finds where the events of a stream end, in bytes."""

from __future__ import annotations

CR, LF = 13, 10
_DATA = b"data"


class EventEnds:
    """Finds the blank lines that dispatch an event, in a stream that arrives in pieces.

    >>> EventEnds().feed(b": a comment\\n\\ndata: a\\n\\nevent: no data\\n\\ndata\\n\\ndata: b")
    [22, 44]
    """

    def __init__(self) -> None:
        self._line = b""  # its first five bytes
        self._has_data = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[int]:
        """The positions in this piece behind each blank line that dispatches an event; lines end with LF, CRLF or CR.

        An LF that follows a CR belongs to it, and is counted to the event before where both are in one piece.
        """
        ends: list[int] = []
        for position, byte in enumerate(data):
            if byte == LF and self._after_cr:
                self._after_cr = False
                if ends and ends[-1] == position:
                    ends[-1] = position + 1
                continue
            self._after_cr = byte == CR
            if byte not in (CR, LF):
                self._line += data[position : position + 1] if len(self._line) <= len(_DATA) else b""
            elif self._line:
                self._has_data |= self._line in (_DATA, _DATA + b":")
                self._line = b""
            elif self._has_data:
                ends.append(position + 1)
                self._has_data = False
        return ends
