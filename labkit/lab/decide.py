"""Which transport? The rules are data, in decide.toml; each reason names the experiment behind it."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from labkit.errors import LabError


@dataclass(frozen=True)
class Need:
    """What is needed: the `payload`; how often a client says something, `up_per_s`; how late an event may be, `late_s`;
    what the `clients` and the `network` are like ("hostile": it holds answers back, and is not yours)."""

    payload: Literal["text", "binary"] = "text"
    up_per_s: float = 0.0
    late_s: float = 1.0
    clients: Literal["modern", "old"] = "modern"
    network: Literal["ordinary", "hostile"] = "ordinary"

    def __post_init__(self) -> None:
        words = {"payload": ("text", "binary"), "clients": ("modern", "old"), "network": ("ordinary", "hostile")}
        for name, allowed in words.items():
            if getattr(self, name) not in allowed:
                raise LabError(f"{name}={getattr(self, name)!r} is none of {', '.join(map(repr, allowed))}")
        for name in ("up_per_s", "late_s"):
            if not isinstance(getattr(self, name), int | float) or not getattr(self, name) >= 0:
                raise LabError(f"{name}={getattr(self, name)!r}: it is zero or more")


@dataclass(frozen=True)
class Advice:
    """What to choose, why, and the claim whose experiment supports it."""

    choose: str
    because: str
    shown_by: str

    def __repr__(self) -> str:
        return f"{self.choose}. {self.because} ({self.shown_by})"


def decide(need: Need | None = None, **needs: Any) -> Advice:
    """The advice for a need.

    >>> decide(payload="binary").choose, decide(late_s=300).choose, decide().choose
    ('WebSocket', 'polling', 'SSE')

    Raises:
        LabError: a need that is none.
    """
    if need is not None and needs:
        raise LabError("a Need and single needs at once: say one or the other")
    try:
        known = asdict(need or Need(**needs))
    except TypeError:
        raise LabError(f"needs are {', '.join(asdict(Need()))}, and not {', '.join(needs)}") from None
    return next(advice for conditions, advice in rules() if all(_met(known, *one) for one in conditions.items()))


@cache
def rules() -> list[tuple[dict[str, Any], Advice]]:
    """Conditions and advice, in the order in which they are tried; the last has no condition."""
    read = tomllib.loads(files("labkit.lab").joinpath("decide.toml").read_text("utf-8"))["rule"]
    told = ("choose", "because", "shown_by")
    return [
        ({name: value for name, value in rule.items() if name not in told}, Advice(*(rule[name] for name in told)))
        for rule in read
    ]


def _met(known: dict[str, Any], condition: str, value: Any) -> bool:
    if condition.endswith("_from"):
        return bool(known[condition.removesuffix("_from")] >= value)
    return bool(known[condition] == value)
