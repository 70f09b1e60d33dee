"""Codings as browsers read them: unknown ones are ignored, and each known one is read, or its reason is said."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from labkit.errors import DecompressionBomb
from labkit.recording import Arrival, Recording
from labkit.recording.decompress import (
    MAX_BYTES,
    PART_BYTES,
    Decompressor,
    accept_encoding,
    codings,
    decompressed,
    first_member_bytes,
)
from labkit.recording.modern_codings import PACKAGES, installed_codings

TEXT = b"".join(b"id: %d\ndata: tick\n\n" % number for number in range(5000))


@pytest.mark.parametrize("encoding", ["none", "UTF-8", "utf-8", "identity", "gzip, none", "compress", "chunked", ""])
def test_a_name_that_no_browser_knows_changes_nothing(encoding: str) -> None:
    assert codings(encoding) == []
    assert list(decompressed(encoding, [b"data: a\n\n"])) == [b"data: a\n\n"]
    recording = Recording(200, {"content-encoding": encoding}, (Arrival(0.1, b"data: a\n\n"),))
    assert [event.data for event in recording.decompressed.events] == ["a"]


def test_a_coding_that_cannot_be_read_is_named_with_what_would_read_it() -> None:
    with pytest.raises(ValueError, match=r"came as 'dcb', and only gzip.* were asked for$"):
        Decompressor("dcb")
    for name in set(PACKAGES) - set(installed_codings()):
        with pytest.raises(ValueError, match=f"came as '{name}', .*: pip install '{PACKAGES[name]}'"):
            Decompressor(name)


def test_what_is_asked_for_is_what_can_be_read() -> None:
    assert accept_encoding().startswith("gzip, deflate")
    for name in accept_encoding().split(", "):
        Decompressor(name)


def compressed(name: str, data: bytes) -> bytes:
    if name == "br":
        return bytes(pytest.importorskip("brotli").compress(data))
    return bytes(pytest.importorskip("zstandard").compress(data))


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_modern_codings_are_read_however_they_are_cut(name: str, size: int) -> None:
    body = compressed(name, TEXT)
    if name not in installed_codings():
        pytest.skip(f"this {name} has no bound (pip install '{PACKAGES[name]}')")
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    assert b"".join(decompressed(name, pieces)) == TEXT
    assert b"".join(decompressed(name, [body, b"and what follows its end"])) == TEXT
    with pytest.raises(ValueError, match="is not"):
        list(Decompressor(name).feed(b"data: no such thing\n\n" * 9))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_bomb_in_a_modern_coding_ends_early(name: str) -> None:
    body = compressed(name, bytes(64 * 1024 * 1024))
    if name not in installed_codings():
        pytest.skip(f"this {name} has no bound (pip install '{PACKAGES[name]}')")
    longest = 0
    tracemalloc.start()
    try:
        with pytest.raises(DecompressionBomb):
            for part in Decompressor(name).feed(body):
                longest = max(longest, len(part))
        assert tracemalloc.get_traced_memory()[1] < MAX_BYTES
    finally:
        tracemalloc.stop()
    assert longest <= 16 * PART_BYTES


def test_a_second_gzip_member_is_seen() -> None:
    first = gzip.compress(b"data: a\n\n")
    assert first_member_bytes(first + gzip.compress(b"data: b\n\n")) == len(first)
    assert first_member_bytes(first) is None
    assert first_member_bytes(first[:-3]) is None
    assert first_member_bytes(first + b"padding") is None
    assert first_member_bytes(b"data: a\n\n") is None
    machine = zlib.compressobj(wbits=31)
    bomb = b"".join(machine.compress(bytes(1024 * 1024)) for _ in range(64)) + machine.flush()
    assert first_member_bytes(bomb + first) is None  # nobody reads so far
