"""How a learner joins a class board, or plays the votes of one at home."""

from __future__ import annotations

from pathlib import Path

from labkit.board.address import split_url
from labkit.board.membership import Membership
from labkit.board.remembered import recall, remember
from labkit.board.replay import StoredVotes
from labkit.errors import LabError
from labkit.widgets.boardline import BoardLine


class _OneBoard:
    """The membership of a process at one board, and all the lines that show it."""

    def __init__(self, url: str, name: str) -> None:
        self._url, known = url, recall(url)
        self.member = Membership(url, name or known.get("name", ""), known.get("who", ""), self._update)
        self._stage = self.member.stage
        self._lines: list[BoardLine] = []

    def line(self) -> BoardLine:
        """A new line that shows it."""
        line = BoardLine(self.member)
        self._lines = [*self._lines[-4:], line]  # a cell that is run again leaves its line behind
        return line

    def _update(self) -> None:
        member = self.member
        if member.stage != self._stage and member.stage in ("joined", "left"):
            if member.stage == "joined":
                remember(self._url, joined="yes", name=member.name, code=member.code, who=member.who)
            else:
                remember(self._url, joined="no")
        self._stage = member.stage
        for line in self._lines:
            line.update()


_boards: dict[str, _OneBoard] = {}  # by the board's address


def board(url: str = "", name: str = "", *, replay: str | Path | None = None) -> BoardLine | StoredVotes:
    """A line that asks whether to join the class board; or, with `replay`, the votes of a class that was.

    Nothing is sent before its Join is pressed. The cell run again shows how things are.

    Args:
        url: the address on the projector, such as "http://192.168.1.5:8090/KMPR7T".
        name: the nickname to begin with.
        replay: the votes.json of a report: from here on each `compare` shows what that class had guessed.

    Raises:
        LabError: there is no such address, or no vote in that file.
    """
    if replay is not None:
        return StoredVotes.load(replay).play()
    if not url:
        raise LabError('which board? Say board("http://192.168.1.5:8090/KMPR7T"), as it stands on the projector')
    return joined_at(url, name).line()


def joined_at(url: str, name: str = "") -> _OneBoard:
    """This process's place at that board, which is made if there is none."""
    address, _ = split_url(url)
    found = _boards.get(address)
    if found is None:
        found = _boards[address] = _OneBoard(url, name)
    elif name and found.member.stage in ("asking", "left", "refused"):
        found.member.name = name
    return found
