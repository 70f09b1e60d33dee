"""Draws docs/images/architecture.png: the rooms of labkit, floor upon floor, and who imports whom.

uv run python tools/architecture.py                           # this checkout
uv run python tools/architecture.py --package OTHER/labkit --picture before.png
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "architecture.png"
INK, LINE, BOX = "#1d2327", "#9aa5ad", "#e3f1fa"

Arrows = Mapping[str, set[str]]


def imported(path: Path) -> Iterator[str]:
    """The modules that a file names in its import statements, in functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(package: Path) -> dict[str, list[Path]]:
    """Room -> its files: the package's folders, and the modules that lie beside them."""
    rooms: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts != ("__init__",) and parts[0] != "notebooks":
            rooms.setdefault(parts[0], []).append(path)
    return rooms


def arrows_of(rooms: Mapping[str, list[Path]]) -> dict[str, set[str]]:
    """Room -> the rooms that it imports."""
    arrows: dict[str, set[str]] = {name: set() for name in rooms}
    for name, paths in rooms.items():
        for module in (module for path in paths for module in imported(path)):
            parts = module.split(".")
            if parts[0] == "labkit" and len(parts) > 1 and parts[1] in rooms and parts[1] != name:
                arrows[name].add(parts[1])
    return arrows


def floors_of(arrows: Arrows) -> dict[str, int]:
    """Room -> its floor: one above the highest room that it imports.

    Raises:
        SystemExit: rooms import each other in a circle.
    """
    floors: dict[str, int] = {}

    def floor(name: str, below: tuple[str, ...]) -> int:
        if name in below:
            raise SystemExit(f"a circle of imports: {' -> '.join([*below, name])}")
        if name not in floors:
            floors[name] = 1 + max((floor(other, (*below, name)) for other in arrows[name]), default=0)
        return floors[name]

    for name in arrows:
        floor(name, ())
    return floors


def needed(arrows: Arrows) -> dict[str, set[str]]:
    """The arrows that no other way implies: what a picture needs."""

    def reached(name: str) -> set[str]:
        return arrows[name].union(*(reached(other) for other in arrows[name]))

    return {
        name: {other for other in others if not any(other in reached(way) for way in others - {other})}
        for name, others in arrows.items()
    }


def draw(rooms: Mapping[str, list[Path]], arrows: Arrows, axes: Axes) -> None:
    """Puts the rooms of each floor in a row, and a line for each arrow that the picture needs."""
    floors = floors_of(arrows)
    rows = {level: sorted(name for name in rooms if floors[name] == level) for level in set(floors.values())}
    place = {name: ((number + 0.5) / len(row), level) for level, row in rows.items() for number, name in enumerate(row)}
    for name, others in needed(arrows).items():
        for other in others:
            (x, y), (to_x, to_y) = place[name], place[other]
            axes.annotate("", (to_x, to_y + 0.24), (x, y - 0.24), arrowprops={"arrowstyle": "->", "color": LINE})
    for name, (x, y) in place.items():
        lines = sum(len(path.read_text("utf-8").splitlines()) for path in rooms[name])
        text = f"{name}\n{lines:,} lines"
        look = {"boxstyle": "round,pad=0.35", "facecolor": BOX, "edgecolor": INK, "linewidth": 0.8}
        axes.text(x, y, text, ha="center", va="center", fontsize=8, color=INK, bbox=look)
    count = sum(map(len, arrows.values()))
    axes.set_title(f"{len(rooms)} rooms on {len(rows)} floors: {count} imports between rooms, all of them downward")
    axes.set_xlim(0, 1)
    axes.set_ylim(0.4, len(rows) + 0.6)
    axes.axis("off")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, default=ROOT / "labkit")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    asked = parser.parse_args()
    rooms = rooms_of(asked.package)
    arrows = arrows_of(rooms)
    figure, axes = plt.subplots(figsize=(11, 8), layout="constrained")
    draw(rooms, arrows, axes)
    figure.savefig(asked.picture, dpi=110, metadata={"Software": None})
    print(axes.get_title())
    for name, level in sorted(floors_of(arrows).items(), key=lambda item: (-item[1], item[0])):
        print(f"{level}  {name:14} imports {', '.join(sorted(arrows[name])) or 'nothing here'}")


if __name__ == "__main__":
    main()
