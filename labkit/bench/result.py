"""What an experiment measured: raw samples, medians with intervals, and the courage to say that it cannot tell."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from labkit.errors import NOT_JSON, LabError, counted
from labkit.system.observers import tell

RESAMPLES = 2000
CONFIDENCE = 0.95
FEWEST_ROUNDS = 3  # from fewer nobody is called lower
#: Where even the null transport, a bare TCP connection, has waits like this, the machine is busy with something else.
NOISY_MS = 3.0
NULL = "null"
_is_loading: ContextVar[bool] = ContextVar("_is_loading", default=False)


def machine() -> str:
    """This machine, in a line: without its name."""
    cores = os.cpu_count() or 1
    return f"{platform.system()}, {counted(cores, 'core')}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Result:
    """Samples of each subject, in `unit`, by round: `rounds["SSE"][0]` is the list of the first round.

    `settings` are what was asked for; `machine` and `at` (a date) where and when. `missing` says of a subject what is
    not there, and why.
    """

    question: str
    unit: str
    rounds: dict[str, list[list[float]]]
    settings: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    machine: str = field(default_factory=machine)
    at: str = field(default_factory=lambda: datetime.date.today().isoformat())

    def __post_init__(self) -> None:
        if not _is_loading.get():  # what somebody else has measured is no news of this machine
            tell("result", result=self)

    @property
    def subjects(self) -> list[str]:
        """Those of which there are samples."""
        return [name for name in self.rounds if self.samples(name)]

    def samples(self, name: str) -> list[float]:
        """All samples of one subject."""
        return [sample for samples_of_round in self.rounds[name] for sample in samples_of_round]

    def median(self, name: str) -> float:
        """The median of all its samples.

        Raises:
            LabError: it has none.
        """
        if not self.samples(name):
            raise LabError(f"{name} has no samples: {self.missing.get(name, 'nothing arrived')}")
        return statistics.median(self.samples(name))

    def interval(self, name: str) -> tuple[float, float]:
        """Where the median may lie, by a bootstrap that draws whole rounds: samples of one round are no strangers."""
        medians = self._resampled(name)
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(medians, [tail, 1 - tail])
        return float(low), float(high)

    def lower(self, name: str, other_name: str) -> bool | None:
        """Whether the median of `one` is lower than that of `other`; None where it cannot be told: the interval of the
        difference holds zero, or what the measuring itself costs (the null's median) is larger than the difference."""
        if self.noisy or not (self.samples(name) and self.samples(other_name)):
            return None
        both = [n for n, pair in enumerate(zip(self.rounds[name], self.rounds[other_name], strict=False)) if all(pair)]
        if len(both) < FEWEST_ROUNDS:
            return None
        # Of the same rounds: what disturbed both cancels.
        difference = self._resampled(name, both) - self._resampled(other_name, both)
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(difference, [tail, 1 - tail])
        return None if low <= self.resolution and high >= -self.resolution else bool(high < 0)

    @property
    def resolution(self) -> float:
        """Differences below it cannot be told, in `unit`: the null's median, 0 without one."""
        return self.median(NULL) if NULL in self.subjects else 0.0

    @property
    def noisy(self) -> bool:
        """Whether the machine was too busy for small differences: then even the null transport had to wait."""
        if NULL not in self.rounds or self.unit != "ms" or not self.samples(NULL):
            return False
        return bool(np.quantile(self.samples(NULL), 0.9) > NOISY_MS)

    def _resampled(self, name: str, of: list[int] | None = None) -> np.ndarray[Any, np.dtype[np.float64]]:
        rounds = [
            samples_of_round
            for n, samples_of_round in enumerate(self.rounds[name])
            if samples_of_round and (of is None or n in of)
        ]
        if not rounds:
            raise LabError(f"{name} has no samples: {self.missing.get(name, 'nothing arrived')}")
        rng = np.random.default_rng(7)  # the same draws for each subject, and each time
        draws = rng.integers(len(rounds), size=(RESAMPLES, len(rounds)))
        return np.array([np.median(np.concatenate([rounds[at] for at in row])) for row in draws])

    def __repr__(self) -> str:
        lines = [self.question + (" (too noisy to tell small differences: this machine is busy)" if self.noisy else "")]
        for name in self.rounds:
            if not self.samples(name):
                lines.append(f"  {name}: nothing, {self.missing.get(name, 'no sample arrived')}")
                continue
            low, high = self.interval(name)
            missing = f"; {self.missing[name]}" if name in self.missing else ""
            count = len(self.samples(name))
            lines.append(
                f"  {name}: {self.median(name):.3g} {self.unit} ({low:.3g} to {high:.3g}; n = {count}){missing}"
            )
        return "\n".join(lines)

    def save(self, path: str | Path) -> None:
        """Writes it as JSON, for others to compare with."""
        Path(path).write_text(json.dumps(asdict(self)), "utf-8")


def load(path: str | Path) -> Result:
    """A saved result.

    Raises:
        LabError: the file holds none.
    """
    loading = _is_loading.set(True)
    try:
        result = Result(**json.loads(Path(path).read_text("utf-8")))
        repr(result)  # fails where numbers are none
        return result
    except (OSError, *NOT_JSON, TypeError, AttributeError) as problem:
        raise LabError(f"{path} holds no saved result: {problem}") from None
    finally:
        _is_loading.reset(loading)
