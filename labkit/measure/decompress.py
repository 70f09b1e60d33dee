"""Compressed pieces, made readable piece by piece, as a browser does."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

#: zlib's numbers for a gzip header, and for a zlib header. Source: zlib manual, inflateInit2.
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What can be read after each piece, b"" where the compressor has not let anything out yet.

    Raises:
        ValueError: the encoding is another one, or the bytes are none of it.
    """
    if encoding not in _WINDOWS:
        raise ValueError(f"Content-Encoding {encoding!r} cannot be read here; gzip and deflate can")
    machine = zlib.decompressobj(wbits=_WINDOWS[encoding])
    for place, piece in enumerate(pieces):
        try:
            yield machine.decompress(piece)
        except zlib.error as problem:
            if encoding == "deflate" and place == 0:  # some servers send deflate without zlib's header; browsers cope
                machine = zlib.decompressobj(wbits=-15)
                yield machine.decompress(piece)
            else:
                raise ValueError(f"the body says it is {encoding}, and is not: {problem}") from None
