"""Work beside the requests: it runs, is paused and called anew, ends with the server, and says why it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from labkit.server import Channel, LabServer, launch

from ..helpers import eventually

pytestmark = pytest.mark.live


@pytest.fixture
def server() -> Iterator[LabServer]:
    with launch({"/words": Channel()}, "work") as server:
        yield server


class Counted:
    """Work that counts how often it began, and how often it was cancelled."""

    def __init__(self) -> None:
        self.begun = self.cancelled = 0

    async def work(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1


def test_a_pause_cancels_it_and_the_end_of_the_pause_calls_it_anew(server: LabServer) -> None:
    counted = Counted()
    server.keep_running(counted.work)
    eventually(lambda: counted.begun == 1)
    server.pause()
    eventually(lambda: counted.cancelled == 1)
    server.resume()
    eventually(lambda: counted.begun == 2)
    server.stop()
    assert counted.cancelled == 2


def test_new_routes_end_the_work_of_the_old_ones(server: LabServer) -> None:
    counted = Counted()
    server.keep_running(counted.work)
    eventually(lambda: counted.begun == 1)
    server.replace({"/other": Channel()})
    eventually(lambda: counted.cancelled == 1)
    server.pause()
    server.resume()
    assert counted.begun == 1


def test_what_has_returned_stays_ended_and_what_failed_says_why(server: LabServer) -> None:
    calls = []

    async def once() -> None:
        calls.append("once")

    async def fails() -> None:
        raise ValueError("the disk is full")

    server.keep_running(once)
    server.keep_running(fails)
    eventually(lambda: "the disk is full" in repr(server))
    server.pause()
    server.resume()
    assert calls == ["once"]
