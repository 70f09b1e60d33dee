"""The experiments of lesson 07, "How do models stream?", and the verdicts on its claims."""

from labkit.lab.lesson_07.accents import ACCENTS, by_format, by_habit, understood
from labkit.lab.lesson_07.asks_again import PageQuestions, questions
from labkit.lab.lesson_07.claims import (
    c45_done_ends_it,
    c46_named_events,
    c47_lines_of_json,
    c48_same_code,
    c49_first_token,
    c50_continues,
    c51_cancels,
    c52_error_under_200,
    c53_partial_is_state,
)
from labkit.lab.lesson_07.recorded_answers import TWELVE_TOKENS, end_words, record_answer
from labkit.lab.lesson_07.streamed_answers import Streamed, ask, streamed

__all__ = [
    "ACCENTS", "TWELVE_TOKENS", "PageQuestions", "Streamed", "ask", "by_format", "by_habit", "c45_done_ends_it",
    "c46_named_events", "c47_lines_of_json", "c48_same_code", "c49_first_token", "c50_continues", "c51_cancels",
    "c52_error_under_200", "c53_partial_is_state", "end_words", "questions", "record_answer", "streamed", "understood",
]  # fmt: skip
