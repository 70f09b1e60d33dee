"""The exercise write_event: an event -> the text of one frame. Right is what a client reads as it was given."""

from __future__ import annotations

from random import Random

from labkit.check.exercise import REFUSED, Exercise, Level, Sample
from labkit.check.exercises.write_event_head_traps import HEAD_TRAPS
from labkit.check.exercises.write_event_traps import DATA_TRAPS
from labkit.check.read import no_coroutine
from labkit.check.values import Unreadable, shape
from labkit.errors import EncodeError, LimitExceeded
from labkit.wire import Decoder, Event, Frame, Ignored, encode

STUB = '''\
def write_event(data: str, event: str | None = None, id: str | None = None) -> str:
    r"""The text of one event, with its empty line. It raises ValueError for an event or id that cannot be sent.

    Each line of the data is a data line of its own; LF, CR and CR LF end a line of the data. None means no such line.
    An event or id with a line break, and an id with NUL, cannot be sent.
    Example:
    write_event("a\\nb", id="7") -> "id: 7\\ndata: a\\ndata: b\\n\\n"
    """
    ...
'''


def write_event(data: str, event: str | None = None, id: str | None = None) -> str:
    """The text of one event, with its empty line. It raises ValueError for an event or id that cannot be sent."""
    lines = []
    for field, value in (("event", event), ("id", id)):
        if value is None:
            continue
        if "\n" in value or "\r" in value or (field == "id" and "\0" in value):
            raise ValueError(f"{field} cannot be sent: {value!r}")  # refused, not cleaned: a cleaned id is another id
        lines.append(f"{field}: {value}")
    for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        lines.append(f"data: {line}")  # always with the space: a client takes one away
    return "\n".join(lines) + "\n\n"


_WORDS = ("tick", "7", "a b", "x: 1", "grün", "[1, 2]", ": note", "data: 5")
_MARKED = ("a < b", 'it\'s "5" & 6', "a\tb", "日本 👩", "\\n", "%20", "+")  # nothing of it has a meaning here
_PIECES = ("tick", "7", "", " indented", "  ", "a\u2028b", "c\x85d", "data: 5", ": x")


def _plain() -> list[Sample]:
    rng = Random("write_event/1")
    texts = [" ".join(rng.choice(_WORDS) for _ in range(rng.randrange(1, 4))) for _ in range(30)]
    return [_sample(text) for text in dict.fromkeys(texts)]


def _with_breaks() -> list[Sample]:
    return [_sample(text) for text in _texts(Random("write_event/2"), ("\n",))]


def _all() -> list[Sample]:
    rng = Random("write_event/3")
    samples = [_sample(text) for text in _texts(rng, ("\n", "\r\n", "\r"))]
    valid_values: dict[str, tuple[str | None, ...]] = {
        "event": (None, "up", "a b"),
        "id": (None, "", "7", "x-1", "grün"),
    }
    invalid_values = {"event": ("a\nb", "up\r", "\n", "x\r\ny"), "id": ("1\n2", "7\r", "\r\n", "a\0b", "8\ndata: x")}
    for _ in range(60):
        options = {name: rng.choice(values) for name, values in valid_values.items()}
        if rng.random() < 0.4:
            name = rng.choice(("event", "id"))
            options[name] = rng.choice(invalid_values[name])
        arguments = {name: value for name, value in options.items() if value is not None}
        samples.append(_sample(rng.choice(_WORDS), **arguments))
    return [*samples, _sample("7", event="a\0b"), *map(_sample, _MARKED)]


def _texts(rng: Random, ends: tuple[str, ...]) -> list[str]:
    texts = []
    for _ in range(60):
        text = rng.choice(_PIECES)
        for _ in range(rng.randrange(3)):
            text += rng.choice(ends) + rng.choice(_PIECES)
        texts.append(text)
    return list(dict.fromkeys(texts))


def _sample(data: str, **options: str) -> Sample:
    sample = Sample((data,), None, options)
    try:
        frame = encode(Frame(data=data, event=options.get("event"), id=options.get("id")))
    except EncodeError:
        return Sample((data,), REFUSED, options)
    return Sample((data,), _read(frame, sample), options)


def _read(returned: object, sample: Sample) -> list[Event | Ignored]:
    """What a client reads."""
    no_coroutine(returned)
    if not isinstance(returned, str | bytes | bytearray):
        raise Unreadable(f"It returned {shape(returned)}; the check expects the text of one event, a string.")
    try:
        raw = returned.encode() if isinstance(returned, str) else bytes(returned)
    except UnicodeEncodeError:
        raise Unreadable("The text holds half of a surrogate pair, which has no UTF-8.") from None
    # An empty id clears the one that a client remembers. Only a client that remembers one can tell.
    decoder = Decoder(last_event_id="6" if sample.options.get("id") == "" else "")
    try:
        signals = decoder.feed(raw) + decoder.close()
    except LimitExceeded as problem:
        raise Unreadable(f"The event is too large: {problem}.") from None
    return [signal for signal in signals if isinstance(signal, Event | Ignored)]


def _show_read(signals: object) -> str:
    return f"a client reads {signals!r}"


def _show_expected(signals: object) -> str:
    return "a ValueError: this cannot be sent" if signals == REFUSED else _show_read(signals)


EXERCISE = Exercise(
    stub=STUB,
    solution=write_event,
    levels=(
        Level("plain data", "An event is the line `data: ` with the data, and an empty line after it.", _plain),
        Level(
            "line breaks, spaces and empty data",
            "Each line of the data gets a data line of its own. Always write the space after the colon. Empty data is "
            "one data line too.",
            _with_breaks,
        ),
        Level(
            "CR and CR LF, event and id",
            "CR and CR LF break lines too, and arrive as LF. An event and an id each get a line. A line break in one "
            "of them, or NUL in an id, is a ValueError.",
            _all,
        ),
    ),
    traps=(*DATA_TRAPS, *HEAD_TRAPS),
    hints=(
        r"Write the event for the data `'a\nb'` by hand. A client joins the data lines with LF, so you need two.",
        "Split the data into lines, and write `data: ` before each of them. One empty line ends the event, behind the "
        "data and nowhere before. Do not use `splitlines()`: it cuts at too many characters, and it makes no line at "
        "all of `''`.",
        "Turn CR LF, then CR, into LF before you split. Write event and id if they are not None.",
        r"Before you write event or id, look for `\n` and `\r` in it, and for `\0` in the id, and raise ValueError. Do "
        "not repair it.",
    ),
    praise="What you write is what a client reads, and what cannot be sent is refused.",
    read=_read,
    show_read=_show_read,
    show_expected=_show_expected,
)
