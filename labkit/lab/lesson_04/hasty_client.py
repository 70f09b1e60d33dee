"""A client as one writes it in an hour. Three of its lines are wrong, and no test on a good network shows it."""

from __future__ import annotations

import httpx

from labkit.lab.lesson_04.memory_wire import MemoryWire
from labkit.wire import Event


async def hasty_client(wire: MemoryWire) -> list[Event]:
    """What it gets. It resumes by id, and still loses or tears events where the connection ends inside one."""
    events: list[Event] = []
    text, fields, last_event_id = "", dict[str, str](), ""
    while True:
        own = httpx.AsyncClient(transport=wire, headers={"Last-Event-ID": last_event_id})
        async with own as client, client.stream("GET", "http://127.0.0.1/") as answer:
            if answer.status_code == 204:
                return events
            async for piece in answer.aiter_text():
                text += piece  # wrong: what is left of the last connection stands before it
                while "\n" in text:
                    line, _, text = text.partition("\n")
                    name, _, value = line.partition(": ")
                    if name == "id":
                        last_event_id = value  # wrong: its event is not complete yet
                    if line:
                        fields[name] = f"{fields[name]}\n{value}" if name == "data" in fields else value
                    elif "data" in fields:
                        events.append(Event(fields["data"], fields.get("event", "message"), last_event_id))
                        fields.clear()  # wrong: the fields of an event that was cut off are kept
