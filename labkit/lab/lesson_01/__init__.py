"""The experiments of lesson 01, "What is on the wire?", and the verdicts on its claims."""

from labkit.lab.lesson_01.claims import (
    c01_ordinary_response,
    c03_blank_line_dispatches,
    c04_lines_are_joined,
    c05_type_selects_listener,
    c06_id_stays_in_force,
    c07_retry_sets_the_wait,
    c08_comment_is_a_heartbeat,
    c09_text_only,
    c12_readable_by_eye,
    c13_cut_anywhere,
    listeners,
)
from labkit.lab.lesson_01.decoders import chunk_by_chunk, labkit_decoder, reconnect_waits, survives_every_cut

__all__ = [
    "c01_ordinary_response", "c03_blank_line_dispatches", "c04_lines_are_joined", "c05_type_selects_listener",
    "c06_id_stays_in_force", "c07_retry_sets_the_wait", "c08_comment_is_a_heartbeat", "c09_text_only",
    "c12_readable_by_eye", "c13_cut_anywhere", "chunk_by_chunk", "labkit_decoder", "listeners", "reconnect_waits",
    "survives_every_cut",
]  # fmt: skip
