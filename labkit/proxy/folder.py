"""The folder of a real proxy, for its owner alone, and gone when the proxy is."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

_PREFIX = "labkit-proxy-"
_OWNER = "owner.lock"


class ProxyFolder:
    """A new folder that nobody else can list; its files are for the owner alone.

    It holds a lock as long as this process lives. A folder whose process was killed is found by that, with its keys and
    logs, and removed when the next one is made.
    """

    def __init__(self) -> None:
        sweep()
        draft = Path(tempfile.mkdtemp(prefix="labkit-new-"))  # 0700
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            draft.chmod(0o711)  # where root starts nginx, its workers are nobody: they must be able to walk in
        self._lock = _locked(draft / _OWNER)
        # Only now under the name that is swept: another process would take what is not locked yet for left behind.
        self.path = draft.rename(draft.with_name(draft.name.replace("labkit-new-", _PREFIX)))

    def open(self, name: str) -> IO[bytes]:
        """A new file in it, for writing."""
        return os.fdopen(os.open(self.path / name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")

    def remove(self) -> None:
        """Removes it with everything in it."""
        if self._lock is not None:
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def sweep() -> None:
    """Removes the folders of this user's processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if (folder / _OWNER).exists() and (lock := _locked(folder / _OWNER)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                lock.close()


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked by this process; None where another holds it, or where there are no such locks (Windows)."""
    try:
        import fcntl
    except ImportError:
        return None
    file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
