"""Does each part of a ready-made day fit into its minutes? Its text is read aloud, and the clock is looked at.

uv run python benchmarks/read_aloud.py              # needs espeak-ng (Debian: apt install espeak-ng)

For each line of the days in docs/instructors/ that names parts of a lesson: how long a voice takes for their text (150
words a minute, as one who reads for people that are not native speakers), how long their cells say that they take, and
what is left for looking and talking, in all and for each cell. A guess takes a cell too, and its show of hands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
DAYS = ("ninety_minutes", "half_day", "full_day", "llm_evening")
WORDS_A_MINUTE = 150
COLUMNS = ("clock", "minutes", "what", "spoken, min", "runs, min", "left, min", "cells", "left for each, s")
#: Less than this for a cell is tight: one looks, and somebody asks something.
TIGHT_S = 10.0


@dataclass
class Part:
    """A part of a lesson: its text, how many cells it has, and how long they say that they take."""

    text: str = ""
    cells: int = 0
    run_s: int = 0


def parts(lesson: str) -> dict[str, Part]:
    """By number "1" and so on; "" is the beginning, and "turn" the exercises at the end."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    found, name = {"": Part()}, ""
    for cell in nbformat.read(path, as_version=4)["cells"]:  # type: ignore[no-untyped-call]
        if cell["cell_type"] == "markdown":
            if heading := re.search(r"^## (?:(\d+) · )?", cell["source"], re.M):
                name = heading[1] or "turn"
            part = found.setdefault(name, Part())
            part.text += cell["source"] + "\n"
        else:
            part = found.setdefault(name, Part())
            part.cells += 1
            part.run_s += sum(int(seconds) for seconds in re.findall(r"takes\((\d+)\)", cell["source"]))
    return found


def wanted(line: str) -> list[Part]:
    """The parts that a line of a day names; without numbers, the whole lesson without its exercises."""
    lesson = re.search(r"lesson (\d\d)", line)
    if lesson is None or line.startswith(("lunch", "break", "pause")):
        return []
    have = parts(lesson[1])
    said = re.search(r"parts? ([\d, and to]+)", line)
    if said is None:
        return [part for name, part in have.items() if name != "turn"]
    numbers = set(re.findall(r"\d", said[1]))
    for first, last in re.findall(r"(\d) to (\d)", said[1]):
        numbers |= {str(number) for number in range(int(first), int(last) + 1)}
    return [have[number] for number in sorted(numbers)]


def spoken_s(text: str) -> float:
    """How long a voice takes for this Markdown: no addresses of links, no pictures, no code blocks."""
    text = re.sub(r"```.*?```|!\[[^\]]*\]\([^)]*\)|\|[-|: ]+\|", "", text, flags=re.S)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-s", str(WORDS_A_MINUTE), "-w", file.name, "--stdin"]
        subprocess.run(command, input=re.sub(r"[*`#|>]", " ", text).encode(), check=True)
        with wave.open(file.name) as sound:
            return sound.getnframes() / sound.getframerate()


def main() -> None:
    """Prints a table for each day."""
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is not installed (Debian: apt install espeak-ng)")
    for day in DAYS:
        table = Table(title=day)
        for column in (
            "clock",
            "minutes",
            "what",
            "spoken, min",
            "runs, min",
            "left, min",
            "cells",
            "left for each, s",
        ):
            table.add_column(column, justify="left" if column == "what" else "right")
        for line in (ROOT / "docs" / "instructors" / f"{day}.md").read_text("utf-8").splitlines():
            row = re.match(r"\| (\d+:\d\d) \| (\d+) \| ([^|]+) \| ?([^|]*)", line)
            if row is None or not (chosen := wanted(row[3])):
                continue
            # What people write, or try on their own streams, is theirs: the line gives its minutes in another one.
            minutes = int(row[2])
            spoken = spoken_s(" ".join([part.text for part in chosen] + [row[4]])) / 60
            runs, cells = sum(part.run_s for part in chosen) / 60, sum(part.cells for part in chosen)
            left = minutes - spoken - runs
            each_s = left * 60 / max(1, cells)
            mark = " tight" if each_s < TIGHT_S else ""
            table.add_row(row[1], row[2], row[3].strip(), f"{spoken:.1f}", f"{runs:.1f}", f"{left:.1f}", str(cells),
                          f"{each_s:.0f}{mark}")  # fmt: skip
        Console(width=130).print(table)


if __name__ == "__main__":
    main()
