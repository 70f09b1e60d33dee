"""A network in memory, under the real HTTP client: every byte of the wire counts, and no socket is opened."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore
import httpx

from labkit.faults import Close, Fault, Send, simulate

#: The last event ID of a request -> the bytes of the whole response, head and framing included.
Respond = Callable[[str], bytes]


class MemoryWire(httpx.AsyncHTTPTransport):
    """A transport for httpx: the n-th connection is answered by `respond`, through the faults.

    `asked` has the last event ID of each request. Faults see the bytes of the wire; when one of them stalls, the read
    times out at once.
    """

    def __init__(self, respond: Respond, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        super().__init__(verify=False)
        self.asked: list[str] = []
        self._respond, self._faults, self._seed = respond, faults, seed
        # httpx takes no network of one's own; the pool below it does.
        self._pool = httpcore.AsyncConnectionPool(network_backend=_Backend(self))

    def restart_with(self, *faults: Fault) -> None:
        """Other faults, and connections are counted from 1 again."""
        self.asked, self._faults = [], faults

    def answer(self, request: bytes) -> Iterable[bytes | Close]:
        """What arrives for this request."""
        lines = request.decode("latin-1").split("\r\n")
        ids = [line.partition(": ")[2] for line in lines if line.lower().startswith("last-event-id: ")]
        last_event_id = (ids or [""])[0].encode("latin-1").decode("utf-8", "replace")
        self.asked.append(last_event_id)
        happened = simulate([(0.0, self._respond(last_event_id))], *self._faults, n=len(self.asked), seed=self._seed)
        for _, action in happened:
            yield action.data if isinstance(action, Send) else action

    async def aclose(self) -> None:
        """Stays open: an EventSource closes its transport, and this one serves many."""


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, wire: MemoryWire) -> None:
        self._wire = wire

    async def connect_tcp(self, host: str, port: int, *unused: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(self._wire)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, wire: MemoryWire) -> None:
        self._wire = wire
        self._request = b""
        self._left: list[bytes | Close] | None = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._request += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._left is None:
            self._left = list(self._wire.answer(self._request))
        if not self._left:
            raise httpcore.ReadTimeout("nothing comes any more, and the connection stays open")
        first = self._left[0]
        if isinstance(first, Close):
            if first.how == "rst":
                raise httpcore.ReadError("the connection was reset")
            return b""
        self._left[0] = first[max_bytes:]
        if not self._left[0]:
            del self._left[0]
        return first[:max_bytes]

    async def aclose(self) -> None:
        pass

    async def start_tls(self, ssl_context: ssl.SSLContext, *unused: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("there is no TLS in memory")

    def get_extra_info(self, info: str) -> Any:
        return False if info == "is_readable" else None
