"""MCP's transport of 2024-11-05: answers come in one stream, whose first event says where to post.

Source: https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from labkit.client import ResponseRecorder
from labkit.dialects.json_values import object_in
from labkit.doctor.head import is_same_origin
from labkit.doctor.mcp_exchange import CLIENT, EXCHANGE_S, McpExchanges
from labkit.doctor.mcp_visit import INITIALIZE, OLD_TRANSPORT, PING, McpVisit, is_stream, message_text
from labkit.errors import LimitExceeded
from labkit.recording import Recording
from labkit.wire import Decoder, Event


def is_old_transport(first: Recording) -> bool:
    """Whether the stream begins with the event endpoint, as that of the revision 2024-11-05 does."""
    try:
        events = first.decompressed.events if is_stream(first) else []
    except ValueError:
        return False
    return bool(events) and events[0].type == "endpoint"


class OldMcpGuest(McpExchanges):
    """A client of the transport of 2024-11-05: answers come in the stream, which says where to post."""

    async def visit(self, first: Recording, checks: bool) -> McpVisit:
        """All answers; `listening` holds those to the greeting and to the ping."""
        arrived = {number: asyncio.Event() for number in (0, INITIALIZE)}
        seen: list[Event] = []

        def on_piece(watching: ResponseRecorder) -> bool:
            with contextlib.suppress(LimitExceeded):
                seen.extend(signal for signal in decoder.feed(watching.newest) if isinstance(signal, Event))
            for event in seen:
                number = 0 if event.type == "endpoint" else (object_in(event.data) or {}).get("id")
                if number in arrived:
                    arrived[number].set()
            return False

        decoder = Decoder()
        # The pieces are read as they come, so this stream is asked for without compression.
        asked = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        listening = asyncio.ensure_future(
            self.send(None, asked, method="GET", seconds=self.seconds, stop_when=on_piece)
        )
        visit = McpVisit(OLD_TRANSPORT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived[0].wait(), self.seconds)
            endpoint = _endpoint_in(seen, first.url)
            if endpoint:
                visit = await self._greet(replace(visit, endpoint=endpoint), arrived[INITIALIZE])
        rebound = None
        if checks and (stranger := self.stranger):
            rebound = await stranger.send(None, asked, method="GET", stop_when=lambda watching: watching.bytes > 0)
        return replace(visit, listening=await listening, rebound=rebound)

    async def _greet(self, visit: McpVisit, answered: asyncio.Event) -> McpVisit:
        hello = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": CLIENT}
        url = visit.endpoint
        visit = replace(visit, initialized=await self.send(message_text("initialize", INITIALIZE, hello), url=url))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(answered.wait(), min(self.seconds, EXCHANGE_S))
            visit = replace(visit, noted=await self.send(message_text("notifications/initialized"), url=url))
            visit = replace(visit, pinged=await self.send(message_text("ping", PING, {}), url=url))
        return visit


def _endpoint_in(events: list[Event], base: str) -> str:
    """Where to post; "" if it is another origin, to which no client goes."""
    url = urljoin(base, next(event.data for event in events if event.type == "endpoint").strip())
    parts = urlsplit(base)
    return url if is_same_origin(f"{parts.scheme}://{parts.netloc}", url) else ""
