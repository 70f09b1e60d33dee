"""The exercise listen: the reconnect loop around the decoder."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.listen_answer_traps import ANSWER_TRAPS, SYMPTOMS
from labkit.check.exercises.listen_network import STREAM, Attempt, Network
from labkit.check.exercises.listen_traps import CONNECTION_TRAPS

STUB = '''\
def listen(network: "Network") -> list[str]:
    """The data of all events, over as many connections as it takes.

    network.connect(last_event_id) gives (status, content type, chunks); a new client sends "". It raises
    ConnectionError where no connection can be made, and the loop over the chunks raises it where one breaks.
    network.wait(ms) waits, before each new connection: 3000 ms, or the time that the server asked for last.
    decoder = Decoder(last_event_id=id) reads one connection, and decoder.feed(chunk) gives its signals. An Event among
    them has .data. Then decoder.last_event_id is the id to come back with, and decoder.reconnection_ms is None, or
    what the server asked for. Status 204 says that no more will come.
    It needs: from labkit.wire import Decoder, Event
    Example, with: from labkit.check import Attempt, Network
    listen(Network(("one", "two"), (Attempt(bytes=20), Attempt(), Attempt(204)))) -> ["one", "two"]
    """
    ...
'''


def listen(network: "Network") -> list[str]:
    """The data of all events, over as many connections as it takes."""
    from labkit.wire import Decoder, Event

    texts: list[str] = []
    last_event_id, reconnection_ms = "", 3000
    while True:
        decoder = Decoder(last_event_id=last_event_id)  # a new one: half an event dies with its connection
        try:
            status, content_type, chunks = network.connect(last_event_id)
            if status != 200 or content_type.split(";")[0] != "text/event-stream":
                return texts
            for chunk in chunks:
                texts += [signal.data for signal in decoder.feed(chunk) if isinstance(signal, Event)]
        except ConnectionError:
            pass  # an outage is what the loop is for
        last_event_id = decoder.last_event_id
        if decoder.reconnection_ms is not None:
            reconnection_ms = decoder.reconnection_ms
        network.wait(reconnection_ms)


_WORDS = ("tick", "tock", "grün", "a b", "7", "x: 1")


def _texts(rng: Random) -> tuple[str, ...]:
    return tuple(f"{rng.choice(_WORDS)} {number}" for number in range(1, rng.randrange(3, 7)))


def _sample(network: Network) -> Sample:
    return Sample((network,), network.delivered())


def _whole_events(rng: Random, texts: tuple[str, ...]) -> tuple[Attempt, ...]:
    """Connections that stop between two events."""
    attempts: list[Attempt] = []
    seen = 0
    while seen < len(texts):
        count = rng.randrange(0 if attempts else 1, len(texts) - seen + 1)
        last_event_id = f"e{seen}" if seen else ""
        stop = len(Network(texts[: seen + count], ()).stream(last_event_id))
        attempts.append(Attempt(bytes=stop, breaks=rng.random() < 0.5))
        seen += count
    return (*attempts, Attempt(204, ""))


def _comes_back() -> list[Sample]:
    rng = Random("listen/1")
    networks = (Network(texts, _whole_events(rng, texts), any_wait=True) for texts in (_texts(rng) for _ in range(30)))
    return [_sample(network) for network in networks]


def _anywhere(rng: Random) -> Attempt:
    if rng.random() < 0.25:
        return Attempt(0)
    return Attempt(bytes=rng.randrange(5, 60), breaks=rng.random() < 0.6)


def _half_events() -> list[Sample]:
    rng = Random("listen/2")
    samples = []
    for _ in range(60):
        attempts = [_anywhere(rng) for _ in range(rng.randrange(1, 6))]
        samples.append(
            _sample(Network(_texts(rng), (*attempts, Attempt(), Attempt(204, "")), rng.choice((None, 0, 500))))
        )
    return samples


def _knows_when_to_stop() -> list[Sample]:
    rng = Random("listen/3")
    ends = (Attempt(204, ""), Attempt(500, ""), Attempt(404, ""), Attempt(200, "text/html"), Attempt(200, "text/plain"))
    samples = []
    for _ in range(50):
        attempts = [_anywhere(rng) for _ in range(rng.randrange(0, 4))]
        complete = Attempt(content_type=rng.choice((STREAM, f"{STREAM}; charset=utf-8")))
        samples.append(_sample(Network(_texts(rng), (*attempts, complete, rng.choice(ends)), rng.choice((None, 250)))))
    same_again = Network(("tick", "tock", "tick"), (Attempt(bytes=30, breaks=True), Attempt(), Attempt(204, "")))
    return [*samples, _sample(same_again)]


def _read(returned: object, sample: Sample) -> list[str]:
    texts = read.items(returned, "a list of the events' data")
    return [read.text(text, f"Item {place} of the list is") for place, text in enumerate(texts)]


EXERCISE = Exercise(
    stub=STUB,
    solution=listen,
    levels=(
        Level(
            "come back, and say where you were",
            "When the stream ends or breaks, wait, and connect again with the last event ID. Status 204 means that no "
            "more will come.",
            _comes_back,
        ),
        Level(
            "half an event, no connection, and as long as the server asks",
            "An event that was cut is sent again in full. A connection that cannot be made is an outage too. The wait "
            "takes 3000 ms, until the server asks for another time.",
            _half_events,
        ),
        Level(
            "know when to stop",
            "Only status 200 with the media type text/event-stream, parameters aside, opens a stream. Any other answer "
            "is final.",
            _knows_when_to_stop,
        ),
    ),
    traps=(*CONNECTION_TRAPS, *ANSWER_TRAPS),
    hints=(
        "Write a loop that ends only by `return`. In each round: connect, read all chunks, wait. What has to survive "
        "from one round to the next? (It is the texts, the last event ID, and the reconnection time.)",
        "`decoder.feed(chunk)` gives signals; those of the class `Event` have `.data`. After the chunks take "
        "`decoder.last_event_id` for the next connect. `decoder.reconnection_ms` is None, or the time that the server "
        "asked for, and 0 is a time too.",
        "Put connect and the loop over the chunks into one `try`, with `except ConnectionError: pass`. What follows it "
        "then happens after each connection, however it ended. Make a new `Decoder(last_event_id=...)` for each one.",
        'Before you read: `if status != 200 or content_type.split(";")[0] != "text/event-stream": return texts`.',
    ),
    praise="Your client survives every outage here, and stops where it should. EventSource does no more.",
    read=_read,
    symptoms=SYMPTOMS,
    imports=("from labkit.wire import Decoder, Event", "from labkit.check import Attempt, Network"),
)
