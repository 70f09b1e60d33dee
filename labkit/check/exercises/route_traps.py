"""The solution of the exercise route, and what one tends to write."""

from __future__ import annotations

from collections.abc import Callable

from labkit.check.exercise import Trap

Events = list[tuple[str, str, str | None]]
DataAndId = tuple[dict[str, list[str]], str]


def route(events: list[tuple[str, str, str | None]], topics: list[str]) -> tuple[dict[str, list[str]], str]:
    """The data that each of the wanted topics got, in order, and the id with which the whole connection resumes."""
    got: dict[str, list[str]] = {topic: [] for topic in topics}
    last_event_id = ""
    for type, data, id in events:
        if id is not None:
            last_event_id = id  # also that of an event which nobody here wants
        topic = type or "message"
        if topic in got:
            got[topic].append(data)
    return got, last_event_id


def _lists(change: Callable[[list[str]], list[str]]) -> Callable[[Events, list[str]], DataAndId]:
    """The right answer, with each topic's list changed."""

    def wrong(events: Events, topics: list[str]) -> DataAndId:
        got, id = route(events, topics)
        return {topic: change(data) for topic, data in got.items()}, id

    return wrong


def _ids(choose: Callable[[Events, list[str]], object]) -> Callable[[Events, list[str]], object]:
    """The right lists, with another id."""
    return lambda events, topics: (route(events, topics)[0], choose(events, topics))


def _wanted(events: Events, topics: list[str]) -> Events:
    return [event for event in events if (event[0] or "message") in topics]


def _nothing_is_missing(events: Events, topics: list[str]) -> DataAndId:
    got, id = route(events, topics)
    return {topic: data for topic, data in got.items() if data}, id


def _everything(events: Events, topics: list[str]) -> DataAndId:
    return route(events, [*topics, *(type or "message" for type, _, _ in events)])


def _raises_for_others(events: Events, topics: list[str]) -> DataAndId:
    if len(_wanted(events, topics)) < len(events):
        raise KeyError
    return route(events, topics)


def _raises_for_none(events: Events, topics: list[str]) -> DataAndId:
    events[-1]
    return route(events, topics)


def _any_case(events: Events, topics: list[str]) -> DataAndId:
    got = {
        topic: [data for type, data, _ in events if (type or "message").lower() == topic.lower()] for topic in topics
    }
    return got, route(events, topics)[1]


def _part_of(events: Events, topics: list[str]) -> DataAndId:
    got = {topic: [data for type, data, _ in events if topic in (type or "message")] for topic in topics}
    return got, route(events, topics)[1]


def _no_default(events: Events, topics: list[str]) -> DataAndId:
    return route([event for event in events if event[0]], topics)[0], route(events, topics)[1]


def _by_topic(events: Events, topics: list[str]) -> dict[str, str]:
    return {topic: route(_wanted(events, [topic]), [topic])[1] for topic in topics}


def _none_empties(events: Events, topics: list[str]) -> str:
    return (events[-1][2] or "") if events else ""


def _empty_is_none(events: Events, topics: list[str]) -> str:
    return next((id for _, _, id in reversed(events) if id), "")


TRAPS = (
    Trap(
        "nothing is missing",
        _nothing_is_missing,
        "A wanted topic that got nothing is missing. It has an empty list.",
    ),
    Trap("everything", _everything, "Topics came out that nobody wants. Only the wanted ones are in the answer."),
    Trap(
        "raises for others",
        _raises_for_others,
        "The function raises an error where an event comes whose topic is not wanted. A connection may carry more than "
        "one asked for.",
    ),
    Trap("raises for none", _raises_for_none, "The function raises an error where no event came."),
    Trap("newest first", _lists(lambda data: data[::-1]), "The newest comes first. Keep the order of the connection."),
    Trap("sorted", _lists(sorted), "The data was sorted. Keep the order in which it came."),
    Trap(
        "once",
        _lists(lambda data: list(dict.fromkeys(data))),
        "Two events with equal data were taken for one. A price may stay the same: that is an event, too.",
    ),
    Trap(
        "the last alone",
        _lists(lambda data: data[-1:]),
        "Only the last event of each topic is there. Each new one took the place of the one before it.",
    ),
    Trap("no empty data", _lists(lambda data: [item for item in data if item]), "An event with empty data is missing."),
    Trap("any case", _any_case, 'Upper and lower case were taken for the same. "News" is another type than "news".'),
    Trap(
        "a part of it",
        _part_of,
        'A topic got events of another one, whose name holds its own: "price" is not "prices".',
    ),
    Trap(
        "the id of wanted events",
        _ids(lambda events, topics: route(_wanted(events, topics), topics)[1]),
        "The id is that of the last wanted event. The connection has got on further than that: after it, every event "
        "comes once more.",
    ),
    Trap(
        "an id for each topic",
        _ids(_by_topic),
        "There is an id for each topic. A client sends one Last-Event-ID for the connection, so one is all there is.",
    ),
    Trap(
        "the first id",
        _ids(lambda events, topics: events[0][2] or "" if events else ""),
        "The id is that of the first event. The connection would resume there, and send everything once more.",
    ),
    Trap(
        "the greatest text",
        _ids(lambda events, topics: max((id or "" for _, _, id in events), default="")),
        "The greatest id was taken, compared as a text: 9 stands behind 10 then. The last one counts.",
    ),
    Trap(
        "no default",
        _no_default,
        'An event without a type is missing. It has type "message", which may be wanted.',
    ),
    Trap(
        "no id makes it empty",
        _ids(_none_empties),
        "An event without an id made the last event ID empty. Only an empty `id:` line does that.",
    ),
    Trap(
        "an empty id is none",
        _ids(_empty_is_none),
        "An empty id was taken for none. An empty `id:` line makes the last event ID empty.",
    ),
)
