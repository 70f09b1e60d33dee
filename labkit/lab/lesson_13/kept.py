"""Experiments that need the packages of the extra `agents`: measured, or recorded for machines without them."""

from __future__ import annotations

import datetime
import importlib.util
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from labkit.errors import LabError

#: Import name -> the package that brings it.
PACKAGES = {"mcp": "mcp", "uvicorn": "uvicorn", "ag_ui": "ag-ui-protocol"}


@dataclass(frozen=True, slots=True)
class KeptResult:
    """What an experiment gave, with which versions; `recorded_on` is a date where it could not be made now."""

    value: Any
    versions: str
    recorded_on: str | None = None

    def __repr__(self) -> str:
        if self.recorded_on is None:
            return f"<measured now, with {self.versions}>"
        return f"<recorded on {self.recorded_on}, with {self.versions}>"


def agents_installed() -> bool:
    """Whether the packages of the extra `agents` are here; not where LABKIT_AGENTS says "none"."""
    return os.environ.get("LABKIT_AGENTS") != "none" and all(map(importlib.util.find_spec, PACKAGES))


async def measured_or_kept(name: str, measure: Callable[[], Awaitable[Any]]) -> KeptResult:
    """What `measure()` returns, which must be JSON; without the packages, what was recorded under this name.

    tools/execute.py keeps what it returns.

    Raises:
        LabError: the packages are not here, and it was not recorded.
    """
    if not agents_installed():
        return recorded(name)
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES.values())
    value = await measure()
    if keep := os.environ.get("LABKIT_RECORDINGS"):
        kept = {"date": f"{datetime.date.today()}", "versions": versions, "value": value}
        (Path(keep) / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return KeptResult(value, versions)


def recorded(name: str) -> KeptResult:
    """What was recorded under this name.

    Raises:
        LabError: nothing was.
    """
    place = files("labkit.lab") / "recorded" / f"{name}.json"
    if not place.is_file():
        raise LabError(f"{name!r} was not recorded, and cannot be measured here. Install: uv sync --extra agents")
    kept = json.loads(place.read_text("utf-8"))
    return KeptResult(kept["value"], kept["versions"], kept["date"])
