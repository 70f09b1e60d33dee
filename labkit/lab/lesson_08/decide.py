"""Which transport? The rules are data, in decide.toml; each reason names the experiment behind it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from labkit.errors import LabError
from labkit.lab.verdict import Verdict

WORDS = {
    "payload": ("text", "binary"),
    "clients": ("pages", "programs", "old"),
    "network": ("ordinary", "proxied", "hostile"),
}
TOLD = ("choose", "because", "shown_by", "holds")


@dataclass(frozen=True)
class Need:
    """What is needed: the `payload`; how often the server and a client have something to say, `down_per_s` and
    `up_per_s`; how late an event may be, `late_s`; whether a stream begins with a POST, and whether a client must send
    headers of its own; what the `clients` are ("old": they read no stream), and the `network` ("proxied": through
    proxies of yours; "hostile": it holds answers back, and is not yours)."""

    payload: Literal["text", "binary"] = "text"
    down_per_s: float = 1.0
    up_per_s: float = 0.0
    late_s: float = 1.0
    posts: bool = False
    own_headers: bool = False
    clients: Literal["pages", "programs", "old"] = "pages"
    network: Literal["ordinary", "proxied", "hostile"] = "ordinary"

    def __post_init__(self) -> None:
        for name, allowed in WORDS.items():
            if getattr(self, name) not in allowed:
                raise LabError(f"{name}={getattr(self, name)!r} is none of {', '.join(map(repr, allowed))}")
        for name in ("down_per_s", "up_per_s", "late_s"):
            if not isinstance(getattr(self, name), int | float) or not getattr(self, name) >= 0:
                raise LabError(f"{name}={getattr(self, name)!r}: it is zero or more")
        for name in ("posts", "own_headers"):
            if not isinstance(getattr(self, name), bool):
                raise LabError(f"{name}={getattr(self, name)!r} is neither True nor False")


@dataclass(frozen=True)
class Reason:
    """A sentence, and the claim whose experiment supports it: because the claim `holds`, or because it does not.
    `measured` is the verdict of this machine, where there is one."""

    because: str
    shown_by: str
    holds: bool = True
    measured: Verdict | None = None

    @property
    def stands(self) -> bool | None:
        """Whether what was measured here supports it; None where nothing was, or nothing could be told."""
        if self.measured is None or self.measured.holds is None:
            return None
        return self.measured.holds == self.holds

    def __repr__(self) -> str:
        if self.measured is None:
            return f"{self.because} ({self.shown_by})"
        but = {True: "", False: "but here it was otherwise: ", None: "but "}[self.stands]
        return f"{self.because} ({but}{self.measured.in_brief})"


@dataclass(frozen=True)
class Advice:
    """What to choose, and why; the reasons behind the first one are what to mind."""

    choose: str
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        why, *mind = self.reasons
        return "\n".join([f"{self.choose}. {why!r}", *(f"  Mind: {caution!r}" for caution in mind)])


def decide(need: Need | None = None, measured: Iterable[Verdict] = (), **needs: Any) -> Advice:
    """The advice for a need; with verdicts that were `measured` here, each reason shows the one that supports it, or
    does not.

    >>> decide(payload="binary").choose, decide(late_s=300).choose, decide().choose
    ('WebSocket', 'polling', 'SSE')

    Raises:
        LabError: a need that is none.
    """
    if need is not None and needs:
        raise LabError("a Need and single needs at once: say one or the other")
    names = [field.name for field in fields(Need)]
    if unknown := [name for name in needs if name not in names]:
        raise LabError(f"needs are {', '.join(names)}, and not {', '.join(unknown)}")
    known = asdict(need or Need(**needs))
    verdicts = {verdict.claim: verdict for verdict in measured}
    chosen = next(rule for rule in rules("rule") if _met(known, rule))
    cautions = [rule for rule in rules("mind") if rule["choose"] == chosen["choose"] and _met(known, rule)]
    return Advice(chosen["choose"], tuple(_reason(rule, verdicts) for rule in (chosen, *cautions)))


@cache
def rules(kind: Literal["rule", "mind"]) -> tuple[Mapping[str, Any], ...]:
    """Those of decide.toml, in its order."""
    return tuple(tomllib.loads(files("labkit.lab.lesson_08").joinpath("decide.toml").read_text("utf-8"))[kind])


def _reason(rule: Mapping[str, Any], verdicts: Mapping[str, Verdict]) -> Reason:
    claim = rule["shown_by"]
    return Reason(rule["because"], claim, rule.get("holds", True), verdicts.get(claim))


def _met(known: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    return all(_condition(known, name, value) for name, value in rule.items() if name not in TOLD)


def _condition(known: Mapping[str, Any], name: str, value: Any) -> bool:
    if name.endswith("_from"):
        return bool(known[name.removesuffix("_from")] >= value)
    if name.endswith("_below"):
        return bool(known[name.removesuffix("_below")] < value)
    return bool(known[name] == value)
