"""Output for the terminal: one-line failures, and text that cannot drive the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from typing import IO, Any

import click

from labkit.system.redaction import redacted

#: Joiners inside an emoji or a Persian word: they belong to the text, and move nothing.
_JOINERS = "\u200c\u200d"


class Failure(click.ClickException):
    """An error that ends the command: one line on stderr that says what to do now, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        say(self.message)


def say(text: str) -> None:
    """Writes one line to stderr, after "labkit: "."""
    click.echo(f"labkit: {printable(redacted(text))}", err=True)


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


def forget_closed_pipes() -> None:
    """Redirects stdout and stderr to os.devnull if their reader has left: else Python complains when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):  # a stream without a file, as in a test
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
