"""Takes the codings off a body, piece by piece, and never holds more of what comes out than one small part."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from labkit.errors import DecompressionBomb
from labkit.recording.modern_codings import PACKAGES, ModernCoding, installed_codings

#: zlib's numbers for a gzip header, a zlib header, and none. Source: zlib manual, inflateInit2.
_GZIP, _ZLIB, _RAW = 31, 15, -15
_GZIP_NAMES = ("gzip", "x-gzip")
NAMES = (*_GZIP_NAMES, "deflate")
#: What browsers know as a coding. Any other name ("none", "UTF-8", "compress") they ignore, and with it those beside
#: it: Chromium 156 was asked. dcb and dcz are RFC 9842's.
_BROWSERS_KNOW = frozenset({*NAMES, "br", "zstd", "dcb", "dcz"})

#: As much is taken out at once: what is held is this, for each coding, whatever the body holds.
PART_BYTES = 64 * 1024
#: A few bytes can hold gigabytes: no more than this is made of one piece of the network, which has at most 64 KiB.
#: (Event streams shrink to a third or a tenth.)
MAX_BYTES = 8 * 1024 * 1024
#: Codings on top of each other. Precedent: urllib3 2.6 takes five.
MAX_CODINGS = 5


class Decompressor:
    """Takes the codings of a response off its body.

    Args:
        encoding: the value of Content-Encoding: gzip, x-gzip and deflate, br and zstd where their packages are
            installed; several with commas between them.

    Raises:
        ValueError: another coding is among them, or there are more than MAX_CODINGS.

    Source: RFC 9110, 8.4; RFC 1950 to 1952.
    """

    def __init__(self, encoding: str) -> None:
        names = codings(encoding)
        if unknown_names := [name for name in names if name not in (*NAMES, *installed_codings())]:
            raise ValueError(_why_unread(unknown_names[0]))
        if len(names) > MAX_CODINGS:
            raise ValueError(f"it came with {len(names)} codings on top of each other; {MAX_CODINGS} are taken off")
        # The last was put on last.
        self._codings = [ModernCoding(name, PART_BYTES) if name in PACKAGES else _Coding(name) for name in names[::-1]]
        self._left_bytes = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What can be read after this piece, in parts of at most PART_BYTES. Take them all before the next piece.

        Raises:
            ValueError: the bytes are not in this coding.
            DecompressionBomb: the piece holds more than MAX_BYTES, what lies between two codings counted too.
        """
        self._left_bytes = MAX_BYTES
        return self._take_off(0, piece)

    def _take_off(self, place: int, data: bytes) -> Iterator[bytes]:
        if place == len(self._codings):
            yield data
            return
        for part in self._codings[place].parts(data):
            self._left_bytes -= len(part)
            if self._left_bytes < 0:
                raise DecompressionBomb(MAX_BYTES)
            yield from self._take_off(place + 1, part)


class _Coding:
    """One coding. What follows its end is dropped, as browsers do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._machine = zlib.decompressobj(wbits=_GZIP) if name in _GZIP_NAMES else None
        self._beginning = b""

    def parts(self, data: bytes) -> Iterator[bytes]:
        if self._machine is None:  # some send deflate without zlib's header: its two bytes tell
            self._beginning = data = self._beginning + data
            if len(data) < 2:
                return
            self._machine = zlib.decompressobj(wbits=_ZLIB if _has_zlib_header(data) else _RAW)
        while not self._machine.eof:
            try:
                part = self._machine.decompress(data, PART_BYTES)
            except zlib.error as problem:
                raise ValueError(f"the body says it is {self._name}, and is not: {problem}") from None
            data = self._machine.unconsumed_tail
            if part:
                yield part
            if not data and len(part) < PART_BYTES:  # a full part may have left some behind
                return


def _has_zlib_header(data: bytes) -> bool:
    # Source: RFC 1950, 2.2. Deflate itself never begins so: it would be a stored block, and its padding is zero.
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _why_unread(name: str) -> str:
    *others, last = accept_encoding().split(", ")
    asked_for = f"{', '.join(others)} and {last}"
    advice = f": pip install '{PACKAGES[name]}' would read it" if name in PACKAGES else ""
    return f"it came as {name!r}, and only {asked_for} were asked for{advice}"


def accept_encoding() -> str:
    """The codings to ask for, as Accept-Encoding names them: what a browser asks for, as far as it can be read here."""
    return ", ".join(["gzip", "deflate", *installed_codings()])


def codings(encoding: str) -> list[str]:
    """The codings that a Content-Encoding names, in the order in which they were put on.

    None if there is a name among them that no browser knows: the body is taken as it is then.

    >>> codings("gzip, identity,GZIP"), codings(""), codings("UTF-8")
    (['gzip', 'gzip'], [], [])
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    return names if _BROWSERS_KNOW.issuperset(names) else []


def first_member_bytes(body: bytes) -> int | None:
    """How many bytes of a gzip body belong to its first member, where a second one follows; None where none does.

    Browsers stop at the end of the first. Source: RFC 1952, 2.2: "a gzip file consists of a series of members".
    """
    machine, rest, left_bytes = zlib.decompressobj(wbits=_GZIP), body, MAX_BYTES
    try:
        while rest and not machine.eof and left_bytes > 0:
            left_bytes -= len(machine.decompress(rest, PART_BYTES))
            rest = machine.unconsumed_tail
    except zlib.error:
        return None
    return len(body) - len(machine.unused_data) if machine.unused_data.startswith(b"\x1f\x8b") else None


def decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The decompressed bytes after each piece; b"" if none can be read yet, or beyond MAX_BYTES in all.

    Args:
        encoding: the value of Content-Encoding.
        pieces: the compressed body, as it arrived.

    Raises:
        ValueError: the encoding is another one, or the bytes are not in it.
    """
    decompressor, left_bytes = Decompressor(encoding), MAX_BYTES
    for piece in pieces:
        readable = bytearray()
        try:
            for part in decompressor.feed(piece) if left_bytes else ():
                readable += part[: left_bytes - len(readable)]
                if len(readable) == left_bytes:
                    break
        except DecompressionBomb:
            left_bytes = len(readable)
        left_bytes -= len(readable)
        yield bytes(readable)
