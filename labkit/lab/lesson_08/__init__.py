"""The experiments of lesson 08, "SSE, polling, long polling or WebSocket?", and the verdicts on its claims."""

from labkit.lab.lesson_08.claims import (
    c35_polling_costs,
    c36_long_polling_is_slow,
    c37_smaller_overhead,
    c38_lower_latency,
    c39_needs_a_handshake,
    c40_written_by_hand,
    c41_costs,
    c42_threads_fall_early,
    c43_rare_is_fine,
    c44_post_beside_sse,
)
from labkit.lab.lesson_08.decide import Need, decide
from labkit.lab.lesson_08.four_pages import PAGES, page_lines

__all__ = [
    "PAGES", "Need", "c35_polling_costs", "c36_long_polling_is_slow", "c37_smaller_overhead", "c38_lower_latency",
    "c39_needs_a_handshake", "c40_written_by_hand", "c41_costs", "c42_threads_fall_early", "c43_rare_is_fine",
    "c44_post_beside_sse", "decide", "page_lines",
]  # fmt: skip
