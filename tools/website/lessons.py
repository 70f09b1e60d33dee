"""Lessons as they are read on the website: as they are stored, and without what only a running kernel can answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTE = """\
:::{note}
This is what the lesson printed when it last ran. Run it yourself, guess first, and break it:
`pip install uv && uv run labkit` in [the folder of labkit](../index.md). Boxes that move while it runs
are pictures or text here.
:::"""
#: A link to a server that has ended long ago.
DEAD_LINK = re.compile(r'<a href="https?://(?:127\.0\.0\.1|localhost)[^"]*"[^>]*>(.*?)</a>', re.S)


def for_reading(path: Path, mended: Callable[[str], str]) -> str:
    """The lesson as JSON: links mended, links to servers of that day made text, folded cells folded here too."""
    book = json.loads(path.read_text("utf-8"))
    book["metadata"]["language_info"]["pygments_lexer"] = "ipython3"  # cells await without a function around them
    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = mended(_text(cell["source"]))
        elif cell["metadata"].get("jupyter", {}).get("source_hidden"):
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
        for output in cell.get("outputs", []):
            without_dead_links(output)
    first = book["cells"][0]
    title, _, rest = first["source"].partition("\n")
    first["source"] = f"{title}\n\n{NOTE}\n{rest}"
    return json.dumps(book)


def without_dead_links(output: dict[str, Any]) -> None:
    """Shows the address of a server that has ended as text."""
    data = output.get("data", {})
    if "text/html" in data:
        data["text/html"] = DEAD_LINK.sub(r"<code>\1</code>", _text(data["text/html"]))


def titles(root: Path, books: list[str]) -> dict[str, tuple[str, str]]:
    """By its name, the number and the title of each lesson."""
    found = {}
    for name in books:
        first = json.loads((root / name).read_text("utf-8"))["cells"][0]
        found[name] = (Path(name).name[:2], _text(first["source"]).partition("\n")[0].lstrip("# "))
    return found


def _text(lines: str | list[str]) -> str:
    """A text of a notebook, which is stored as one, or as its lines."""
    return lines if isinstance(lines, str) else "".join(lines)
