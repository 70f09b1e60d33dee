"""The experiments of lesson 06, "Who holds my events back?", and the verdicts on its claims."""

from labkit.lab.lesson_06.claims import (
    c26_proxies_buffer,
    c27_cured,
    c28_compression_holds,
    c29_timers,
    c31_survives,
    c54_typewriter_becomes_a_lump,
    is_held,
)
from labkit.lab.lesson_06.held_back import (
    CHEAT_SHEET,
    accept_matters,
    arrivals,
    arrivals_by_case,
    as_they_come,
    cheat_sheet,
    how_much_longer,
    lag_by_size,
    record_ticks,
    record_twice,
    remedies,
)
from labkit.lab.lesson_06.mystery import Mystery, three_hops
from labkit.lab.lesson_06.six_products import SixProducts, six_products
from labkit.lab.lesson_06.timers import by_heartbeat, under_a_total_timer
from labkit.lab.lesson_06.typing_words import typing_handler
from labkit.lab.lesson_06.websocket_too import both_through

__all__ = [
    "CHEAT_SHEET", "Mystery", "SixProducts", "accept_matters", "arrivals", "arrivals_by_case", "as_they_come",
    "both_through", "by_heartbeat", "c26_proxies_buffer", "c27_cured", "c28_compression_holds", "c29_timers",
    "c31_survives", "c54_typewriter_becomes_a_lump", "cheat_sheet", "how_much_longer", "is_held", "lag_by_size",
    "record_ticks", "record_twice", "remedies", "six_products", "three_hops", "typing_handler",
    "under_a_total_timer",
]  # fmt: skip
