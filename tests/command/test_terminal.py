from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labkit.command.terminal import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünï, 漢字, 🙂", "plain, ünï, 漢字, 🙂"),
        ("a\tb\u00a0c", "a\tb\u00a0c"),
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("one\rtwo\x08\x7f", r"one\rtwo\x08\x7f"),
        ("\x9b2J", r"\x9b2J"),  # a control sequence in one character
        ("abc\u202ecba\u2028", r"abc\u202ecba\u2028"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_drives_a_terminal_is_escaped_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("last_line", "code"), [("forget_closed_pipes()", 0), ("", 120)])
def test_what_is_left_for_a_reader_who_is_gone_makes_no_noise_at_exit(last_line: str, code: int) -> None:
    program = (
        "import sys\nfrom labkit.command.terminal import forget_closed_pipes\n"
        f"input()\nsys.stdout.write('too late')\n{last_line}"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=buffered, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stdin.write("now it is closed\n")
    process.stdin.close()
    complaint = process.stderr.read()
    process.wait(10)
    assert (process.returncode, bool(complaint)) == (code, bool(code)), complaint
