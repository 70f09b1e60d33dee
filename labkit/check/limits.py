"""The bounds of one call of a learner's function: steps, seconds, memory, and no keyboard."""

from __future__ import annotations

import builtins
import contextlib
import functools
import getpass
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

_STATM = Path("/proc/self/statm")
_OWN_FOLDER = str(Path(__file__).parent.parent)
_ALARM_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one call may use before a check ends it.

    Args:
        steps: the instructions of Python that one call may execute. They are counted, so that the same function gets
            the same answer on every machine. The longest sample has 4146 characters; a plain loop over them takes some
            50,000 steps. This many take about half a second.
        call_s: the seconds that one call may take. They end what executes no instructions: a function that waits, and
            a loop inside Python's own C code. The slowest right call takes some milliseconds.
        check_s: the seconds that all calls of a check may take together.
        memory_bytes: the memory that a call may add to what the kernel holds already.
    """

    steps: int = 2_000_000
    call_s: float = 5.0
    check_s: float = 20.0
    memory_bytes: int = 512 << 20


LIMITS = Limits()


class StepsExhausted(BaseException):
    """The call executed too many steps. It is no Exception: a learner's `except Exception` must not catch it."""


class TimeExhausted(BaseException):
    """The call took too long. It is no Exception, for the same reason."""


class NoKeyboard(EOFError):
    """The call asked somebody to type. Nobody can answer in a check."""


def is_traced() -> bool:
    """Whether a debugger or a coverage tool watches this thread."""
    monitoring: Any = getattr(sys, "monitoring", None)  # since Python 3.12
    return sys.gettrace() is not None or (
        monitoring is not None and any(monitoring.get_tool(number) for number in range(6))
    )


@contextlib.contextmanager
def step_limit(steps: int, on_exhausted: Callable[[], None]) -> Iterator[None]:
    """Counts the instructions of Python in the block, and raises StepsExhausted after `steps`. 0 sets no limit.

    Lines are not counted: on Python 3.11 a loop that stands in one line would be one step. `on_exhausted` is called
    first: a bare `except:` of the learner could keep the loop alive, but not if the process ends there.
    """
    if not steps or is_traced():
        yield
        return
    steps_left = steps

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps_left
        steps_left -= 1
        if steps_left < 0:
            sys.settrace(None)
            on_exhausted()
            raise StepsExhausted
        return count

    def enter(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename.startswith(_OWN_FOLDER):
            count(frame, event, argument)
            return None  # labkit's own loops end: of its functions only the calls are counted
        frame.f_trace = count  # first: where it is missing, Python 3.13 counts from the function's second call on
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return count(frame, event, argument)

    # Python 3.12 counts no instruction unless some frame has asked for it before settrace().
    sys._getframe().f_trace_opcodes = True
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(None)


@contextlib.contextmanager
def memory_limit(memory_bytes: int) -> Iterator[None]:
    """In the block this process may take so much more memory than at its first call; 0 sets no limit.

    Linux only: other systems do not say how much address space a process has, or do not keep the limit.
    """
    held_bytes = _held_bytes(os.getpid()) if memory_bytes else 0
    if not held_bytes:
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in before if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([held_bytes + memory_bytes, *bounds]), before[1]))
    try:
        yield
    finally:  # also before the error is put into words: its traceback still holds all that memory
        resource.setrlimit(resource.RLIMIT_AS, before)


@functools.cache
def _held_bytes(process: int) -> int:
    """The address space that this process has; 0 where the system does not say. `process` is its number."""
    try:
        import resource

        return int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return 0


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises TimeExhausted in the block after so many seconds, where the system has an alarm; 0 sets none.

    It ends what waits, and loops of Python. A loop inside Python's own C code hears no alarm.
    """
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeExhausted

    started_s = time.monotonic()
    handler_before = signal.signal(signal.SIGALRM, ring)
    left_before_s, again_before_s = signal.setitimer(signal.ITIMER_REAL, seconds, _ALARM_AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
        if left_before_s:  # somebody else's alarm, such as that of a test's timeout
            left_s = max(0.001, left_before_s - (time.monotonic() - started_s))
            signal.setitimer(signal.ITIMER_REAL, left_s, again_before_s)


@contextlib.contextmanager
def no_keyboard() -> Iterator[None]:
    """In the block input() and its siblings raise NoKeyboard, also in a notebook, where they would wait for ever."""

    def refuse(*given: object, **options: object) -> Any:
        raise NoKeyboard

    with contextlib.ExitStack() as stack:
        for owner, name in ((builtins, "input"), (getpass, "getpass"), (sys, "breakpointhook")):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, refuse)
        stack.callback(setattr, sys, "stdin", sys.stdin)
        sys.stdin = _NoStdin()
        yield


class _NoStdin(io.TextIOBase):
    """A standard input on which nobody types."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        raise NoKeyboard

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        raise NoKeyboard
