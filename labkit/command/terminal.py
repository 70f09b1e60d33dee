"""Output for the terminal: one-line failures, and text that cannot drive the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import IO, Any

import click

from labkit.errors import LabError

#: Joiners inside an emoji or a Persian word: they belong to the text, and move nothing.
_JOINERS = "\u200c\u200d"


#: Set to anything, the place of an error is shown, as Python does, instead of a sentence.
TRACEBACK_VARIABLE = "LABKIT_TRACEBACK"


#: The exit code of a program that Ctrl-C has ended: 128, and the number of SIGINT.
INTERRUPTED = 130


class Failure(click.ClickException):
    """An error that ends the command: one line on stderr that says what to do now, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        say(self.message)


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Makes a Failure of every error that a command has not foreseen, with a sentence and no traceback.

    With LABKIT_TRACEBACK in the environment it leaves them as they are. A Ctrl-C that comes before a command is ready
    for it, while it still imports and starts, ends it with "stopped" as well.
    """
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
        raise  # click's own, and what click knows how to end
    except KeyboardInterrupt:
        say("stopped")
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception as problem:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        raise Failure(_sentence_of(problem)) from None


def _sentence_of(problem: Exception) -> str:
    if isinstance(problem, MemoryError):
        return "there is no memory left for this. Close other programs, or look whether the stream is a reasonable one"
    if isinstance(problem, RecursionError):
        return "something that was to be read nests too deeply: no stream and no notebook does"
    if isinstance(problem, LabError | OSError):
        return str(problem)
    mistake = f"a mistake in labkit itself ({type(problem).__name__}: {str(problem)[:200]})"
    return f"{mistake}. With {TRACEBACK_VARIABLE}=1 it shows where: please report it"


def say(text: str) -> None:
    """Writes one line to stderr, after "labkit: "."""
    click.echo(f"labkit: {printable(text)}", err=True)


def printable(text: str) -> str:
    r"""The text with every character escaped that could move the cursor, colour the screen or turn the writing round.

    >>> printable("a\x1b[2Jb\tc")
    'a\\x1b[2Jb\tc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) if _drives(character) else character for character in text)


def _drives(character: str) -> bool:
    if character == "\t" or character in _JOINERS:
        return False
    # Controls; format characters, which can reverse the writing; lone surrogates; line and paragraph separators.
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def never_fail_on_a_character() -> None:
    """Makes stdout and stderr escape a character that they cannot encode, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def until_interrupted(stop: Callable[[], object], say: Callable[[str], object], farewell: str) -> Iterator[None]:
    """Behind the block it waits for Ctrl-C. Then, also where that comes earlier, it says farewell, and calls `stop`."""
    try:
        yield
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say(farewell)
    finally:
        stop()


def forget_closed_pipes() -> None:
    """Redirects stdout and stderr to os.devnull if their reader has left: else Python complains when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):  # a stream without a file, as in a test
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
