"""What a cut cost: the events that were lost, came twice, or came changed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from labkit.doctor import Finding
from labkit.errors import StreamRejected, counted
from labkit.testing.cuts import CutAttempt, place_of
from labkit.testing.reader import EventReader

SHOWN = 4


def look_at_attempt(attempt: CutAttempt, reference: EventReader, late_s: float) -> Finding | None:
    """The finding about one reader that was cut; None if it has all that the reference has, once and in order.

    Only events with an id are counted: a greeting and a snapshot have none, and come again with each connection.

    Args:
        attempt: the reader that was cut, and where.
        reference: the reader that was not.
        late_s: an event that the reference received before this moment must have come to the other one too.
    """
    reader = attempt.reader
    asked = f"after a cut {place_of(attempt.cut)}, asked with Last-Event-ID: {reader.returned_with}"
    if not reader.returned_with:
        asked = f"after a cut {place_of(attempt.cut)}, asked without a Last-Event-ID"
    if isinstance(reader.problem, StreamRejected):
        return Finding("resume-refused", f"{asked}, it answered {reader.problem.status}")
    if reader.problem is not None:
        return Finding("broken-off", f"{asked}, {reader.problem}")
    # In another order, what came first may have been read alone: then nothing can be called lost.
    missing = _disorder(reader, reference) or _lost(reader, reference, late_s)
    wrong = [sentence for sentence in (_doubled(reader), missing) if sentence] or [_changed(reader, reference)]
    return Finding("resume-ignored", f"{asked}, {' and '.join(wrong)}") if wrong[0] else None


def _doubled(reader: EventReader) -> str:
    """Ids that came more than once."""
    ids = [received.id for received in reader.received]
    return _events([id for id, number in Counter(ids).items() if number > 1], "came twice")


def _lost(reader: EventReader, reference: EventReader, late_s: float) -> str:
    """Ids of the reference, from the reader's first one on, that the reader does not have."""
    known = [received.id for received in reference.received]
    own = {received.id for received in reader.received}
    before = reader.ids_of(1)
    if not before:  # nothing to go on from: what comes next is right
        return ""
    if before[0] not in known:
        return "its ids are those of no other client"
    newest = max(place for place, id in enumerate(known) if id in own)
    between = [id for id in known[known.index(before[0]) : newest] if id not in own]
    return _events(between + _lost_at_the_end(reader, reference, newest + 1, late_s), "did not come")


def _lost_at_the_end(reader: EventReader, reference: EventReader, start: int, late_s: float) -> list[str]:
    """Ids of the reference from place `start` on, which should have come to the reader as well."""
    after = reference.received[start:]
    if reader.enough or (reader.ended and not reference.ended):
        return []
    return [received.id for received in after if reader.ended or received.at_s < late_s]


def _disorder(reader: EventReader, reference: EventReader) -> str:
    places = {received.id: place for place, received in enumerate(reference.received)}
    unknown = [received.id for received in reader.received if received.id not in places]
    if unknown and not reader.ids_of(1):
        return ""
    if unknown:
        return _events(unknown, "came to no other client")
    order = [places[id] for id in dict.fromkeys(received.id for received in reader.received)]  # not what came again
    return "" if order == sorted(order) else "events came in another order"


def _changed(reader: EventReader, reference: EventReader) -> str:
    """Events with other contents than without the cut, where those before it were the same for both."""
    told = {received.id: received.event for received in reference.received}
    differing = [received for received in reader.received if received.event != told.get(received.id, received.event)]
    if not reader.ids_of(1) or any(received.connection == 1 for received in differing):
        return ""  # each client gets contents of its own
    return _events([received.id for received in differing], "had other contents than without the cut")


def _events(ids: Sequence[str], what: str) -> str:
    if not ids:
        return ""
    shown = ", ".join(ascii(id)[1:-1] for id in ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
    return f"{counted(len(ids), 'event')} {what} ({shown})"
