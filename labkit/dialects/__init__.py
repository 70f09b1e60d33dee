"""The dialects in which models stream: events in, parts of an answer out."""

from labkit.dialects.answer import AnswerChoice, ModelAnswer
from labkit.dialects.characters import WholeCharacters, mended
from labkit.dialects.endings import ENDING_SENTENCES, ending_of, worst_ending
from labkit.dialects.json_values import object_in
from labkit.dialects.parts import (
    Ending,
    EndMark,
    Failed,
    Finish,
    Oddity,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenCounts,
    ToolCall,
    ToolResult,
)  # fmt: skip
from labkit.dialects.reading import DONE, Dialect, dialect_of, read_event, read_line

__all__ = [
    "DONE",
    "ENDING_SENTENCES",
    "AnswerChoice",
    "Dialect",
    "EndMark",
    "Ending",
    "Failed",
    "Finish",
    "ModelAnswer",
    "Oddity",
    "Part",
    "Reasoning",
    "Refusal",
    "Text",
    "TokenCounts",
    "ToolCall",
    "ToolResult",
    "WholeCharacters",
    "dialect_of",
    "ending_of",
    "mended",
    "object_in",
    "read_event",
    "read_line",
    "worst_ending",
]  # fmt: skip
