"""Compressed pieces, made readable piece by piece, as a browser does."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

#: zlib's numbers for a gzip header, a zlib header, and none. Source: zlib manual, inflateInit2.
_GZIP, _ZLIB, _RAW = 31, 15, -15
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}  # some send deflate without its header

#: A few bytes can hold gigabytes: no more than this is made of them.
MAX_BYTES = 8 * 1024 * 1024


def decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What can be read after each piece, b"" where the compressor has not let anything out yet, or after MAX_BYTES.

    Raises:
        ValueError: the encoding is another one, or the bytes are none of it.
    """
    if encoding not in _WINDOWS:
        raise ValueError(f"it came as {encoding!r}, and only gzip and deflate were asked for")
    windows = list(_WINDOWS[encoding])
    machine = zlib.decompressobj(wbits=windows.pop(0))
    consumed, left = b"", MAX_BYTES  # what the first machine was given, while there is another to try
    for piece in pieces:
        consumed = consumed + piece if windows else b""
        try:
            out = machine.decompress(piece, left) if left else b""
        except zlib.error as problem:
            if not windows or left < MAX_BYTES:
                raise ValueError(f"the body says it is {encoding}, and is not: {problem}") from None
            machine = zlib.decompressobj(wbits=windows.pop(0))
            try:
                out = machine.decompress(consumed, left)
            except zlib.error:
                raise ValueError(f"the body says it is {encoding}, and is not: {problem}") from None
        left -= len(out)
        yield out
