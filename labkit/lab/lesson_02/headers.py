"""Which headers of a response does a client need? Leave each out, and see."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.client import EventSource
from labkit.errors import LabError
from labkit.lab.raw_server import raw_server


async def opens_with(headers: Mapping[str, str]) -> bool:
    """True if EventSource opens a stream under these headers, and gets its event."""
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    async with raw_server([b"data: hello\n\n"], head=head.encode()) as url, EventSource(url) as source:
        try:
            return (await anext(source)).data == "hello"
        except LabError:
            return False


async def opens_without(headers: Mapping[str, str]) -> dict[str, bool]:
    """For each header: True if the stream opens when that one is left out and the others are sent."""
    return {
        missing: await opens_with({name: headers[name] for name in headers if name != missing}) for missing in headers
    }
