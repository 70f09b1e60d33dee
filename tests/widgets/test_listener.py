from __future__ import annotations

import asyncio

import pytest

from labkit.errors import LabError
from labkit.lab import raw_server
from labkit.server import Channel, serve
from labkit.widgets import listen

pytestmark = pytest.mark.live


def test_it_collects_events_over_a_cut_and_shows_them_as_text() -> None:
    async def main() -> None:
        channel = Channel(retry_ms=20)
        async with serve(channel) as server:
            listener = listen(server.url, on_cut=channel.cut)
            await listener.connected()
            channel.publish("<b>one</b>")
            await listener.until(events=1)
            listener._cut.click()
            channel.publish("two")
            await listener.until(events=2)
            await asyncio.sleep(0.2)
            assert listener._words.value == "<b>one</b> two"
            assert [visit.left for visit in channel.visits] == ["cut", ""]
            assert len(listener.gaps) == 1
            listener.stop()

    asyncio.run(main())


def test_it_says_on_its_own_line_when_there_is_no_stream() -> None:
    async def main() -> str:
        async with raw_server([b"<html>"], head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n") as url:
            listener = listen(url)
            with pytest.raises(LabError, match="the stream was closed"):
                await listener.until(events=1)
            await asyncio.sleep(0.2)
            return str(listener._status.value)

    assert "is not an event stream" in asyncio.run(main())


def test_its_repr_is_stable() -> None:
    async def main() -> str:
        listener = listen("http://127.0.0.1:9/")
        listener.stop()
        return repr(listener)

    assert asyncio.run(main()) == "Listener: run this cell, and the words type themselves here"
