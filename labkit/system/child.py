"""Child processes that never live longer than this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

#: Between us and the program stands this guard. Its standard input ends when we close it, or are gone: a kernel that is
#: killed runs no atexit and no finally. It has a session of its own, so an interrupt of the kernel leaves it alone.
_GUARD = """
import os, signal, subprocess, sys, threading
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
def exit_with_program():
    os._exit(program.wait() & 255)
threading.Thread(target=exit_with_program, daemon=True).start()
sys.stdin.buffer.read()
def send_signal(number):
    try:
        os.killpg(program.pid, number) if hasattr(os, "killpg") else program.terminate()
    except ProcessLookupError:
        pass
send_signal(signal.SIGTERM)
try:
    program.wait(5)
except subprocess.TimeoutExpired:
    send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    program.wait()
"""


#: What a program needs of its environment. All else stays behind: the keys of a learner's models among it.
_VARIABLES = frozenset("""
    PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR TEMP TMP SHELL DISPLAY XDG_RUNTIME_DIR LD_LIBRARY_PATH
    DYLD_LIBRARY_PATH VIRTUAL_ENV CONDA_PREFIX SSL_CERT_FILE SSL_CERT_DIR SYSTEMROOT SYSTEMDRIVE COMSPEC PATHEXT WINDIR
    APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES USERPROFILE
""".split())  # fmt: skip # noqa: SIM905
_PREFIXES = ("LC_", "PYTHON", "COVERAGE")


def clean_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that a program needs: where things are, and in which language. No keys, no tokens.

    >>> clean_environment({"PATH": "/bin", "LC_ALL": "C", "OPENAI_API_KEY": "sk-1"})
    {'PATH': '/bin', 'LC_ALL': 'C'}
    """
    return {name: value for name, value in base.items() if name.upper() in _VARIABLES or name.startswith(_PREFIXES)}


class Child:
    """A running program. It ends with stop(), at the end of a `with` block, and with this process, however that ends.

    Args:
        command: the program and its arguments.
        environment: variables on top of clean_environment().
        log: takes what the program prints; without one it is thrown away.
    """

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str] | None = None, log: IO[bytes] | None = None
    ) -> None:
        self.command = list(command)
        output = log if log is not None else subprocess.DEVNULL
        self._guard = subprocess.Popen(
            [sys.executable, "-c", _GUARD, *self.command],
            env={**clean_environment(), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        """Whether the program still runs."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """Asks the program to end, and kills it after five seconds. Returns when it has ended."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Child {Path(self.command[0]).name} {'runs' if self.running else 'has ended'}>"
