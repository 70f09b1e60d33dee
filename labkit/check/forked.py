"""The calls of one check, in a child process where there can be one: what happens there cannot stop the notebook."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from labkit.check.exercise import Exercise, NoValue, Sample
from labkit.check.limits import Limits, is_traced
from labkit.check.run import CallResult, run_once, unfinished

#: The samples of each level, in the order in which they are tried.
Plan = Sequence[Sequence[Sample]]
Send = Callable[[CallResult], object]
#: The child's last message.
_END = "end"
_LENGTH_BYTES = 4
#: Far above what the longest sample's answer takes (some 10 KB).
_MOST_BYTES = 1 << 20


def can_fork() -> bool:
    """Whether the calls run in a child. With a debugger they do not: its breakpoints would never be reached there."""
    return hasattr(os, "fork") and not is_traced()


def call_results(function: Callable[..., object], plan: Plan, exercise: Exercise, limits: Limits) -> list[CallResult]:
    """The results of the calls, in the order of the plan.

    The last ones are those of the first level with a wrong result, and the last one may be a call that never came back.
    All calls run in one process, one after the other, so that a function may remember something between them.
    """
    if can_fork():
        with contextlib.suppress(OSError):  # the system has no process left
            return _in_a_child(function, plan, exercise, limits)
    return list(_in_this_process(function, plan, exercise, limits))


def _calls(
    function: Callable[..., object], plan: Plan, exercise: Exercise, limits: Limits, give_up: Send | None = None
) -> Iterator[CallResult]:
    for samples in plan:
        is_right = True
        for sample in samples:
            result = run_once(function, sample, exercise.read, limits, give_up, exercise.show_returned)
            yield result
            if result.is_unfinished:
                return
            is_right = is_right and result.value == sample.expected
        if not is_right:
            return


def _in_this_process(
    function: Callable[..., object], plan: Plan, exercise: Exercise, limits: Limits
) -> Iterator[CallResult]:
    """Without a child, the memory has no limit: it would be the notebook's own."""
    ends_s = time.monotonic() + limits.check_s
    for result in _calls(function, plan, exercise, replace(limits, memory_bytes=0)):
        yield result
        if time.monotonic() > ends_s:
            yield unfinished("too slow", limits)
            return


def _in_a_child(function: Callable[..., object], plan: Plan, exercise: Exercise, limits: Limits) -> list[CallResult]:
    parent, child = os.getpid(), 0
    results: list[CallResult] = []
    read_end, write_end = os.pipe()
    try:
        child = _fork()
        if not child:
            _serve(write_end, function, plan, exercise, limits)
        os.close(write_end)
        write_end = -1
        for result in _received(read_end, limits):
            results.append(result)
    except KeyboardInterrupt:
        results.append(unfinished("stopped", limits))
    finally:
        if os.getpid() != parent:
            os._exit(1)  # whatever happens in the child, it does not go on as a second notebook
        _end(child)
        for end in (read_end, write_end):
            if end >= 0:
                os.close(end)
    return results


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns where there are threads, as in every notebook: one may hold a lock that the child then waits
        # for. The child calls the learner's function and nothing of the kernel, and if it waits it is killed.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        return os.fork()


def _end(child: int) -> None:
    """Kills the child, and what it started."""
    if not child:
        return
    for kill in (os.killpg, os.kill):  # no group yet: it was killed before it could make one
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


# What runs in the child.


def _serve(write_end: int, function: Callable[..., object], plan: Plan, exercise: Exercise, limits: Limits) -> NoReturn:
    signal.set_wakeup_fd(-1)  # the loop that listens there is the notebook's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the notebook hears Ctrl-C, and kills this process
    os.setpgid(0, 0)  # what the function starts is killed with it
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # Should the notebook be killed meanwhile, nobody else ends this process.
    signal.setitimer(signal.ITIMER_REAL, limits.check_s + limits.call_s)
    gc.freeze()  # what the notebook left to be collected may close its sockets, or stop its servers
    child = os.getpid()

    def send(result: CallResult) -> None:
        if os.getpid() != child:
            os._exit(0)  # the function forked, and this is not the process that was asked
        _write(write_end, _packed(result))

    def give_up(result: CallResult) -> None:
        send(result)
        os._exit(0)

    for result in _calls(function, plan, exercise, replace(limits, call_s=0), give_up):
        send(result)
    _write(write_end, pickle.dumps(_END))
    os._exit(0)


def _packed(result: CallResult) -> bytes:
    try:
        packed = pickle.dumps(result)
    except Exception as problem:
        return pickle.dumps(_incomparable(result, problem))
    if len(packed) <= _MOST_BYTES:
        return packed
    why = "It returned far more than the check expects."
    return pickle.dumps(replace(result, value=NoValue("unreadable", why), why=why))


def _incomparable(result: CallResult, problem: Exception) -> CallResult:
    why = f"The check cannot compare what it returned: a copy of it raises {type(problem).__name__}."
    return replace(result, value=NoValue("unreadable", why), why=why)


def _write(end: int, packed: bytes) -> None:
    data = len(packed).to_bytes(_LENGTH_BYTES, "big") + packed
    while data:
        data = data[os.write(end, data) :]


# What the notebook does meanwhile.


def _received(end: int, limits: Limits) -> Iterator[CallResult]:
    ends_s = time.monotonic() + limits.check_s
    while True:
        call_ends_s = time.monotonic() + limits.call_s
        try:
            message = _unpacked(_read_message(end, min(call_ends_s, ends_s)))
        except TimeoutError:
            yield unfinished("late" if call_ends_s <= ends_s else "too slow", limits)
            return
        except EOFError:
            yield unfinished("ended", limits)
            return
        if message == _END:
            return
        yield message
        if message.is_unfinished:
            return


def _unpacked(packed: bytes) -> Any:
    try:
        return pickle.loads(packed)
    except Exception as problem:  # a class of the learner's own, which cannot be made again
        return _incomparable(CallResult(None), problem)


def _read_message(end: int, until_s: float) -> bytes:
    return _read(end, int.from_bytes(_read(end, _LENGTH_BYTES, until_s), "big"), until_s)


def _read(end: int, count: int, until_s: float) -> bytes:
    waiter = select.poll()  # select.select() refuses descriptors above 1023, and a lab has many sockets
    waiter.register(end, select.POLLIN)
    data = b""
    while len(data) < count:
        if not waiter.poll(max(0.0, until_s - time.monotonic()) * 1000):
            raise TimeoutError
        part = os.read(end, count - len(data))
        if not part:
            raise EOFError
        data += part
    return data
