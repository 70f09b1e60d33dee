"""The page's own decoder against the truth table and against the standard's algorithm, in Chromium."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from labkit.check import vectors
from labkit.widgets.assets import DECODER, join_files
from labkit.wire import Event, Retry, explain
from labkit.wire.media_type import extract_media_type

from ..wire.oracle import cut, id_in_force
from ..wire.test_fuzz import FRAGMENTS
from ..wire.test_media_type import CHARSETS, OPENS, REFUSED

pytestmark = pytest.mark.browser

DECODE_ALL = """
streams => streams.map(chunks => {
  const decoder = new Decoder();
  const events = chunks.flatMap(chunk => decoder.feed(Uint8Array.from(atob(chunk), c => c.charCodeAt(0))));
  return [events.map(({ type, data, id }) => [data, type, id]), decoder.lastEventId, decoder.reconnectionMs];
})
"""

# Each stream in these chunks, whole, byte by byte, and cut in two at every place: the page cuts, and tells what differs.
DECODE_CUT = """
streams => streams.map(chunks => {
  const found = new Map(), bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const decode = (pieces) => {
    const decoder = new Decoder();
    const events = pieces.flatMap(piece => decoder.feed(piece)).map(({ type, data, id }) => [data, type, id]);
    const result = [events, decoder.lastEventId, decoder.reconnectionMs];
    found.set(JSON.stringify(result), [result, pieces.map((piece) => piece.length)]);
    cuts += 1;
  };
  let cuts = 0;
  const given = chunks.map(bytesOf), raw = bytesOf(btoa(chunks.map(atob).join("")));
  decode(given);
  decode([raw]);
  decode([...raw].map((byte) => Uint8Array.of(byte)));
  for (let place = 0; place <= raw.length; place++) decode([raw.slice(0, place), raw.slice(place)]);
  return [cuts, [...found.values()]];
})
"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.add_script_tag(content=join_files(DECODER))
    yield page
    page.close()


def decoded(page: Page, streams: Sequence[Sequence[bytes]]) -> list[tuple[list[Event], str, int | None]]:
    sent = [[b64encode(chunk).decode() for chunk in chunks] for chunks in streams]
    answers: list[Any] = page.evaluate(DECODE_ALL, sent)
    return [([Event(*event) for event in events], id, retry_ms) for events, id, retry_ms in answers]


def test_the_page_takes_a_media_type_as_the_browser_and_the_client_do(page: Page) -> None:
    page.add_script_tag(content=join_files("pagestream.js"))
    types = [*OPENS, *REFUSED, *CHARSETS]
    found = page.evaluate("types => types.map(mediaType)", types)
    assert found == [getattr(extract_media_type(content_type), "essence", "") for content_type in types]


def test_each_vector_whole_byte_by_byte_and_cut_in_two_at_every_place(page: Page) -> None:
    known = list(vectors())
    found = page.evaluate(DECODE_CUT, [[b64encode(chunk).decode() for chunk in vector.chunks] for vector in known])
    for vector, (cuts, results) in zip(known, found, strict=True):
        assert cuts == len(b"".join(vector.chunks)) + 4, vector.name
        for (events, last_event_id, retry_ms), pieces in results:
            got = [Event(*event) for event in events], last_event_id, retry_ms
            assert got == (list(vector.events), vector.last_event_id, vector.retry_ms), (vector.name, pieces)


def test_three_thousand_random_streams_agree_with_the_standards_algorithm(page: Page) -> None:
    rng = random.Random(3)
    streams = []
    for _ in range(3000):
        raw = b"".join(rng.choices(FRAGMENTS, k=rng.randint(1, 24)))
        streams.append(cut(raw, [rng.randint(0, len(raw)) for _ in range(rng.choice((0, 1, 2, 5, 20)))]))
    for chunks, found in zip(streams, decoded(page, streams), strict=True):
        raw = b"".join(chunks)
        signals = [step.signal for step in explain(raw) if step.role != "unfinished"]
        retries = [signal.ms for signal in signals if isinstance(signal, Retry)]
        events = [signal for signal in signals if isinstance(signal, Event)]
        assert found == (events, id_in_force(raw), retries[-1] if retries else None), chunks


ENDLESS = """
piece => {
  const decoder = new Decoder(), bytes = new TextEncoder().encode(piece);
  for (let fed = 0; fed < 4_000_000; fed += bytes.length) {
    try {
      decoder.feed(bytes);
    } catch (problem) {
      return [problem instanceof TooLarge, problem.message.slice(0, 44), fed];
    }
  }
}
"""


@pytest.mark.parametrize("piece", ["x" * 10_000, f"data: {'x' * 10_000}\n"], ids=["a line", "an event"])
def test_what_has_no_end_is_given_up_before_the_page_is_full(page: Page, piece: str) -> None:
    is_too_large, message, fed_bytes = page.evaluate(ENDLESS, piece)
    assert is_too_large and message == "an event grew past 1,048,576 characters: the"
    assert fed_bytes < 1_100_000
    assert decoded(page, [[f"data: {'x' * 1_000_000}\n\n".encode()]])[0][0][0].data == "x" * 1_000_000
