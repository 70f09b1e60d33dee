"""Child processes that never live longer than this one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from labkit.system.secrets import clean_environment

#: Between us and the program stands this guard. Its standard input ends when we close it, or are gone: a kernel that is
#: killed runs no atexit and no finally. It has a session of its own, so an interrupt of the kernel leaves it alone.
_GUARD = """
import os, signal, subprocess, sys, threading
program = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True)
def exit_with_program():
    os._exit(program.wait() & 255)
threading.Thread(target=exit_with_program, daemon=True).start()
how = sys.stdin.buffer.read()
def send_signal(number):
    try:
        os.killpg(program.pid, number) if hasattr(os, "killpg") else program.terminate()
    except ProcessLookupError:
        pass
try:
    if how != b"kill":
        send_signal(signal.SIGTERM)
        program.wait(float(sys.argv[1]))
except subprocess.TimeoutExpired:
    pass
if program.poll() is None:
    send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    program.wait()
"""


class Child:
    """A running program. It ends with stop(), at the end of a `with` block, and with this process, however that ends.

    Args:
        command: the program and its arguments.
        environment: variables on top of those that a program needs to run: no key of this process is among them.
        log: takes what the program prints; without one it is thrown away.
        patience_s: how long it may take to end, when it is asked to, before it is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        log: IO[bytes] | None = None,
        patience_s: float = 5.0,
    ) -> None:
        self.command = list(command)
        output = log if log is not None else subprocess.DEVNULL
        self._guard = subprocess.Popen(
            [sys.executable, "-c", _GUARD, str(patience_s), *self.command],
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
        """Asks the program to end, and kills it when its time is up. Returns when it has ended."""
        assert self._guard.stdin is not None
        with contextlib.suppress(OSError):  # it has ended by itself
            self._guard.stdin.close()
        self._guard.wait()

    def kill(self) -> None:
        """Kills the program at once (SIGKILL): it can tidy nothing up. Returns when it has ended."""
        assert self._guard.stdin is not None
        if not self._guard.stdin.closed:
            with contextlib.suppress(OSError):  # it has ended by itself
                self._guard.stdin.write(b"kill")
                self._guard.stdin.flush()
        self.stop()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Child {Path(self.command[0]).name} {'runs' if self.running else 'has ended'}>"
