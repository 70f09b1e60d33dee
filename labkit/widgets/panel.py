"""What the panels have in common: they watch something that runs elsewhere, and press its buttons."""

from __future__ import annotations

import asyncio
from typing import Any

from labkit.errors import LabError
from labkit.widgets.assets import LabWidget
from labkit.widgets.streamclient import BATCH_S


class Panel(LabWidget):
    """Shows a snapshot of what it watches whenever it changed, ten times a second at most; what could not be done is
    said in one sentence."""

    def __init__(self, **traits: Any) -> None:
        self._shown: dict[str, Any] = {}
        super().__init__(**traits)
        self.on_msg(self._hear)
        self._watching: asyncio.Task[None] = asyncio.ensure_future(self._watch())

    @property
    def alive(self) -> bool:
        """Whether what is watched still runs; when it does not, that is shown, and watching ends."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """What is to be shown now, as JSON."""
        raise NotImplementedError

    def obey(self, message: dict[str, Any]) -> str:
        """Does what was asked; a sentence where that could not be done."""
        raise NotImplementedError

    def close(self) -> None:
        """Stops watching. What is watched goes on."""
        self._watching.cancel()
        super().close()

    async def _watch(self) -> None:
        while self.alive:
            self._show()
            await asyncio.sleep(BATCH_S)
        self._show()

    def _show(self, everything: bool = False) -> None:
        snapshot = self.snapshot()
        if everything or snapshot != self._shown:
            self._shown = snapshot
            self.send({"panel": snapshot})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        try:
            problem = "" if message.get("ask") == "all" else self.obey(message)
        except (LabError, ValueError) as error:
            problem = str(error)
        self._show(everything=True)
        self.send({"problem": problem})
