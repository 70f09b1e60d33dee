"""The events of the measurements: each says when it was sent."""

from __future__ import annotations

import functools
import io
import time
from random import Random

#: Far more than any compressor here looks back (32 KiB, RFC 1951): until an event comes again, it is forgotten.
POOL_BYTES = 1 << 18


def now_ms() -> float:
    """The machine's monotonic clock, which all its processes share."""
    return time.monotonic() * 1000


def event(size_bytes: int) -> str:
    """The data of an event: when it was sent, and prices up to a size. Nothing in it has to be escaped in JSON, and it
    is as hard to compress as numbers are: no padding flatters a compressor."""
    prices = _next_prices(size_bytes)
    stamp = f"{now_ms():.3f} "  # the last thing that is done, so that nothing else is measured
    return stamp + prices[: max(0, size_bytes - len(stamp))]


def sent_ms(data: str) -> float:
    """When an event was sent."""
    return float(data.split(" ")[0])


def _next_prices(size: int) -> str:
    start = _PLACE[0] if _PLACE[0] + size <= POOL_BYTES else 0
    _PLACE[0] = start + size
    return _prices()[start : start + size]


@functools.cache
def _prices() -> str:
    """Made at the first event, before anything is measured. Into a buffer: a list of pieces would leave a megabyte of
    free memory behind, in which the first connections would find room for nothing."""
    rng, text = Random("prices"), io.StringIO()
    while text.tell() < POOL_BYTES:
        name = "".join(rng.choices("ABCDEFGHKLMNOPRSTUVWXZ", k=3))
        text.write(f"{name} {rng.uniform(1, 900):.2f} {rng.randrange(100, 9900, 100)} ")
    return text.getvalue()


_PLACE = [0]  # where the next event begins
