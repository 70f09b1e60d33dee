"""A bar for experiments that take a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def progress(steps: Iterable[T], label: str, show: bool = True) -> Iterator[T]:
    """The steps; with `show`, how far it is stands below the cell, and is gone at the end."""
    if not show:
        yield from steps
        return
    from rich.progress import track

    yield from track(list(steps), label, transient=True)
