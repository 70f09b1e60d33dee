"""The truth table is complete, and the oracle agrees with it."""

from __future__ import annotations

import pytest

from labkit.check import Vector, vectors
from labkit.wire import Decoder, Event, Retry, signals

VECTORS = vectors()


def test_there_are_44_with_names_of_their_own() -> None:
    assert len(VECTORS) == len({vector.name for vector in VECTORS}) == 44


def test_each_call_gives_new_lists() -> None:
    vectors()[0].chunks.clear()
    assert vectors() == VECTORS


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_oracle_agrees(vector: Vector) -> None:
    found = signals(b"".join(vector.chunks))
    assert [signal for signal in found if isinstance(signal, Event)] == vector.events
    assert next((signal.ms for signal in reversed(found) if isinstance(signal, Retry)), None) == vector.retry_ms


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_decoder_agrees(vector: Vector) -> None:
    decoder = Decoder()
    found = [signal for chunk in vector.chunks for signal in decoder.feed(chunk)]
    assert [signal for signal in found if isinstance(signal, Event)] == vector.events
    assert (decoder.last_event_id, decoder.reconnection_ms) == (vector.last_event_id, vector.retry_ms)


def test_the_text_has_no_mark_at_its_start() -> None:
    texts = {vector.name: vector.text for vector in VECTORS}
    assert texts["readable-bom"] == "data: hello\n\n"
    assert texts["double-bom-only-one-stripped"].startswith("\ufeffdata:1")
