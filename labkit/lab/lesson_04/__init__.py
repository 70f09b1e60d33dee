"""The experiments of lesson 04, "What happens when it breaks?", and the verdicts on its claims."""

from labkit.lab.lesson_04.claims import (
    c15_reconnects,
    c16_sends_last_event_id,
    c17_server_resumes,
    c18_ignoring_the_id,
    c20_status_decides,
    c30_only_a_watchdog_tells,
    c62_jitter_spreads,
)
from labkit.lab.lesson_04.every_cut import HOWS, REFERENCE, cut_in_memory, places
from labkit.lab.lesson_04.herd import herd, herd_on_sockets, per_tenth
from labkit.lab.lesson_04.outages import ForgetfulLog, deploy, from_the_start, notices_silence, through_a_cut

__all__ = [
    "HOWS", "REFERENCE", "ForgetfulLog", "c15_reconnects", "c16_sends_last_event_id", "c17_server_resumes",
    "c18_ignoring_the_id", "c20_status_decides", "c30_only_a_watchdog_tells", "c62_jitter_spreads", "cut_in_memory",
    "deploy", "from_the_start", "herd", "herd_on_sockets", "notices_silence", "per_tenth", "places", "through_a_cut",
]  # fmt: skip
