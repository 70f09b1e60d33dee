"""What to do now, for errors that are no mistake of a cell: it was stopped, or something has to run before it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

import httpx

#: The errors that get a sentence of advice.
ADVISED = (NameError, ConnectionRefusedError, httpx.ConnectError, asyncio.CancelledError, KeyboardInterrupt)


def advice(problem: BaseException) -> str:
    """A sentence for somebody who sees this error in a notebook, or "" where the error says enough itself."""
    if isinstance(problem, asyncio.CancelledError | KeyboardInterrupt):
        return "The cell was stopped before its end. Run it again to get its result."
    if isinstance(problem, ConnectionRefusedError | httpx.ConnectError):
        return (
            "Nothing answers there: the server is stopped, or down. Run the cell that launches it again (or press "
            "Bring it up in its panel), then this one."
        )
    if type(problem) is NameError and problem.name:
        return (
            f"If {problem.name} is spelled right: the cell that makes it has not run to its end in this kernel. In "
            "JupyterLab's menu choose Run, then Run All Above Selected Cell."
        )
    return ""


def show_with_advice(
    shell: Any,
    kind: type[BaseException],
    problem: BaseException,
    where: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Shows the error as the shell always does, and the advice below it. For IPython's `set_custom_exc`."""
    shell.showtraceback((kind, problem, where), tb_offset=tb_offset)
    if sentence := advice(problem):
        print(sentence)
