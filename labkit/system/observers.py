"""Who is told of guesses, checks and results: nobody, until somebody asks to be.

A lesson's tools call tell(). It costs a look at a list where nobody listens, and nothing is loaded for it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable
from typing import Any

#: Called with the kind of what happened, and its facts. It runs in the learner's cell, so it must be quick.
Observer = Callable[[str, dict[str, Any]], object]

#: The variable that `labkit --board URL` hands to the kernels.
BOARD_VARIABLE = "LABKIT_BOARD"
#: And this names the file in which they share what the learner has answered.
CONSENT_VARIABLE = "LABKIT_BOARD_CONSENT"
#: Named, not imported: it stands on a floor above, and whoever goes to no board loads none of it. The first thing that
#: happens loads it, and it asks the learner. Precedent: PYTHONBREAKPOINT names a module that is loaded when it is met.
_ASKS = "labkit.board.consent"

_observers: list[Observer] = []
_asked: list[str] = []  # the boards that the learner was asked about in this process


def observe(observer: Observer) -> Callable[[], None]:
    """Calls `observer` with everything that is told from now on. Returns what ends it."""
    _observers.append(observer)

    def end() -> None:
        with contextlib.suppress(ValueError):
            _observers.remove(observer)

    return end


def tell(kind: str, **facts: Any) -> None:
    """Tells all observers what happened. Never raises: a lesson goes on, whatever becomes of a board."""
    url = os.environ.get(BOARD_VARIABLE, "")
    if not _observers and (not url or url in _asked):
        return
    with contextlib.suppress(Exception):
        if url and url not in _asked:
            _asked.append(url)
            importlib.import_module(_ASKS).ask_about(url)
    for observer in tuple(_observers):
        with contextlib.suppress(Exception):
            observer(kind, facts)
