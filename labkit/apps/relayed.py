"""An app behind a relay, so that its line can be cut and its server restarted while somebody reads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from labkit.apps.catalogue import find_app
from labkit.apps.launching import launch_made_app
from labkit.faults import Throttle
from labkit.faults.fault import Fault
from labkit.faults.holding import FillBuffers, Unless
from labkit.proxy import launch_relay

#: A line that is slower than what the fast apps send.
SLOW_BYTES_PER_S = 2000
#: What can stand between the app and its readers. A proxy that buffers passes on what says X-Accel-Buffering: no.
WAYS: dict[str, tuple[Fault, ...]] = {
    "straight": (),
    "a proxy that buffers": (Unless("x-accel-buffering", "no", FillBuffers()),),
    "a slow line": (Throttle(SLOW_BYTES_PER_S),),
}


class RelayedApp:
    """An app of the catalogue, and a relay before it. `url` stays the same whatever happens behind it.

    `app` is the one that runs now, `naive` tells which version it is, `way` what stands between (see WAYS), `folder`
    where it keeps its state. `label` tells apps of one name apart.

    Raises:
        LabError: there is no such app.
    """

    def __init__(self, name: str, naive: bool = False, folder: Path | None = None, label: str = "") -> None:
        self.name, self.naive, self.way = name, naive, "straight"
        self._passing = tempfile.TemporaryDirectory(prefix=f"labkit-{name}-", ignore_cleanup_errors=True)
        self.folder = folder or Path(self._passing.name)
        self._label = label
        self.app = find_app(name, self.folder, naive)
        self.server = launch_made_app(self.app, name, naive, label=label)
        self.relay = launch_relay(self.server.url, name=f"before {label or name}")
        self.url = self.relay.url

    def cut(self) -> None:
        """Cuts every open connection, as a network does that is gone for a moment."""
        self.relay.cut()

    def go(self, way: str) -> None:
        """Puts one of WAYS between the app and its readers, who come back through it."""
        self.way = way
        self.relay.set(*WAYS[way])
        self.relay.cut()

    def restart(self, naive: bool | None = None) -> None:
        """Stops the server, and starts it again on the same port: what was only in its memory is gone.

        Given `naive`, the other version takes its place.
        """
        self.naive = self.naive if naive is None else naive
        port = self.server.port
        self.server.stop()
        self.app = find_app(self.name, self.folder, self.naive)
        self.server = launch_made_app(self.app, self.name, self.naive, port, label=self._label)

    def stop(self) -> None:
        """Stops the relay and the server. A folder that was not given goes with them."""
        self.relay.stop()
        self.server.stop()
        self._passing.cleanup()

    def __repr__(self) -> str:
        version = "the naive version" if self.naive else "the whole version"
        return f"<{self.name}, {version}, {self.way}, at {self.url}/>"
