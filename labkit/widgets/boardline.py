"""A widget: the line with which a learner joins a class board, and the banner that comes from there."""

from __future__ import annotations

from typing import Any, Protocol

import traitlets

from labkit.widgets.assets import LabWidget, join_files


class BoardMember(Protocol):
    """What the line shows and steers: see labkit.board."""

    stage: str
    why: str
    name: str
    code: str
    url: str
    notice: dict[str, Any]
    exercise: str

    def join(self, name: str = "", code: str = "") -> None:
        """The learner has said yes."""

    def leave(self) -> None:
        """The learner has said no, or enough."""

    def raise_hand(self) -> None:
        """The learner says "me" to the banner."""

    def show_answer(self) -> None:
        """The learner shows the answer that was checked last."""


class BoardLine(LabWidget):
    """A line that asks whether to join a class board. Nothing is sent before its button is pressed, or join() called.

    After that it says as whom one is there, and shows the banner that comes from the board over the notebook.
    """

    _esm = join_files("elements.js", "boardline.js")
    _css = join_files("labkit.css", "boardline.css")
    shown: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, member: BoardMember) -> None:
        self.member = member
        super().__init__(shown=_shown(member))
        self.on_msg(self._hear)

    def update(self) -> None:
        """Shows what has changed. Safe from any thread."""
        self.shown = _shown(self.member)

    def join(self, name: str = "", code: str = "") -> None:
        """Joins, as the button does: to call it is to agree."""
        self.member.join(name, code)

    def leave(self) -> None:
        """Leaves the board."""
        self.member.leave()

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        ask = message.get("ask")
        if ask == "join":
            self.member.join(str(message.get("name", "")), str(message.get("code", "")))
        elif ask == "leave":
            self.member.leave()
        elif ask == "hand":
            self.member.raise_hand()
        elif ask == "show":
            self.member.show_answer()

    def __repr__(self) -> str:
        return "The class board: run this cell to choose a nickname and join, or not"


def _shown(member: BoardMember) -> dict[str, Any]:
    return {
        "stage": member.stage, "why": member.why, "name": member.name, "code": member.code, "url": member.url,
        "notice": member.notice, "exercise": member.exercise,
    }  # fmt: skip
