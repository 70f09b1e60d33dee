"""Random streams, randomly cut: the fast decoder and the standard's algorithm must agree on every one."""

from __future__ import annotations

import random

import pytest

from labkit.wire import Decoder

from .oracle import cut, decode, expected, id_in_force

FRAGMENTS = [
    b"data", b"data:", b"data: ", b"data: a", b"data: x\n\n", b"id", b"id:", b"id: 7", b"id: \0", b"event", b"event: e", b"event:",
    b"retry: 1", b"retry: ", b"retry:+5", b"retry:  7\n", b"retry: 8 \n", b"retry: " + b"9" * 12, b"retry: \xd9\xa3", b":", b": c", b" ", b"\t", b"\n", b"\n", b"\n\n",
    b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b"\n\r", b"\0", b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xe2\x82", b"\xac", "€".encode(),
    "🎈".encode(), b"\xf0\x9f", b"\xff", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c", b"Data: x", b"x" * 90,
    b"data: a\n\ndata: b\n\n", b"id: 1\ndata: y\n\n", b"event: t\ndata: z\n\n", b"data: one\ndata: two\n\n",
]  # fmt: skip


def disagree(streams: int, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(streams):
        raw = b"".join(rng.choices(FRAGMENTS, k=rng.randint(1, 24)))
        chunks = cut(raw, [rng.randint(0, len(raw)) for _ in range(rng.choice((0, 1, 2, 5, 20)))])
        first = rng.choice(("", "41"))
        decoder = Decoder(last_event_id=first)
        assert decode(chunks, decoder) == expected(raw, first), f"seed {seed}, stream {number}: {chunks!r}"
        assert decoder.last_event_id == id_in_force(raw, first), f"seed {seed}, stream {number}: {chunks!r}"


def test_two_thousand_random_streams() -> None:
    disagree(2_000, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_times_ten_thousand_random_streams(seed: int) -> None:
    disagree(10_000, seed)
