"""A client on httpx, with labkit's Decoder. Run it: TOKEN=sesame python docs/recipes/clients/httpx_client.py URL

Needs: pip install httpx labkit. It uses labkit.wire alone, which opens nothing: httpx has the connection, and the loop
below decides when to come back. (labkit.client.EventSource is this and more, ready made. httpx's own aiter_lines() will
not do: it also ends lines at U+2028, NEL and six others.)
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator

import httpx

from labkit.wire import Decoder, Event

SILENCE_S = 45.0  # three heartbeats: then the connection is dead, whatever TCP says
MAX_EVENT_BYTES = 1024 * 1024
LONGEST_WAIT_S = 30.0


async def read_events(url: str, headers: dict[str, str]) -> AsyncIterator[Event]:
    """The events of the stream, over all its connections, until the server ends it with 204.

    Raises:
        httpx.HTTPStatusError: it answers with something that coming back does not mend, such as 401.
        LimitExceeded: an event is larger than MAX_EVENT_BYTES.
    """
    last_event_id, failures, retry_ms = "", 0, 1000
    timeout = httpx.Timeout(10.0, read=SILENCE_S)
    async with httpx.AsyncClient(headers={"Accept": "text/event-stream", **headers}, timeout=timeout) as client:
        while True:
            asked = [(b"Last-Event-ID", last_event_id.encode())] if last_event_id else []
            decoder = Decoder(last_event_id=last_event_id, max_event_bytes=MAX_EVENT_BYTES)
            try:
                async with client.stream("GET", url, headers=asked) as response:
                    if response.status_code == 204:
                        return
                    if response.status_code < 500 and response.status_code != 429:
                        response.raise_for_status()
                    if response.status_code == 200:
                        failures = 0
                        async for chunk in response.aiter_bytes():
                            for signal in decoder.feed(chunk):
                                if isinstance(signal, Event):
                                    yield signal
                            last_event_id = decoder.last_event_id
            except httpx.TransportError:
                pass  # cut, silent, or nobody there: it comes back below
            last_event_id, retry_ms = decoder.last_event_id, decoder.reconnection_ms or retry_ms
            longest_s = min(retry_ms / 1000 * 2**failures, LONGEST_WAIT_S)
            failures = min(failures + 1, 10)
            await asyncio.sleep(longest_s * random.uniform(0.5, 1.0))  # not all clients in the same moment


async def main() -> None:
    async for event in read_events(sys.argv[1], {"Authorization": f"Bearer {os.environ.get('TOKEN', '')}"}):
        print(event.data, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
