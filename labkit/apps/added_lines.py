"""What makes an app hold: the lines that its naive version does not have, each block with its reason."""

from __future__ import annotations

import difflib
import html
from dataclasses import dataclass

from labkit.apps.catalogue import app_folder

#: The files of an app, each with its naive version.
LINE = "white-space:pre-wrap;padding:0 .5em;border-left:4px solid transparent;"
ADDED = "border-left-color:#009E73;background:#009E7322"
PAIRS = (("server.py", "naive_server.py"), ("page.js", "naive_page.js"))


@dataclass(frozen=True)
class AddedLines:
    """An app's lines, of which some are not in its naive version. `marked` are (line, whether it was added)."""

    file: str
    marked: list[tuple[str, bool]]

    @property
    def count(self) -> int:
        """How many lines of code were added: neither empty, nor comments alone."""
        return sum(added and is_code(line) for line, added in self.marked)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<div style="{LINE}{ADDED if added else ""}">{html.escape(line) or " "}</div>'
            for line, added in self.marked
        )
        title = f"<b>{html.escape(self.file)}: {self.count} lines more than the naive version</b> (marked)"
        return f'<details open><summary>{title}</summary><code style="font-size:85%">{rows}</code></details>'

    def __repr__(self) -> str:
        return "\n".join(f"{'+' if added else ' '} {line}" for line, added in self.marked)


def added_lines(name: str) -> list[AddedLines]:
    """The server and the page's script of an app, with what they have more than the naive ones.

    Raises:
        LabError: there is no such app.
    """
    folder = app_folder(name)
    return [
        AddedLines(full, _marked((folder / naive).read_text("utf-8"), (folder / full).read_text("utf-8")))
        for full, naive in PAIRS
    ]


def is_code(line: str) -> bool:
    """Whether a line is more than a comment, a docstring's line of its own, or nothing."""
    return bool(line.strip()) and not line.lstrip().startswith(("#", "//", '"""'))


def _marked(naive: str, full: str) -> list[tuple[str, bool]]:
    lines = full.splitlines()
    matcher = difflib.SequenceMatcher(None, naive.splitlines(), lines, autojunk=False)
    same = {j + k for _, j, size in matcher.get_matching_blocks() for k in range(size)}
    return [(line, number not in same and bool(line.strip())) for number, line in enumerate(lines)]
