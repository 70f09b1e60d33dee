"""Why a model stopped: the words of all dialects, and what each means."""

from __future__ import annotations

from collections.abc import Iterable

from labkit.dialects.parts import Ending

#: What a page says of each ending.
ENDING_SENTENCES: dict[Ending, str] = {
    "finished": "the answer is whole",
    "length": "the answer was cut at its longest allowed length: more would have come",
    "filtered": "a filter of the provider stopped the answer",
    "refused": "the model refused to answer",
    "tool_calls": "the model wants a tool to be called, and waits for its result",
    "paused": "the model paused: it goes on when it is asked again with what it has said",
    "failed": "the model failed in the middle of the answer",
    "other": "the model stopped for a reason that is none of the usual ones",
    "unfinished": "the stream ended before the answer did: it may be cut off",
    "broken": "the connection broke in the middle of the answer",
    "stopped": "the answer was stopped by its reader",
}

#: The words of the dialects, in small letters. A word means the same in all that have it.
_REASONS: dict[Ending, tuple[str, ...]] = {
    # OpenAI; Anthropic: stop_sequence; Text Generation Inference: eos_token; Together: eos; Cohere: COMPLETE;
    # OpenAI's Responses: completed; AG-UI: success; Dify: succeeded, partial-succeeded; MCP: complete.
    "finished": ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "success",
                 "succeeded", "partial-succeeded"),
    # Mistral: model_length; Responses: max_output_tokens, max_messages.
    "length": ("length", "max_tokens", "model_length", "model_context_window_exceeded", "max_output_tokens",
               "max_messages"),
    # Azure: content_filter; Gemini: the ones in capitals there; Zhipu: sensitive; Bedrock: guardrail_intervened;
    # Cohere: error_toxic.
    "filtered": ("content_filter", "content_filtered", "guardrail_intervened", "sensitive", "error_toxic", "safety",
                 "recitation", "language", "blocklist", "prohibited_content", "spii", "model_armor", "image_safety",
                 "image_prohibited_content", "image_recitation"),
    "refused": ("refusal",),
    "tool_calls": ("tool_calls", "tool_call", "tool_use", "function_call"),
    # AG-UI: interrupt; Dify: paused; MCP: input_required.
    "paused": ("pause_turn", "compaction", "interrupt", "paused", "input_required"),
    # OpenRouter, Cohere: error; DeepSeek: insufficient_system_resource; vLLM, SGLang: abort; Zhipu: network_error;
    # Gemini: the malformed calls.
    "failed": ("error", "error_limit", "timeout", "insufficient_system_resource", "abort", "aborted", "network_error",
               "failed", "malformed_function_call", "malformed_response", "unexpected_tool_call", "too_many_tool_calls",
               "missing_thought_signature"),
    "stopped": ("cancelled", "user_cancel", "stopped"),
}  # fmt: skip
_ENDINGS: dict[str, Ending] = {reason: ending for ending, reasons in _REASONS.items() for reason in reasons}

#: The worst first: of several answers to one question the worst one is told.
_WORST_FIRST: tuple[Ending, ...] = (
    "failed", "broken", "unfinished", "filtered", "refused", "other", "length", "stopped", "paused", "tool_calls",
    "finished",
)  # fmt: skip


def ending_of(reason: str) -> Ending:
    """What a reason means, in whatever dialect; "other" for one that is in none of these groups.

    Source: the references of OpenAI, Azure, Anthropic, Google, Mistral, Cohere, DeepSeek, OpenRouter, Together, Zhipu,
    Amazon Bedrock, Ollama, vLLM, SGLang, Text Generation Inference, AG-UI, Dify and MCP.

    >>> ending_of("max_tokens"), ending_of("MAX_TOKENS"), ending_of("SAFETY"), ending_of("load")
    ('length', 'length', 'filtered', 'other')
    """
    return _ENDINGS.get(reason.lower(), "other")


def worst_ending(endings: Iterable[Ending]) -> Ending:
    """The ending that a reader must hear of, of several answers.

    >>> worst_ending(["finished", "length", "tool_calls"])
    'length'
    """
    return min(endings, key=_WORST_FIRST.index)
