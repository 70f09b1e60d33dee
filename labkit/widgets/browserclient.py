"""A widget that reads a stream in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import traitlets

from labkit.proxy import relay_at
from labkit.widgets.assets import DECODER, FIGURES, join_files
from labkit.widgets.reach import reach_url
from labkit.widgets.streamclient import ReceivedEvent, StateChange, StreamClient
from labkit.wire import Event

#: Among so many of the relay's connections is that of a client which was refused a moment ago.
NEWEST_PASSAGES = 4


class BrowserClient(StreamClient):
    """A client that reads a stream in the browser. It starts when it is shown, and closes when its output goes.

    `via="eventsource"` is the browser's native EventSource: GET, no headers of your own, and only events of the
    `types` are heard, for it has no listener for all. `via="fetch"` reads the answer of a fetch with a decoder and a
    reconnect loop in JavaScript: any `method`, `headers` and `body`, and events of every type. An answer that ends, and
    gave no id and no reconnection time, is not asked for again: it would come again from its beginning.

    `route` is "direct", "proxy" (through Jupyter's own port, as on a hub; four such streams at most), or "auto":
    direct where the page comes from a loopback name and reaches the kernel's ports, or the stream is on another
    machine. The widget's title says which.

    Raises:
        ValueError: EventSource with a method, headers or a body.
        LabError: the URL is not that of a stream.
    """

    _esm = join_files(FIGURES, "elements.js", "clientview.js", DECODER, "pagestream.js", "browserclient.js")
    via: Any = traitlets.Enum(["eventsource", "fetch"], "eventsource").tag(sync=True)
    route: Any = traitlets.Enum(["auto", "direct", "proxy"], "auto").tag(sync=True)
    reach: Any = traitlets.Unicode().tag(sync=True)
    types: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    request: Any = traitlets.Dict().tag(sync=True)
    reader_place = "in the browser"

    def __init__(
        self,
        url: str,
        on_cut: Callable[[], object] | None = None,
        *,
        via: str = "eventsource",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        route: str = "auto",
        types: tuple[str, ...] = ("message", "gap"),
    ) -> None:
        if via == "eventsource" and (method != "GET" or headers or body is not None):
            raise ValueError(
                "the browser's EventSource sends GET, without headers of your own and without a body. Use via='fetch'"
            )
        request = {"method": method, "headers": dict(headers or {}), "body": body}
        reach = reach_url() if route == "auto" else ""
        super().__init__(url, on_cut, via=via, route=route, reach=reach, types=list(types), request=request)

    def start(self) -> None:
        """Asks the page to open a stream."""
        self.send({"ask": "start"})

    def stop(self) -> None:
        """Asks the page to close its stream."""
        self.send({"ask": "stop"})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        super()._hear(widget, message, buffers)
        for item in message.get("events", []):
            event = Event(item["data"], item["type"], item["id"])
            self.received.append(ReceivedEvent(item["at"] / 1000, event))
        if "state" in message:
            self.changes.append(StateChange(message["at"] / 1000, message["state"], message["why"]))
            if message["state"] == "open" and self.server_gone:  # it was launched again, at the same port
                self._watch_server()
        if message.get("gave_up") and (status := self._refused_with()):
            self.send({"refused": status})

    def _refused_with(self) -> int:
        """The status that a launched relay has just answered in the server's place; 0 where none did. An EventSource
        that was refused tells the page no reason."""
        relay = relay_at(urlsplit(self.url).port or 80)
        newest = [passage.ended for passage in relay.passages[-NEWEST_PASSAGES:]] if relay is not None else []
        answers = [ended.removeprefix("answered ") for ended in newest if ended.startswith("answered ")]
        return int(answers[-1]) if answers else 0
