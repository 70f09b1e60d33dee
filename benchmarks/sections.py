"""Sections of docs/measured.md that a benchmark writes itself: each stands between two markers."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "measured.md"


def store_section(name: str, text: str) -> None:
    """Puts the text between the markers of this name; the first time, at the end of the page."""
    begin, end = f"<!-- {name}: written by benchmarks/{name}.py -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{text.strip()}\n{end}\n"
    page = PAGE.read_text("utf-8")
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}\n", page, re.DOTALL)
    page = page.replace(found[0], block) if found else f"{page.rstrip()}\n\n{block}"
    PAGE.write_text(page, "utf-8")
