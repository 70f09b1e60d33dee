"""The experiments of lesson 04, "What happens when it breaks?", and the verdicts on its claims."""

from labkit.lab.lesson_04.claims import (
    c15_reconnects,
    c16_sends_last_event_id,
    c17_server_resumes,
    c18_ignoring_the_id,
)
from labkit.lab.lesson_04.every_cut import (
    HOWS,
    REFERENCE,
    SHORT,
    body,
    cut_in_memory,
    labkit_client,
    places,
    survived_cuts,
)
from labkit.lab.lesson_04.hasty_client import hasty_client
from labkit.lab.lesson_04.outages import ForgetfulLog, from_the_start, through_a_cut

__all__ = [
    "HOWS", "REFERENCE", "SHORT", "ForgetfulLog", "body", "c15_reconnects", "c16_sends_last_event_id",
    "c17_server_resumes", "c18_ignoring_the_id", "cut_in_memory", "from_the_start", "hasty_client", "labkit_client",
    "places", "survived_cuts", "through_a_cut",
]  # fmt: skip
