from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from labkit.lab.lesson_10 import share_one_stream

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("by", ["worker", "leader"])
def test_eight_tabs_share_a_stream_in_a_real_firefox(by: str, tool: Callable[[str], str]) -> None:
    """Ten seconds and more, most of them for Firefox to start: what tests/pages asks of Chromium, in another engine."""
    tool("firefox")
    told = asyncio.run(share_one_stream(8, by, firefox=True))
    assert (told.opened, told.streams, told.lost, told.doubled, told.recorded_on) == (8, 1, 0, 0, None)
