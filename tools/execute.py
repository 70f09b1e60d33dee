"""Runs lessons in a fresh kernel each, and stores them as they are committed: executed, without widget state.

uv run python tools/execute.py              # all of them
uv run python tools/execute.py 01 02        # those
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from rich.console import Console
from rich.progress import track

from labkit.command.contents import WIDGET

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def execute(path: Path) -> None:
    """Runs every cell in order. An error stops it, unless the cell is tagged `raises-exception`."""
    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    # What a cell prints may come in several pieces: stored as one, the next run can be compared with it.
    NotebookClient(book, timeout=120, coalesce_streams=True, kernel_name="python3", resources=where).execute()
    clean(book)
    nbformat.write(book, path)


def clean(book: nbformat.NotebookNode) -> None:
    """Takes out what would differ on the next machine, or would show as 'model not found'."""
    book.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def main() -> None:
    # What a browser answered is kept, for machines without one.
    os.environ["LABKIT_RECORDINGS"] = str(NOTEBOOKS.parent / "labkit" / "lab" / "recorded")
    wanted = sys.argv[1:]
    paths = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if not wanted or path.name[:2] in wanted]
    for path in track(paths, "executing", console=Console(stderr=True)):
        execute(path)


if __name__ == "__main__":
    main()
