"""Decompresses a body piece by piece, as a browser does."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

#: zlib's numbers for a gzip header, a zlib header, and none. Source: zlib manual, inflateInit2.
_GZIP, _ZLIB, _RAW = 31, 15, -15
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _RAW)}  # some send deflate without its header

#: A few bytes can hold gigabytes: no more than this is made of them.
MAX_BYTES = 8 * 1024 * 1024


def decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The decompressed bytes after each piece; b"" if none can be read yet, or beyond MAX_BYTES.

    Args:
        encoding: the value of Content-Encoding: gzip, x-gzip or deflate.
        pieces: the compressed body, as it arrived.

    Raises:
        ValueError: the encoding is another one, or the bytes are not in it.

    Source: RFC 9110, 8.4.1; RFC 1950 to 1952.
    """
    if encoding not in _WINDOWS:
        raise ValueError(f"it came as {encoding!r}, and only gzip and deflate were asked for")
    windows = list(_WINDOWS[encoding])
    decompressor = zlib.decompressobj(wbits=windows.pop(0))
    consumed, remaining_bytes = b"", MAX_BYTES  # what the first machine was given, while there is another to try
    for piece in pieces:
        consumed = consumed + piece if windows else b""
        try:
            readable = decompressor.decompress(piece, remaining_bytes) if remaining_bytes else b""
        except zlib.error as problem:
            if not windows or remaining_bytes < MAX_BYTES:
                raise ValueError(f"the body says it is {encoding}, and is not: {problem}") from None
            decompressor = zlib.decompressobj(wbits=windows.pop(0))
            try:
                readable = decompressor.decompress(consumed, remaining_bytes)
            except zlib.error:
                raise ValueError(f"the body says it is {encoding}, and is not: {problem}") from None
        remaining_bytes -= len(readable)
        yield readable
