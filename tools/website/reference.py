"""The reference: a page for each room of the library, written by Sphinx from signatures and docstrings."""

from __future__ import annotations

import importlib
import re
from typing import Any

ROOMS = (
    "wire",
    "log",
    "server",
    "client",
    "proxy",
    "faults",
    "doctor",
    "llm",
    "testing",
    "asgi",
    "recording",
    "capacity",
)
INDEX = """\
# Reference

`labkit` is also a small, exact library for event streams. Each page lists what one of its rooms gives you; what is
not listed may change. [The house](../docs/architecture.md) tells how the rooms work together.

| room | what it gives |
|---|---|
"""
#: Code in a docstring, as Markdown writes it; signs that reStructuredText would read; the head of a section.
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
MARK = re.compile(r"[*|]|(?<=\w)_(?=\W|$)")
SECTION = re.compile(r"(Args|Raises|Returns|Yields):$")


def pages() -> dict[str, str]:
    """All pages by name."""
    made = {"api/index.md": INDEX + "".join(f"| [labkit.{room}]({room}.md) | {_first(room)} |\n" for room in ROOMS)}
    made["api/index.md"] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(ROOMS) + "\n```\n"
    return made | {f"api/{room}.md": _page(room) for room in ROOMS}


def as_restructured(lines: list[str]) -> list[str]:
    """A docstring as Sphinx reads it: `code` in two backticks, and no sign that means something to it by chance.

    What is indented below a line such as "Args:" is text. Elsewhere it is a piece of code, and is told to be one.
    """
    made: list[str] = []
    inside: str | None = None
    for line in lines:
        if line and not line.startswith(" "):
            inside = "section" if SECTION.match(line) else None
        elif line and inside is None:
            made += ["::", ""]
            inside = "code"
        made.append(line if inside == "code" or line.startswith(">>>") else _marked(line))
    return made


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Sphinx asks this for each docstring (its event autodoc-process-docstring)."""
    lines[:] = as_restructured(lines)


def _marked(line: str) -> str:
    """The line with its code in two backticks, and with what reStructuredText would take for marks made plain."""
    pieces = CODE.split(line)
    return "".join(f"``{piece}``" if n % 2 else MARK.sub(r"\\\g<0>", piece) for n, piece in enumerate(pieces))


def _first(room: str) -> str:
    return (importlib.import_module(f"labkit.{room}").__doc__ or "").strip().partition("\n")[0].replace("|", "\\|")


def _page(room: str) -> str:
    return f"""\
# labkit.{room}

```{{eval-rst}}
.. automodule:: labkit.{room}
   :members:
   :undoc-members:
   :show-inheritance:
```
"""
