"""Says what a client did while its server was away, from what the client itself has seen."""

from __future__ import annotations

from labkit.errors import counted
from labkit.widgets.streamclient import StreamClient

#: How the page begins to say that its EventSource asks no more, and nobody has stopped it.
_GAVE_UP = ("the browser gave up", "the server answered", "no answer from")


def told_outage(client: StreamClient) -> str:
    """In one sentence: how often the client was without a connection, whether it came back, and what it never got.

    What a browser does depends on the browser, on the page's origin, and on what stands between it and the server. A
    lesson's text says what to expect; this says what was seen.
    """
    where = client.reader_place
    opened = [place for place, change in enumerate(client.changes) if change.state == "open"]
    if not opened:
        return f"{where}: it has not been connected yet"
    after = client.changes[opened[0] :]
    gave_up = [change.why for change in after if change.state == "closed" and change.why.startswith(_GAVE_UP)]
    if not client.gaps and not gave_up:
        if after[-1].state == "connecting":
            return f"{where}: it says `connecting`. Bring the server up again, and then run this cell once more"
        return f"{where}: its connection was never lost. Take the server down, and then run this cell once more"
    missed = _missing(client)
    lost = f"{counted(missed, 'event')} never came" if missed else "nothing is lost"
    if gave_up:
        now = "Start opened it anew, and" if client.state == "open" else "So far"
        return f"{where}: it gave up ({gave_up[-1]}). {now} {lost}"
    return f"{where}: it said `connecting`, came back by itself {counted(len(client.gaps), 'time')}, and {lost}"


def _missing(client: StreamClient) -> int:
    """How many events of a log's numbers are not among those that came, between the first and the newest."""
    ids = (item.event.last_event_id.rpartition("-")[2] for item in client.received)
    numbers = {int(number) for number in ids if number.isdecimal()}
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
