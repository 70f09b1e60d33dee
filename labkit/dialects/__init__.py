"""The dialects in which models stream: events in, parts of an answer out."""

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
)  # fmt: skip

__all__ = [
    "EndMark",
    "Ending",
    "Failed",
    "Finish",
    "Oddity",
    "Part",
    "Reasoning",
    "Refusal",
    "Text",
    "TokenCounts",
    "ToolCall",
]  # fmt: skip
