"""The experiments of lesson 05, "Who comes back, and when?", and the verdicts on its claims."""

from labkit.lab.lesson_05.away import while_away
from labkit.lab.lesson_05.claims import c20_status_decides, c30_only_a_watchdog_tells, c62_jitter_spreads
from labkit.lab.lesson_05.deploys import deploy, notices_silence
from labkit.lab.lesson_05.herd import herd, herd_on_sockets, per_tenth

__all__ = [
    "c20_status_decides", "c30_only_a_watchdog_tells", "c62_jitter_spreads", "deploy", "herd", "herd_on_sockets",
    "notices_silence", "per_tenth", "while_away",
]  # fmt: skip
