"""Where a thread stands: which line it is at, for who wonders why nothing moves."""

from __future__ import annotations

import linecache
import sys
import sysconfig
import threading
from pathlib import Path
from types import FrameType

#: Code that people did not write themselves: the line that they can change is further out.
_NOT_THEIRS = tuple(
    str(Path(path).resolve())
    for path in {*map(sysconfig.get_paths().get, ("stdlib", "purelib", "platlib")), str(Path(__file__).parent.parent)}
    if path
)


def standing_at(thread: threading.Thread) -> str:
    """The line at which the thread stands, in words; "" where it waits for its next task, or has ended.

    It is the innermost line of the code that the person wrote; where there is none, the innermost line.
    """
    innermost = frame = sys._current_frames().get(thread.ident or 0)
    if innermost is None or innermost.f_code.co_name == "select":
        return ""
    while frame is not None and str(Path(frame.f_code.co_filename).resolve()).startswith(_NOT_THEIRS):
        frame = frame.f_back
    return _describe(frame or innermost)


def _describe(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    place = "a cell" if "ipykernel" in name or name.startswith("<ipython") else Path(name).name
    text = linecache.getline(name, frame.f_lineno, frame.f_globals).strip()
    return f"line {frame.f_lineno} of {place}, in {frame.f_code.co_name}(): {text or '?'}"
