"""What a learner has guessed, measured and passed: a line of JSON for each, in a file beside their lessons.

It is written in a folder that labkit has handed lessons out to, and nowhere else, so that scripts and tests leave
nothing. Nothing is sent. LABKIT_NOTES=none turns it off.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from pathlib import Path

#: The file in a folder of lessons that says which originals they are copies of: only there is anything noted.
LEDGER = ".originals.json"
FILE = ".labkit/progress.jsonl"
#: Far more than a learner's notes: a cell that runs in a loop must not fill the disk.
MAX_BYTES = 2 * 1024 * 1024
_MAX_TEXT = 300
_VARIABLE = "LABKIT_NOTES"

#: What this process has noted already: a cell that runs again says nothing new.
_noted: set[str] = set()


def note(kind: str, **facts: str | int | bool | None) -> None:
    """Notes that something was passed, guessed or measured. Never raises: a lesson goes on with a full disk too.

    Args:
        kind: "check", "solution", "guess", "claim" or "recorded".
        facts: what is kept of it; long texts are shortened.
    """
    with contextlib.suppress(Exception):  # whatever a strange disk or a strange value raises
        folder = Path.cwd()  # a notebook runs in its own folder
        if os.environ.get(_VARIABLE) == "none" or not (folder / LEDGER).is_file():
            return
        kept = {name: value[:_MAX_TEXT] if isinstance(value, str) else value for name, value in facts.items()}
        text = json.dumps({"kind": kind, **kept})
        key = f"{folder}\n{text}"
        if key in _noted:
            return
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        _append(folder / FILE, json.dumps({"at": at, "kind": kind, **kept}))
        _noted.add(key)


def _append(path: Path, line: str) -> None:
    """Several kernels write at once: each writes whole lines, at the end. A line that was cut spoils no other."""
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size < MAX_BYTES:
            os.write(descriptor, f"\n{line}\n".encode())
    finally:
        os.close(descriptor)


def read_notes(folder: Path) -> list[dict[str, object]]:
    """What was noted in this folder of lessons, the oldest first. A line that cannot be read is left out."""
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            fact = json.loads(line)
            if isinstance(fact, dict) and isinstance(fact.get("kind"), str) and isinstance(fact.get("at"), str):
                found.append(fact)
    return found
