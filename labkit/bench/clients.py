"""One client for each transport, and for the null transports beside them."""

from __future__ import annotations

from collections.abc import Callable

from labkit.bench.null_clients import BareWebSocketSource, NullHttp, NullSource
from labkit.bench.origin import Origin
from labkit.bench.result import NULL
from labkit.bench_servers.compressed import path
from labkit.client import EventSource, LongPolling, Polling, Source, WebSocketSource

POLL_EVERY_S = 0.1
RECONNECTION_MS = 200

#: By name: a client of this server (through the URL, if something stands in between), from this id on.
Make = Callable[[Origin, str, str], Source]


def _resuming(compressed: bool) -> dict[str, Make]:
    """The four that resume."""
    kind = ", compressed" if compressed else ""
    back = RECONNECTION_MS

    def at(url: str, plain: str) -> str:
        return url + (path(plain) if compressed else plain)

    return {
        f"SSE{kind}": lambda origin, url, since: EventSource(
            at(url, "/events"), last_event_id=since, reconnection_ms=back
        ),
        f"WebSocket{kind}": lambda origin, url, since: WebSocketSource(
            at(url, "/socket"), last_event_id=since, reconnection_ms=back, compression=compressed
        ),
        f"long polling{kind}": lambda origin, url, since: LongPolling(
            at(url, "/wait"), last_event_id=since, reconnection_ms=back
        ),
        f"polling{kind}": lambda origin, url, since: Polling(
            at(url, "/poll"), last_event_id=since, reconnection_ms=back, every_s=POLL_EVERY_S
        ),
    }


TRANSPORTS: dict[str, Make] = {
    NULL: lambda origin, url, since: NullSource(origin.null_port),
    **_resuming(compressed=False),
}
ALL = tuple(TRANSPORTS)
#: The same two without ids and types: what the framing alone costs.
BARE: dict[str, Make] = {
    "SSE, data alone": lambda origin, url, since: EventSource(f"{url}/bare/events"),
    "WebSocket, data alone": lambda origin, url, since: BareWebSocketSource(f"{url}/bare/socket"),
}
#: What the two client libraries cost by themselves: each reads from the server of the null.
LIBRARIES: dict[str, Make] = {
    "null, by httpx": lambda origin, url, since: NullHttp(origin.null_port),
    "null, by tornado": lambda origin, url, since: BareWebSocketSource(f"ws://127.0.0.1:{origin.null_port}/"),
}
COMPRESSED = _resuming(compressed=True)
CLIENTS = TRANSPORTS | BARE | LIBRARIES | COMPRESSED
#: Those that go over HTTP, and can be put behind a pipe.
OVER_HTTP = tuple(name for name in ALL if name != NULL)
