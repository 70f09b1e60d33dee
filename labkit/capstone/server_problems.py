"""What goes wrong inside a server that is checked in this process: told once each, and not as a flood of tracebacks."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

#: Who logs what a handler or an app raises: tornado, uvicorn, hypercorn, asyncio.
LOGGERS = ("tornado.application", "tornado.general", "uvicorn.error", "hypercorn.error", "asyncio", "django.request")
#: What a server meets when a reader leaves. The checklist's readers do that all the time.
LEFT = ("StreamClosedError", "ConnectionResetError", "BrokenPipeError", "ClientDisconnect", "CancelledError")
MAX_KINDS = 5


class ServerProblems(logging.Filter):
    """Takes what those loggers would print. `sentences` are the errors that were raised, each once, with their number.

    Args:
        file: the learner's file, whose line is named; None where there is none.
    """

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._file, self._counts = file, Counter[str]()

    def note(self, sentence: str) -> None:
        """Notes one more."""
        self._counts[sentence] += 1

    def filter(self, record: logging.LogRecord) -> bool:
        """Notes the record's error, and lets nothing through."""
        problem = record.exc_info[1] if record.exc_info else None
        if problem is not None and type(problem).__name__ not in LEFT:
            self.note(self._sentence_of(problem))
        return False

    @property
    def sentences(self) -> tuple[str, ...]:
        """The errors that were raised, the most frequent first."""
        times = [(text, f" ({number} times)" * (number > 1)) for text, number in self._counts.most_common(MAX_KINDS)]
        return tuple(f"{text}{number}" for text, number in times)

    def _sentence_of(self, problem: BaseException) -> str:
        frames = traceback.extract_tb(problem.__traceback__)
        own = [frame for frame in frames if self._file is not None and Path(frame.filename).name == self._file.name]
        frame = (own or list(frames))[-1:]
        where = f"{Path(frame[0].filename).name}, line {frame[0].lineno}: " if frame else ""
        return f"{where}{type(problem).__name__}: {str(problem)[:200]}"


@contextlib.contextmanager
def noted_problems(loggers: Sequence[logging.Logger], file: Path | None) -> Iterator[ServerProblems]:
    """What those loggers are told of while the block runs."""
    problems = ServerProblems(file)
    for logger in loggers:
        logger.addFilter(problems)
    try:
        yield problems
    finally:
        for logger in loggers:
            logger.removeFilter(problems)
