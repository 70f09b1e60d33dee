"""The relay in nginx's place, in virtual time."""

from __future__ import annotations

from random import Random

from labkit.faults import FillBuffers, HoldHead, Machine, Pass, Send, Unless


def started(fault: FillBuffers | HoldHead | Unless) -> Machine:
    return fault.start(1, Random(0))


def sizes(machine: Machine, times_s: list[float], size: int) -> list[int]:
    return [sum(len(a.data) for a in machine.feed(at_s, b"x" * size) if isinstance(a, Send)) for at_s in times_s]


def test_a_head_that_came_with_the_body_takes_its_part_of_the_first_buffer() -> None:
    together, alone, untold = (started(FillBuffers(100)) for _ in range(3))
    for machine in (together, alone):
        machine.begin(1.0, [], 40)
    assert sizes(together, [1.0, 1.1, 1.2, 1.3], 30) == [0, 60, 0, 0]
    assert sizes(alone, [1.1, 1.2, 1.3, 1.4], 30) == [0, 0, 0, 100]
    assert sizes(untold, [1.0, 1.1, 1.2, 1.3], 30) == [0, 0, 0, 100]
    assert [a.data for a in together.end(2.0) if isinstance(a, Send)] == [b"x" * 60]


def test_the_head_goes_with_the_first_of_the_body() -> None:
    machine = started(HoldHead())
    assert machine.feed(0, b"HEAD") == []
    assert machine.feed(5, b"body") == [Send(b"HEADbody")]
    assert machine.feed(6, b"more") == [Send(b"more")]
    empty = started(HoldHead())
    empty.feed(0, b"HEAD")
    assert empty.end(1)[0] == Send(b"HEAD")


def test_a_header_of_the_origin_lifts_a_fault_and_stops_there() -> None:
    rule = Unless("x-accel-buffering", "no", FillBuffers(100))
    machine = started(rule)
    machine.begin(0, [("X-Accel-Buffering", "No ")], 10)
    assert machine.feed(1, b"a") == [Send(b"a")]
    held = started(rule)
    held.begin(0, [("X-Accel-Buffering", "yes")], 10)
    assert held.feed(1, b"a") == [] and held.next_wake() is None and held.wake(2) == []
    assert [a.data for a in held.release(3) if isinstance(a, Send)] == [b"a"]
    assert rule.head([("X-Accel-Buffering", "no"), ("A", "b")]) == [("A", "b")]
    assert len(Unless("a", "b", Pass(), keep_header=True).head([("A", "b")])) == 1
    assert not rule.of_the_wire and Unless("a", "b", HoldHead()).of_the_wire and rule.connect(1) is None
