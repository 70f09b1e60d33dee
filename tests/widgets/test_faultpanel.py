from __future__ import annotations

import asyncio
from typing import Any

import pytest

from labkit.faults import Cut, Delay
from labkit.proxy import launch_relay
from labkit.server import Channel, launch
from labkit.widgets import FaultPanel
from labkit.widgets.faultpanel import KNOBS
from labkit.widgets.faultwords import in_words

from ..helpers import request, soon

NUMBERS = {knob.name: number for number, knob in enumerate(KNOBS)}


def knob(name: str) -> Any:
    return KNOBS[NUMBERS[name]]


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("delay each piece", "1,5", "each piece arrives 1.5 seconds later"),
        ("hold full buffers", "1", "bytes wait until a buffer of 1 byte is full"),
        ("hold for a time", "1", "bytes wait 1 second, and then come together"),
        ("throttle", "0.5", "at most 0.5 bytes a second"),
        ("slice", "2", "pieces of 2 bytes, one every 10 ms"),
        ("cut each connection", "1", "each connection is cut by a FIN after 1 event"),
        ("end each connection early", "2", "each connection is cut 2 seconds after its first byte"),
        ("fall silent", "100", "each connection falls silent after 100 bytes, and stays open"),
        ("send events twice", "0.5", "an event comes twice with a chance of 50%"),
        ("refuse the next", "2", "the next 2 connections are refused"),
        ("answer 502 to the next", "2", "the next 2 answers are 502"),
    ],
)
def test_every_fault_of_the_panel_is_said_in_words(name: str, number: str, words: str) -> None:
    assert in_words([knob(name).fault(number)], connections=0) == words


def test_what_is_left_of_the_next_ones_is_counted() -> None:
    answers, refusals = [knob("answer 502 to the next").fault("2")], [knob("refuse the next").fault("1")]
    assert in_words(answers, connections=1) == "the next answer is 502"
    assert in_words(answers, connections=2) == "over: 2 answers were 502, and what comes now passes"
    assert in_words(refusals, connections=5) == "over: 1 connection was refused, and what comes now passes"


def test_no_fault_several_and_one_that_the_panel_does_not_make() -> None:
    assert in_words([], 0) == "none: every byte goes on at once"
    assert in_words([Delay(2), Cut(bytes=7)], 0).startswith("each piece arrives 2 seconds later; Cut(bytes=7,")


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("throttle", "abc", "'abc' is no number: “throttle” takes a number (bytes a second), from 0.1 to 1,000,000"),
        ("throttle", "", "'' is no number: "),
        ("delay each piece", "-1", "-1 is outside: “delay each piece” takes a number (seconds), from 0 to"),
        ("delay each piece", "inf", "inf is outside: "),
        ("delay each piece", "nan", "nan is outside: "),
        ("refuse the next", "0.5", "0.5 is outside: “refuse the next” takes a whole number (connections), from 1"),
        ("cut each connection", "2.5", "2.5 is not whole: "),
        ("send events twice", "2", "2 is outside: “send events twice” takes a number (chance), from 0 to 1"),
        ("answer 502 to the next", "1e9", "1e9 is outside: "),
    ],
)
def test_what_is_no_number_of_a_fault_is_refused_and_the_old_fault_stays(name: str, typed: str, said: str) -> None:
    async def main() -> str:
        with launch({"/events": Channel()}, name="panel") as server, launch_relay(server.url + "/events") as relay:
            relay.set(Delay(3))
            panel = FaultPanel(relay)
            problem = panel.obey({"ask": "apply", "knob": NUMBERS[name], "number": typed})
            assert relay.faults == (Delay(3),)
            panel.close()
            return problem

    problem = asyncio.run(main())
    assert problem.startswith(said) and problem.endswith(". The fault stays as it was")


@pytest.mark.live
def test_connections_that_were_open_before_a_fault_was_set_stay_in_the_table() -> None:
    async def main() -> None:
        with launch({"/events": Channel()}, name="panel") as server, launch_relay(server.url + "/events") as relay:
            panel = FaultPanel(relay)
            async with request(relay.url) as first, request(relay.url) as second:
                await first.opening()
                await second.opening()
                assert panel.obey({"ask": "apply", "knob": 0, "number": "1"}) == ""
                shown = panel.snapshot()
                assert shown["open"] == 2 and shown["faults"] == "each piece arrives 1 second later"
                assert [row["n"] for row in shown["passages"]] == ["1, from before", "2, from before"]
                async with request(relay.url):
                    rows = panel.snapshot()["passages"]
                    assert [(row["n"], row["ended"]) for row in rows][2:] == [("1", "open")]
                await soon(lambda: panel.snapshot()["passages"][2:] == [{"n": "1", "ended": "the client left"}])
            panel.close()

    asyncio.run(main())


@pytest.mark.live
def test_open_connections_are_shown_however_many_have_ended_since() -> None:
    async def main() -> None:
        with launch({"/events": Channel()}, name="panel") as server, launch_relay(server.url + "/events") as relay:
            panel = FaultPanel(relay)
            async with request(relay.url) as first:
                await first.opening()
                for _ in range(8):
                    async with request(relay.url):
                        pass
                rows = panel.snapshot()["passages"]
                assert rows[0] == {"n": "1", "ended": "open"}
                assert [row["n"] for row in rows] == ["1", *map(str, range(4, 10))]
            panel.close()

    asyncio.run(main())
