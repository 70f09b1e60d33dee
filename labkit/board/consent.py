"""Asks a learner, once in each notebook, whether to join the board that `labkit --board URL` has named.

The first yes holds for all notebooks of that JupyterLab, and so does the last no: they share a small file, which only
this user can read, and which ends with JupyterLab.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from labkit.board.joining import joined_at
from labkit.errors import NOT_JSON
from labkit.system.observers import CONSENT_VARIABLE
from labkit.widgets.boardline import BoardLine


def ask_about(url: str) -> BoardLine:
    """Shows the line in the cell that runs now. Where the learner has joined in another notebook, it joins here too."""
    from IPython.display import display

    known = _read()
    place = joined_at(url, known.get("name", ""), known.get("who", ""))
    line, member = place.line(), place.member
    if known.get("joined") == "yes":
        member.join(code=known.get("code", ""))
    before = member.on_change

    def note() -> None:
        before()
        if member.stage in ("joined", "left"):
            _write({"joined": "yes" if member.stage == "joined" else "no", "name": member.name, "code": member.code,
                    "who": member.who})  # fmt: skip

    member.on_change = note
    display(line)  # type: ignore[no-untyped-call]
    return line


def _file() -> Path | None:
    path = os.environ.get(CONSENT_VARIABLE)
    return Path(path) if path else None


def _read() -> dict[str, str]:
    file = _file()
    with contextlib.suppress(OSError, *NOT_JSON):
        found = json.loads(file.read_text("utf-8")) if file is not None else {}
        if isinstance(found, dict):
            return {name: str(value) for name, value in found.items()}
    return {}


def _write(consent: dict[str, str]) -> None:
    file = _file()
    if file is None:
        return
    with contextlib.suppress(OSError):
        new = file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as text:
            json.dump(consent, text)
        new.replace(file)
