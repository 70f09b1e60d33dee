"""A lesson says what the client in front of its reader did, whichever browser that is."""

from __future__ import annotations

import pytest

from labkit.widgets import BrowserClient, told_outage

GAVE_UP = "the server answered 500, and only 200 opens a stream: look at the server's log, or at the proxy's"


def told(ids: list[int], *changes: tuple[str, str]) -> str:
    """What is said of a browser's client that has told these changes of state, and events with these numbers."""
    client = BrowserClient("http://127.0.0.1:9/words", route="direct")
    for at, (state, why) in enumerate(changes):
        client._handle_custom_msg({"state": state, "why": why, "at": 1000.0 * at}, [])
    events = [{"type": "message", "data": "x", "id": f"alice-{number}", "at": 0.0} for number in ids]
    client._handle_custom_msg({"events": events}, [])
    return told_outage(client)


OPEN, ASKS, BROKE = ("open", ""), ("connecting", "the browser asks"), ("connecting", "the connection broke")


@pytest.mark.parametrize(
    ("changes", "ids", "says"),
    [
        ([], [], "in the browser: it has not been connected yet"),
        ([ASKS], [], "in the browser: it has not been connected yet"),
        ([ASKS, OPEN], [1, 2], "in the browser: its connection was never lost. Take the server down, and then"),
        ([ASKS, OPEN, BROKE], [1, 2], "in the browser: it says `connecting`. Bring the server up again"),
        ([OPEN, BROKE, OPEN], [1, 2, 3], "it said `connecting`, came back by itself 1 time, and nothing is lost"),
        ([OPEN, BROKE, OPEN, BROKE, OPEN], [1, 4], "came back by itself 2 times, and 2 events never came"),
        # Firefox, or any browser behind Jupyter's proxy: closed for good.
        ([OPEN, BROKE, ("closed", "the browser gave up"), ("closed", GAVE_UP)], [1, 2],
         f"in the browser: it gave up ({GAVE_UP}). So far nothing is lost"),
        ([OPEN, BROKE, ("closed", GAVE_UP), ASKS, OPEN], [7, 8, 49], f"({GAVE_UP}). Start opened it anew, and 40 events never"),
        ([OPEN, ("closed", "stopped by you"), ASKS, OPEN], [1, 2], "its connection was never lost"),
    ],
)  # fmt: skip
def test_what_a_client_did_is_said_from_what_it_saw(changes: list[tuple[str, str]], ids: list[int], says: str) -> None:
    assert says in told(ids, *changes)
