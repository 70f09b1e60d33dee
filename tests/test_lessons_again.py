"""Each lesson twice in one kernel, on a machine without a browser: the second run must show what the first showed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def shown(cell: Any) -> list[str]:
    """What a reader sees of the cell as text."""
    return [
        str(output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue"))
        for output in cell.get("outputs", [])
        if "image/png" not in output.get("data", {})
    ]


@pytest.mark.notebooks
@pytest.mark.timeout(300)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_run_all_twice_in_one_kernel_and_without_other_programs(lesson: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("BROWSER", "NGINX", "HAPROXY"):
        monkeypatch.setenv(f"LABKIT_{program}", "none")
    stored = nbformat.read(lesson, as_version=4)
    again = nbformat.read(lesson, as_version=4)
    again.cells = [*again.cells, *nbformat.read(lesson, as_version=4).cells]
    for number, cell in enumerate(again.cells):
        cell["id"] = f"cell-{number}"  # nbclient tells cells apart by it
    NotebookClient(
        again,
        timeout=60,
        coalesce_streams=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(lesson.parent)}},
    ).execute()
    second = again.cells[len(stored.cells) :]
    for before, after in zip(stored.cells, second, strict=True):
        varies = "nbval-ignore-output" in before.metadata.get("tags", [])
        # A hint goes one step further each time.
        if before.cell_type == "code" and not varies and "hint(" not in before.source:
            assert shown(after) == shown(before), before.source
