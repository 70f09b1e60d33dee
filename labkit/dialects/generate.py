"""Text Generation Inference's generate_stream. Its last event has the details.

Source: https://huggingface.co/docs/text-generation-inference/conceptual/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_object, as_text
from labkit.dialects.parts import EndMark, Finish, Part, Text


def generate_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event: the text of a token, and with the last one the reason and the count."""
    token = as_object(value.get("token"))
    if (text := as_text(token.get("text"))) and token.get("special") is not True:  # </s> is no text
        yield Text(text)
    details = as_object(value.get("details"))
    yield from told_counts(details.get("input_length"), details.get("generated_tokens"))
    if reason := as_text(details.get("finish_reason")):
        yield Finish(ending_of(reason), reason)
        yield EndMark("details")
