"""The base of the panels, which show a running server or relay and control it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from labkit.errors import LabError
from labkit.widgets.assets import LabWidget
from labkit.widgets.streamclient import BATCH_S


class Panel(LabWidget):
    """A widget that shows a snapshot of a server or relay whenever it has changed, ten times a second at most.

    What counts seconds is given as a moment of time.monotonic(), and the page counts: a snapshot that changes each
    second would keep the kernel of a lesson busy that everybody has left.

    If a command fails, the reason is shown in one sentence.
    """

    def __init__(self, **traits: Any) -> None:
        self._last_snapshot: dict[str, Any] = {}
        super().__init__(**traits)
        self.on_msg(self._hear)
        self._watching: asyncio.Task[None] = asyncio.ensure_future(self._watch())

    @property
    def alive(self) -> bool:
        """Whether the server or relay still runs. If not, watching ends."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """What is to be shown now, as JSON values."""
        raise NotImplementedError

    def obey(self, message: dict[str, Any]) -> str:
        """Executes a command from the page, and returns "", or a sentence if it failed."""
        raise NotImplementedError

    def close(self) -> None:
        """Stops watching. The server or relay goes on."""
        self._watching.cancel()
        super().close()

    async def _watch(self) -> None:
        while self.alive:
            self._show()
            await asyncio.sleep(BATCH_S)
        self._show()

    def _show(self, everything: bool = False) -> None:
        snapshot = self.snapshot()
        if everything or snapshot != self._last_snapshot:
            self._last_snapshot = snapshot
            self.send({"panel": snapshot, "now_s": time.monotonic()})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        try:
            problem = "" if message.get("ask") == "all" else self.obey(message)
        except (LabError, ValueError) as error:
            problem = str(error)
        self._show(everything=True)
        self.send({"problem": problem})
