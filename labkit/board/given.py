"""The code that the lessons begin with: what is wrong in it is no mistake of the learner."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import labkit
from labkit.errors import NOT_JSON


def is_given(exercise: str, source: str) -> bool:
    """Whether a lesson's own cell of this exercise holds this function, as it stands."""
    return bool(source.strip()) and any(source.strip() in cell for cell in _cells().get(exercise, ()))


@functools.cache
def _cells() -> dict[str, list[str]]:
    """The source of each cell that checks an exercise, by its name."""
    package = Path(labkit.__file__).parent
    folder = next((place for place in (package / "notebooks", package.parent / "notebooks") if place.is_dir()), None)
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")) if folder is not None else ():
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
        except (OSError, *NOT_JSON, KeyError):
            continue
        for source in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"):
            for name in re.findall(r'^check\("(\w+)"', source, re.M):
                found.setdefault(name, []).append(source)
    return found
