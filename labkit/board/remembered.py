"""What a learner's machine remembers of a board, so that a kernel that starts again is the same learner.

It is written when the learner has joined, for this user alone, and forgotten when the learner leaves. The file is the
one that `labkit --board` has named, which ends with that JupyterLab; else it lies where Jupyter keeps what is running.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import time
from pathlib import Path

from labkit.errors import NOT_JSON
from labkit.system.observers import CONSENT_VARIABLE

KEPT_S = 24 * 3600.0
_PREFIX = "labkit-board-"


def recall(url: str) -> dict[str, str]:
    """The name, the code and the secret of this learner at that board, and in `joined` "yes" or "no"; {} if unknown."""
    with contextlib.suppress(OSError, *NOT_JSON):
        found = json.loads(_file(url).read_text("utf-8"))
        if isinstance(found, dict):
            return {name: str(value) for name, value in found.items()}
    return {}


def remember(url: str, **known: str) -> None:
    """Keeps it. Where that cannot be done, the next kernel asks again."""
    file = _file(url)
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as text:
            json.dump(known, text)
        new.replace(file)
        _forget_old(file.parent)


def _forget_old(folder: Path) -> None:
    for file in folder.glob(f"{_PREFIX}*.json"):
        if time.time() - file.stat().st_mtime > KEPT_S:
            file.unlink()


def _file(url: str) -> Path:
    if named := os.environ.get(CONSENT_VARIABLE):
        return Path(named)
    from jupyter_core.paths import jupyter_runtime_dir

    # Another file on another day: nobody is followed from class to class.
    key = hashlib.sha256(f"{url} {datetime.date.today()}".encode()).hexdigest()[:16]
    return Path(jupyter_runtime_dir()) / f"{_PREFIX}{key}.json"
