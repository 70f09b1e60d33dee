"""What a lesson plays rests when no cell is run for long, and goes on with the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from labkit.lab.resting import REST_AFTER_S, WHY, Rest
from labkit.server import Channel, LabServer, launch

pytestmark = pytest.mark.live


class Bell:
    """An alarm that rings when the test says so."""

    def __init__(self, after_s: float, ring: Callable[[], None]) -> None:
        self.after_s, self.ring, self.daemon, self.set = after_s, ring, False, False

    def start(self) -> None:
        self.set = True

    def cancel(self) -> None:
        self.set = False


@pytest.fixture
def server() -> Iterator[LabServer]:
    with launch({"/words": Channel()}, "resting") as server:
        yield server


@pytest.fixture
def bells() -> list[Bell]:
    return []


@pytest.fixture
def rest(server: LabServer, bells: list[Bell]) -> Rest:
    def alarm(after_s: float, ring: Callable[[], None]) -> Bell:
        bells.append(Bell(after_s, ring))
        return bells[-1]

    return Rest(alarm=alarm, servers=lambda: [server])


def test_it_rests_after_the_last_cell_and_goes_on_with_the_next(
    rest: Rest, server: LabServer, bells: list[Bell]
) -> None:
    rest.end_cell()
    rest.end_cell()
    first, second = bells
    assert not first.set and second.set and second.daemon and second.after_s == REST_AFTER_S
    assert not server.paused
    second.ring()
    assert server.paused and WHY in repr(server)
    rest.begin_cell()
    assert not server.paused and WHY not in repr(server)
    rest.begin_cell()
    assert not server.paused


def test_what_was_paused_by_hand_stays_paused(rest: Rest, server: LabServer, bells: list[Bell]) -> None:
    server.pause()
    rest.end_cell()
    bells[-1].ring()
    rest.begin_cell()
    assert server.paused and WHY not in repr(server)


def test_a_server_that_was_stopped_meanwhile_is_left_alone(rest: Rest, server: LabServer, bells: list[Bell]) -> None:
    rest.end_cell()
    bells[-1].ring()
    server.stop()
    rest.begin_cell()
    assert not server.running
