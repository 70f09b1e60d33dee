"""A relay in the background, which outlives the notebook cell that started it."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from labkit.faults.fault import Fault, How
from labkit.proxy.passage import Passage
from labkit.proxy.relay import Relay, relay
from labkit.system.background import Background
from labkit.system.ports import note_closed, note_open
from labkit.system.secrets import shown_url
from labkit.system.uninterrupted import uninterrupted

_relays: dict[str, LabRelay] = {}  # the registry of launched relays, by name


def launch_relay(origin: str, *faults: Fault, name: str = "relay", seed: int = 0) -> LabRelay:
    """Starts a relay in the background. It accepts connections when this returns.

    The cell run again replaces the relay of that name, on the same port.

    Args:
        origin: the URL that it passes requests on to.
        faults: the faults that work on the answers.
        name: tells relays apart.
        seed: where all chance comes from.

    Raises:
        LabError: the origin cannot be relayed.
        PortInUse: another program has taken the port meanwhile.
    """
    return uninterrupted(f"relay {name}", lambda: _launch_relay(origin, faults, name, seed))


def _launch_relay(origin: str, faults: tuple[Fault, ...], name: str, seed: int) -> LabRelay:
    previous = _relays.pop(name, None)
    port = 0
    if previous is not None:
        port = previous.port
        previous._end()  # its port goes on: those who read from it come back
    lab_relay = _relays[name] = LabRelay(name, origin, faults, seed, port)
    return lab_relay


def relay_at(port: int) -> LabRelay | None:
    """The launched relay that listens there; None where there is none."""
    return next((relay for relay in _relays.values() if relay.port == port), None)


class LabRelay:
    """A relay on a daemon thread of its own, made by launch_relay(). Its methods may be called from any thread.

    `running` is False after stop().
    """

    def __init__(self, name: str, origin: str, faults: tuple[Fault, ...], seed: int, port: int) -> None:
        self.name, self.origin = name, origin
        self._background = Background(f"relay {name}")
        self._stack = contextlib.AsyncExitStack()
        self.running = True
        try:
            self._relay: Relay = self._background.run(
                self._stack.enter_async_context(relay(origin, *faults, seed=seed, port=port))
            )
        except BaseException:
            self._background.end()
            raise
        self.url = self._relay.url
        self.port = urlsplit(self.url).port or 0
        note_open(self.port)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that work on the answers now."""
        return self._relay.faults

    @property
    def passages(self) -> list[Passage]:
        """What became of each connection since the faults were set."""
        return list(self._relay.passages)

    @property
    def open_passages(self) -> list[Passage]:
        """The connections that are open, the oldest first: also those from before the faults were set."""
        return self._relay.open_passages

    @property
    def connections(self) -> int:
        """How many connections have come since the faults were set."""
        return self._relay.connections

    @property
    def open(self) -> int:
        """How many connections are open."""
        return self._relay.open

    def set(self, *faults: Fault) -> None:
        """Replaces the faults, also for the streams that are open."""
        self._background.call(lambda: self._relay.set(*faults))

    def cut(self, how: How = "fin") -> None:
        """Ends every open connection now. `how` is "clean", "fin" or "rst"."""
        self._background.call(lambda: self._relay.cut(how))

    def stop(self) -> None:
        """Ends every connection, and frees the port."""
        uninterrupted(f"relay {self.name}", self._stop)

    def _stop(self) -> None:
        if self.running:
            self._end()
            if _relays.get(self.name) is self:
                del _relays[self.name]
            note_closed(self.port)

    def _end(self) -> None:
        if self.running:
            self.running = False
            self._background.run(self._stack.aclose())
            self._background.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        faults = ", ".join(map(repr, self.faults)) or "no fault"
        return f"<LabRelay {self.url} to {shown_url(self.origin)}: {faults}>" if self.running else "<LabRelay stopped>"
