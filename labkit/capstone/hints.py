"""What helps a learner along: a file to begin with, and hints in steps."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from labkit.capstone.lines import CHECKLIST
from labkit.errors import LabError

Beginning = Literal["starter", "solution", "solution_asgi"]


@dataclass(frozen=True, repr=False)
class CapstoneHint:
    """One hint for a line of the checklist: step `step` of `steps`."""

    line: str
    step: int
    steps: int
    text: str

    def __repr__(self) -> str:
        return f"{self.line}: hint {self.step} of {self.steps}\n{self.text}"


_steps_given: dict[str, int] = {}


def hint_for(line: str, step: int | None = None) -> CapstoneHint:
    """The next hint for this line of the checklist; asked again, the one after it. With `step`, that one.

    Raises:
        LabError: there is no such line, or no such step.
    """
    hints = _hints()
    if line not in hints:
        raise LabError(f"the checklist has no line {line!r}. It has: {', '.join(entry.name for entry in CHECKLIST)}")
    steps = len(hints[line])
    number = min(_steps_given.get(line, 0) + 1, steps) if step is None else step
    if not 1 <= number <= steps:
        raise LabError(f"{line} has {steps} hints: step={step} is none of them")
    _steps_given[line] = number
    return CapstoneHint(line, number, steps, hints[line][number - 1])


def begin(path: str | Path = "status_page.py", which: Beginning = "starter") -> str:
    """Writes the file to begin with, or a solution, and says what to do with it. A file that is there is kept.

    Raises:
        OSError: it cannot be written.
    """
    place = Path(path)
    if place.exists():
        return f"{place} is there already, and was left as it is"
    text = files("labkit.capstone").joinpath(f"{which}.py").read_text("utf-8")
    place.write_text(text, "utf-8")
    return f"{place} is written. Open it beside this, change a line, save it, and check it again"


@cache
def _hints() -> dict[str, list[str]]:
    return tomllib.loads(files("labkit.capstone").joinpath("hints.toml").read_text("utf-8"))
