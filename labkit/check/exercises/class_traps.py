"""Traps from classes: a right answer in parts, and subclasses that each change one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.check.exercise import Trap


def traps_of(
    classes: Sequence[type[Any]], method: str, variants: Mapping[type[Any], Sequence[type[Any]]] | None = None
) -> tuple[Trap, ...]:
    """A trap for each class: its function is `method` of a new object, and its class has the `sentence`.

    `variants` are other classes that make the same mistake. Their sentences do not count.
    """
    others = variants or {}
    left_out = {variant for group in others.values() for variant in group}
    return tuple(
        Trap(
            kind.__name__.lstrip("_"),
            getattr(kind(), method),
            kind.sentence,
            also=tuple(getattr(variant(), method) for variant in others.get(kind, ())),
        )
        for kind in classes
        if kind not in left_out
    )
