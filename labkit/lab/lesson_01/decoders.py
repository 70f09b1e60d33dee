"""Clients to compare: what they make of the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.lab.raw_server import raw_server
from labkit.wire import Decoder, Event

Reader = Callable[[Sequence[bytes]], list[str]]


def chunk_by_chunk(chunks: Sequence[bytes]) -> list[str]:
    """The data of the events, as a hasty client reads them: each chunk decoded by itself and split at blank lines."""
    blocks = [block for chunk in chunks for block in chunk.decode("utf-8", "replace").split("\n\n")]
    return [block.removeprefix("data: ") for block in blocks if block.startswith("data: ")]


def labkit_decoder(chunks: Sequence[bytes]) -> list[str]:
    """The data of the events, as labkit's Decoder reads them."""
    decoder = Decoder()
    signals = [signal for chunk in chunks for signal in decoder.feed(chunk)]
    return [signal.data for signal in signals if isinstance(signal, Event)]


def survives_every_cut(read: Reader, raw: bytes) -> list[bool]:
    """For the cut after each byte but the last: True if the events are those of the uncut stream."""
    whole = read([raw])
    return [read([raw[:place], raw[place:]]) == whole for place in range(1, len(raw))]


async def reconnect_waits(*script: bytes | float, times: int = 2) -> list[float]:
    """The seconds that EventSource waits before each new connection, when a server plays the script and closes.

    The connections are real, the waiting is simulated: it is written down and over at once.
    """
    clock = ImpatientClock()
    async with raw_server(*[script] * times, [b"data: enough\n\n"]) as url, EventSource(url, clock=clock) as source:
        async for event in source:
            if event.data == "enough":
                break
    return clock.sleeps
