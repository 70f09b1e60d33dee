"""A widget that shows the readers of a server and controls it."""

from __future__ import annotations

import re
from typing import Any

from labkit.errors import LabError
from labkit.server import Channel, LabServer, Visit
from labkit.widgets.assets import FIGURES, join_files
from labkit.widgets.panel import Panel

#: So many readers and events are shown; a table that scrolls away tells nobody anything.
SHOWN_READERS = 12
SHOWN_EVENTS = 6


class ServerPanel(Panel):
    """A panel that shows the readers of a launched server's channels, and controls the server.

    Its buttons publish, kick a reader, pause what is played, take the server down and bring it up again. It shows
    to how many readers each event went, and how long that took.

    The buttons do what the methods of LabServer and Channel do; the panel is one more way to press them.

    Raises:
        LabError: the server has no channel.
    """

    _esm = join_files(FIGURES, "elements.js", "serverpanel.js")
    _css = join_files("labkit.css", "serverpanel.css")

    def __init__(self, server: LabServer) -> None:
        if not server.channels:
            raise LabError("a ServerPanel shows channels, and this server has none. launch({'/events': Channel()})")
        self.server = server
        super().__init__()

    @property
    def alive(self) -> bool:
        return self.server.running

    def snapshot(self) -> dict[str, Any]:
        server = self.server
        channels = server.channels.items()
        state = "stopped" if not server.running else "down" if server.down else "serving"
        return {
            "url": server.url,
            "state": state,
            "paused": server.running and server.paused,
            "trouble": server.problems[-1] if server.problems else "",
            "paths": [path for path, _ in channels],
            "clients": sum(channel.clients for _, channel in channels),
            "readers": [reader for path, channel in channels for reader in _readers(path, channel)][:SHOWN_READERS],
            "events": [
                {"id": delivery.id, "readers": delivery.readers, "us": round(delivery.took_s * 1e6)}
                for _, channel in channels
                for delivery in list(channel.deliveries)[-SHOWN_EVENTS:]
            ],
        }

    def obey(self, message: dict[str, Any]) -> str:
        server, ask = self.server, message.get("ask")
        if not server.running:
            return "this server was stopped for good. Run the cell that launches it again, then this one"
        if ask == "publish":
            server.channels[message["path"]].publish(message["text"])
        elif ask == "kick":
            _kick(server.channels[message["path"]], message["reader"])
        elif ask in ("pause", "resume", "take_down", "bring_up"):
            getattr(server, ask)()
        return ""

    def __repr__(self) -> str:
        return (
            "The server's panel: run this cell, and it shows who listens, and lets you publish, kick, pause and restart"
        )


def _open(channel: Channel) -> list[Visit]:
    return [visit for visit in list(channel.visits) if not visit.left]


def _readers(path: str, channel: Channel) -> list[dict[str, Any]]:
    """The readers of one channel, the newest first."""
    return [
        {"path": path, "reader": visit.number, "who": agent_name(visit.agent), "asked": visit.last_event_id,
         "opened_s": visit.opened_s}
        for visit in reversed(_open(channel))
    ]  # fmt: skip


def _kick(channel: Channel, number: int) -> None:
    for visit in _open(channel):
        if visit.number == number:
            channel.kick(visit)


def agent_name(agent: str) -> str:
    """The short name and version of a client, from its User-Agent header.

    >>> agent_name("python-httpx/0.28.1")
    'python-httpx 0.28.1'
    >>> agent_name("Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36")
    'Chrome 156'
    """
    for name, version in re.findall(r"(Edg|Firefox|Chrome|Safari)\w*/(\d+)", agent):
        return f"{name} {version}"
    name, _, version = agent.partition(" ")[0].partition("/")
    return f"{name} {version}".strip() or "unknown"
