"""What this machine does now: its processor, memory and network, from Linux's /proc."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

Values = dict[str, float | None]


class ThisMachine:
    """Counts what happened between two calls of sample(). In a container, processor and memory are the host's.

    `missing` says what cannot be read here, and why; "" where all can.

    Args:
        proc: where the kernel's files are.
        now_s: the clock, in seconds since 1970.

    Source: proc(5): proc_stat, proc_meminfo, proc_pid_net.
    """

    def __init__(self, proc: Path = Path("/proc"), now_s: Callable[[], float] = time.time) -> None:
        self._proc, self._now_s = proc, now_s
        self._before = (now_s(), *self._counters())
        absent = [name for name in ("stat", "meminfo", "net/dev") if not (proc / name).exists()]
        self.missing = (
            f"This machine has no {', '.join(str(proc / name) for name in absent)}, where Linux tells what it does: "
            "those charts stay empty here. Run the dashboard on Linux, or in WSL on Windows."
            if absent
            else ""
        )

    def sample(self) -> Values:
        """The time `at` in seconds since 1970, `cpu` and `memory` in percent, and `network`, in and out, in bytes per
        second without what the machine sends to itself. None where it cannot be known."""
        at_s, ticks, transfers = now = (self._now_s(), *self._counters())
        (before_s, old_ticks, old_transfers), self._before = self._before, now
        all_ticks = sum(ticks) - sum(old_ticks)
        busy_ticks = all_ticks - (
            sum(ticks[3:5]) - sum(old_ticks[3:5])
        )  # the 4th and 5th are idle, and idle for a disk
        # An interface may come and go, and a counter of 32 bits begins again: such a difference says nothing.
        passed = [new - old_transfers[name] for name, new in transfers.items() if name in old_transfers]
        seconds = at_s - before_s
        known = seconds > 0 and (self._proc / "net/dev").exists() and all(count >= 0 for count in passed)
        return {
            "at": round(at_s, 3),
            "cpu": round(min(100.0, max(0.0, 100 * busy_ticks / all_ticks)), 1) if all_ticks > 0 else None,
            "memory": self._memory_percent(),
            "network": round(sum(passed) / seconds) if known else None,
        }

    def _counters(self) -> tuple[list[int], dict[str, int]]:
        """The processors' ticks by what they did, and the bytes in and out by interface."""
        first_line = self._lines("stat")[:1]
        ticks = [int(word) for line in first_line for word in line.split()[1:9]]  # what follows is counted in these
        transfers = {}
        for line in self._lines("net/dev")[2:]:
            name, _, numbers = line.partition(":")
            if name.strip() != "lo":
                transfers[name.strip()] = sum(int(numbers.split()[column]) for column in (0, 8))
        return ticks, transfers

    def _memory_percent(self) -> float | None:
        words = {line.split(":")[0]: int(line.split()[1]) for line in self._lines("meminfo")}
        total, available = words.get("MemTotal"), words.get("MemAvailable")
        return round(100 * (1 - available / total), 1) if total and available is not None else None

    def _lines(self, name: str) -> list[str]:
        try:
            return (self._proc / name).read_text("utf-8").splitlines()
        except OSError:
            return []
