"""Brotli and Zstandard, as browsers ask for them, where their packages are installed."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

#: The content coding, and what `pip install` brings to read it.
PACKAGES = {"br": "brotli>=1.2", "zstd": "zstandard"}
#: So few bytes are given to Zstandard at once: each three or four may hold a block of 128 KiB.
_ZSTD_STEP_BYTES = 16


@functools.cache
def _package(name: str) -> Any | None:
    try:
        package = importlib.import_module({"br": "brotli", "zstd": "zstandard"}[name])
    except ImportError:
        return None
    # Before 1.2 brotli has no bound on what a few bytes become.
    return package if name == "zstd" or hasattr(package.Decompressor, "can_accept_more_data") else None


def installed_codings() -> tuple[str, ...]:
    """The codings of this module that can be read here: "br", "zstd", both, or none."""
    return tuple(name for name in PACKAGES if _package(name) is not None)


class ModernCoding:
    """One of these codings, taken off piece by piece. What follows its end in a later piece is dropped.

    Args:
        name: "br" or "zstd", one of installed_codings().
        part_bytes: as much comes out at once, in bytes.

    Source: RFC 7932 (Brotli); RFC 8878 (Zstandard), 3.1.1.2.
    """

    def __init__(self, name: str, part_bytes: int) -> None:
        self._name, self._part_bytes = name, part_bytes
        package = _package(name)
        assert package is not None, "it is asked for where it is installed"
        self._error = package.error if name == "br" else package.ZstdError
        self._machine = package.Decompressor() if name == "br" else package.ZstdDecompressor().decompressobj()

    def parts(self, data: bytes) -> Iterator[bytes]:
        """What can be read after this piece, in parts.

        Raises:
            ValueError: the bytes are not in this coding.
        """
        try:
            yield from self._brotli_parts(data) if self._name == "br" else self._zstd_parts(data)
        except self._error as problem:
            raise ValueError(f"the body says it is {self._name}, and is not: {problem}") from None

    def _brotli_parts(self, data: bytes) -> Iterator[bytes]:
        while not self._machine.is_finished():
            part = self._machine.process(data, output_buffer_limit=self._part_bytes)
            if not part:  # it may hold more until it gives nothing
                return
            yield part
            data = b""

    def _zstd_parts(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_STEP_BYTES):
            if self._machine.eof:
                return
            if part := self._machine.decompress(data[start : start + _ZSTD_STEP_BYTES]):
                yield part
