from __future__ import annotations

from labkit.system.ports import note_closed, note_open, when_closed

PORT = 70_000  # no real one


def test_who_asked_is_told_once_that_a_port_is_closed() -> None:
    told: list[str] = []
    note_open(PORT)
    when_closed(PORT, lambda: told.append("one"))
    call_off = when_closed(PORT, lambda: told.append("two"))
    call_off()
    note_open(PORT)  # it is open already
    note_closed(PORT)
    note_closed(PORT)
    assert told == ["one"]


def test_of_a_port_that_is_not_ours_nothing_is_told() -> None:
    told: list[str] = []
    call_off = when_closed(PORT, lambda: told.append("never"))
    note_open(PORT)
    note_closed(PORT)
    call_off()
    assert told == []
