"""Answers of language models, in the dialects of their providers: whole, cut, failed, filtered, and relayed wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from .serving import STREAM, Answer, Visit, set_up_of
from .set_up import SetUp

QUESTION = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
WORDS = ["Server", "-sent", " events", " travel", " over", " one", " plain", " answer", " of", " HTTP", "."]
PACE_S = 0.08


def said(*pieces: Any, pace_s: float = PACE_S, cut: bool = False, kind: str = f"{STREAM}; charset=utf-8") -> Answer:
    """These pieces, one by one: bytes as they are, a text or a JSON value as data, a pair with its event type."""

    async def answer(visit: Visit) -> None:
        await visit.head(kind=kind)
        for piece in pieces:
            await visit.send(piece if isinstance(piece, bytes) else event(piece))
            await asyncio.sleep(pace_s)
        if cut:
            visit.writer.transport.abort()
        await visit.end()

    return answer


def event(piece: Any) -> bytes:
    kind, data = piece if isinstance(piece, tuple) else ("", piece)
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {kind}\n" if kind else "").encode() + f"data: {text}\n\n".encode()


def refused(status: str, body: Any, *lines: str, kind: str = "application/json") -> Answer:
    async def answer(visit: Visit) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        await visit.page(text, *lines, status=status, kind=kind)

    return answer


# OpenAI's chat completions, and those who speak it


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-9x", "object": "chat.completion.chunk", "created": 1790000000, "model": "m",
            "system_fingerprint": "fp_1", "choices": [choice], **more}  # fmt: skip


ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
TEXT = [chunk({"content": word}) for word in WORDS]
DONE = "[DONE]"
OVERLOADED = {"error": {"message": "The server had an error while processing your request", "type": "server_error",
                        "param": None, "code": None}}  # fmt: skip
USAGE = {**chunk(), "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 11, "total_tokens": 20}}
COMPLETION = {"id": "chatcmpl-9x", "object": "chat.completion", "created": 1790000000, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}]}  # fmt: skip

CHAT: list[tuple[str, Answer, Sequence[str]]] = [
    ("whole, with its usage", said(ROLE, *TEXT, chunk(finish="stop"), USAGE, DONE), ()),
    ("with a tool call", said(ROLE, *[chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
                                     for part in ('{"ci', 'ty": "', 'Rome"}')],
                              chunk(finish="tool_calls"), DONE), ()),
    ("OpenRouter's comments while it waits", said(*[b": OPENROUTER PROCESSING\n\n"] * 5, ROLE, *TEXT,
                                                  chunk(finish="stop"), DONE, pace_s=0.2), ()),
    ("Azure's first chunk without choices", said({"choices": [], "id": "", "model": "", "object": "",
                                                  "prompt_filter_results": [{"prompt_index": 0}]}, ROLE, *TEXT,
                                                 chunk(finish="stop"), DONE), ()),
    ("reasoning first, in a field of its own", said(ROLE, *[chunk({"reasoning_content": word}) for word in WORDS],
                                                    *TEXT, chunk(finish="stop"), DONE), ()),
    ("finish_reason and no [DONE]", said(ROLE, *TEXT, chunk(finish="stop")), ()),
    ("the end mark in the text", said(ROLE, *TEXT, chunk({"content": "data: [DONE]"}), chunk(finish="stop"), DONE), ()),
    ("the old completions", said(*[{"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
                                    "choices": [{"index": 0, "text": word, "finish_reason": None}]} for word in WORDS],
                                 {"object": "text_completion", "choices": [
                                     {"index": 0, "text": "", "finish_reason": "stop"}]}, DONE), ()),
    ("no end mark", said(ROLE, *TEXT), ("llm-unfinished",)),
    ("the connection cut", said(ROLE, *TEXT, cut=True), ("broken-off", "llm-unfinished")),
    ("an error in the middle", said(ROLE, *TEXT, OVERLOADED), ("llm-error",)),
    ("an error, then [DONE]", said(ROLE, *TEXT, OVERLOADED, DONE), ("llm-error",)),
    ("an error as the only event", said(OVERLOADED), ("llm-error",)),
    ("an error and [DONE], nothing else", said(OVERLOADED, DONE), ("llm-error",)),
    ("an error as a text, alone", said({"error": "model 'llama3' not found, try pulling it first"}), ("llm-error",)),
    ("OpenRouter's error beside choices", said(ROLE, *TEXT, chunk(finish="error", error={
        "code": "server_error", "message": "Provider disconnected unexpectedly"})), ("llm-error",)),
    ("vLLM's abort", said(ROLE, *TEXT, chunk(finish="abort"), DONE), ("llm-error",)),
    ("DeepSeek without resources", said(ROLE, *TEXT, chunk(finish="insufficient_system_resource"), DONE),
     ("llm-error",)),
    ("a filter", said(ROLE, *TEXT[:4], chunk(finish="content_filter"), DONE), ("llm-filtered",)),
    ("the longest length", said(ROLE, *TEXT, chunk(finish="length"), DONE), ("llm-length",)),
    ("a refusal", said(ROLE, *[chunk({"refusal": word}) for word in ("I can", "not", " help")], chunk(finish="stop"),
                       DONE), ("llm-refused",)),
    ("stream left out of the question", refused("200 OK", COMPLETION), ("wrong-media-type",)),
    ("the whole answer, under the stream's type", said(json.dumps(COMPLETION).encode()),
     ("json-lines", "not examined: no event stream")),
    ("a wrong key", refused("401 Unauthorized", {"error": {"message": "Incorrect API key provided",
                                                           "type": "invalid_request_error"}}), ("wrong-status",)),
    ("a spent quota", refused("429 Too Many Requests", {"error": {"message": "You exceeded your current quota"}},
                              "Retry-After: 20"), ("wrong-status",)),
    ("an unknown model", refused("404 Not Found", {"error": {"message": "The model 'x' does not exist"}}),
     ("wrong-status",)),
    ("a challenge of the network's edge", refused("200 OK", "<!DOCTYPE html><html><head><title>Just a moment..."
                                                  "</title></head></html>", "Server: cloudflare",
                                                  kind="text/html"), ("html-page",)),
]  # fmt: skip


async def after_four_seconds(visit: Visit) -> None:
    await visit.head()
    await asyncio.sleep(4)
    await visit.send(b"".join(map(event, [ROLE, *TEXT, chunk(finish="stop"), DONE])))
    await visit.end()


CHAT.append(("all of it after four seconds", after_four_seconds, ("held-to-the-end",)))

# OpenAI's Responses


def step(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return f"response.{kind}", {"type": f"response.{kind}", "sequence_number": 1, **fields}


BEGUN = [step("created", response={"id": "resp_1", "status": "in_progress", "output": []}),
         *[step("output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=word)
           for word in WORDS]]  # fmt: skip
RESPONSES: list[tuple[str, Answer, Sequence[str]]] = [
    ("whole", said(*BEGUN, step("completed", response={"id": "resp_1", "status": "completed", "output": []})), ()),
    ("failed", said(*BEGUN, step("failed", response={"id": "resp_1", "status": "failed", "error": {
        "code": "server_error", "message": "The model failed to generate a response"}})), ("llm-error",)),
    ("an error's event", said(*BEGUN, ("error", {"type": "error", "code": "rate_limit_exceeded", "message": "slow",
                                                 "param": None})), ("llm-error",)),
    ("incomplete", said(*BEGUN, step("incomplete", response={"id": "resp_1", "status": "incomplete",
                                                             "incomplete_details": {"reason": "max_output_tokens"}})),
     ("llm-length",)),
    ("no end", said(*BEGUN), ("llm-unfinished",)),
    ("no event lines, and failed", said(*[data for _, data in BEGUN], step("failed", response={
        "id": "resp_1", "status": "failed", "error": {"code": "server_error", "message": "x"}})[1]), ("llm-error",)),
]  # fmt: skip

# Anthropic


def named(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"type": kind, **fields}


MESSAGE = [named("message_start", message={"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                                           "usage": {"input_tokens": 9, "output_tokens": 1}}),
           named("content_block_start", index=0, content_block={"type": "text", "text": ""}), named("ping"),
           *[named("content_block_delta", index=0, delta={"type": "text_delta", "text": word}) for word in WORDS],
           named("content_block_stop", index=0)]  # fmt: skip


def ending(reason: str) -> list[Any]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [named("message_delta", delta=delta, usage={"output_tokens": 11}), named("message_stop")]


FAILED = named("error", error={"type": "overloaded_error", "message": "Overloaded"})
ANTHROPIC: list[tuple[str, Answer, Sequence[str]]] = [
    ("whole", said(*MESSAGE, *ending("end_turn")), ()),
    ("whole, through a relay that drops event lines", said(*[data for _, data in [*MESSAGE, *ending("end_turn")]]), ()),
    ("a tool is called", said(*MESSAGE, *ending("tool_use")), ()),
    ("overloaded in the middle", said(*MESSAGE[:9], FAILED), ("llm-error",)),
    ("overloaded from the start", said(FAILED), ("llm-error",)),
    ("an error through a relay that drops event lines", said(*[data for _, data in [*MESSAGE[:9], FAILED]]),
     ("llm-error",)),
    ("no message_stop", said(*MESSAGE), ("llm-unfinished",)),
    ("max_tokens", said(*MESSAGE, *ending("max_tokens")), ("llm-length",)),
    ("refusal", said(*MESSAGE, *ending("refusal")), ("llm-refused",)),
    ("529", refused("529 Overloaded", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
     ("wrong-status",)),
    ("each line with a blank line, as iter_lines gives it",
     said(*[line + b"\n\n" for piece in [*MESSAGE, *ending("end_turn")] for line in event(piece).split(b"\n") if line],
          pace_s=0.04), ("fields-apart",)),
]  # fmt: skip

# Gemini, Text Generation Inference, Cohere, Ollama, Dify, AG-UI, and the AI SDK's own stream


def candidate(text: str, reason: str | None = None) -> dict[str, Any]:
    one = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    return {"candidates": [one | ({"finishReason": reason} if reason else {})], "modelVersion": "gemini-3",
            "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 20}}  # fmt: skip


CANDIDATES = [candidate(word) for word in WORDS]
TOKENS = [{"index": n, "token": {"id": n, "text": word, "logprob": -0.1, "special": False}, "generated_text": None,
           "details": None} for n, word in enumerate(WORDS)]  # fmt: skip
COHERE = [named("message-start", id="1", delta={"message": {"role": "assistant", "content": []}}),
          *[named("content-delta", index=0, delta={"message": {"content": {"text": word}}}) for word in WORDS]]  # fmt: skip
DIFY = [{"event": "message", "task_id": "t", "message_id": "m", "answer": word, "created_at": 1790000000}
        for word in WORDS]  # fmt: skip
RUN = [{"type": "RUN_STARTED", "threadId": "t", "runId": "r"},
       {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "assistant"},
       *[{"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": word} for word in WORDS]]  # fmt: skip
PARTS = [{"type": "start", "messageId": "m"}, {"type": "text-start", "id": "t"},
         *[{"type": "text-delta", "id": "t", "delta": word} for word in WORDS]]  # fmt: skip
OLLAMA = b"".join(json.dumps({"model": "m", "message": {"role": "assistant", "content": word}, "done": False}).encode()
                  + b"\n" for word in WORDS)  # fmt: skip

OTHERS: list[tuple[str, str, Answer, Sequence[str]]] = [
    ("Gemini", "whole", said(*CANDIDATES, candidate("", "STOP")), ()),
    ("Gemini", "a filter", said(*CANDIDATES[:5], candidate("", "SAFETY")), ("llm-filtered",)),
    ("Gemini", "a question that is blocked", said({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                                                  "usageMetadata": {"promptTokenCount": 9}}), ("llm-filtered",)),
    ("Gemini", "MAX_TOKENS", said(*CANDIDATES, candidate("", "MAX_TOKENS")), ("llm-length",)),
    ("Gemini", "no finishReason", said(*CANDIDATES), ("llm-unfinished",)),
    ("Gemini", "without alt=sse", refused("200 OK", CANDIDATES), ("wrong-media-type",)),
    ("Text Generation Inference", "whole", said(*TOKENS, {**TOKENS[-1], "generated_text": "".join(WORDS), "details": {
        "finish_reason": "eos_token", "generated_tokens": 11, "seed": None}}), ()),
    ("Text Generation Inference", "overloaded", said({"error": "Model is overloaded", "error_type": "overloaded"}),
     ("llm-error",)),
    ("Text Generation Inference", "an error in the middle", said(*TOKENS, {
        "error": "Request failed during generation: CUDA out of memory", "error_type": "generation"}), ("llm-error",)),
    ("Cohere", "whole", said(*COHERE, named("message-end", delta={"finish_reason": "COMPLETE"})), ()),
    ("Cohere", "an error at its end", said(*COHERE, named("message-end", delta={"finish_reason": "ERROR"})),
     ("llm-error",)),
    ("Ollama", "its own lines of JSON", said(OLLAMA, kind="application/x-ndjson"), ("wrong-media-type",)),
    ("Ollama", "its lines relayed as an event stream", said(OLLAMA), ("json-lines",)),
    ("Dify", "whole", said(*DIFY, {"event": "message_end", "task_id": "t", "metadata": {}}), ()),
    ("Dify", "an error", said(*DIFY[:4], {"event": "error", "task_id": "t", "status": 400, "code": "provider_quota_exceeded",
                                          "message": "quota exceeded"}), ("llm-error",)),
    ("AG-UI", "whole", said(*RUN, {"type": "TEXT_MESSAGE_END", "messageId": "m"},
                            {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}), ()),
    ("AG-UI", "an error", said(*RUN, {"type": "RUN_ERROR", "message": "boom", "code": "x"}), ("llm-error",)),
    ("AI SDK", "whole", said(*PARTS, {"type": "text-end", "id": "t"}, {"type": "finish"}, DONE), ()),
    ("AI SDK", "an error", said(*PARTS[:5], {"type": "error", "errorText": "rate limited"}, DONE), ("llm-error",)),
]  # fmt: skip

# What those who relay a model write with their own hands

RELAYS: list[tuple[str, Answer, Sequence[str]]] = [
    ("str() of the client's chunk", said(*[
        f"ChatCompletionChunk(id='chatcmpl-9x', choices=[Choice(delta=ChoiceDelta(content='{word}', role=None), "
        f"finish_reason=None, index=0)], created=1790000000)" for word in WORDS]), ("printed-object",)),
    ("str() of LangChain's chunk", said(*[f"content='{word}' additional_kwargs={{}} id='run-1'" for word in WORDS]),
     ("printed-object",)),
    ("a chunk in a template string", said(*["[object Object]"] * 9), ("printed-object",)),
    ("the provider's lines as data once more", said(*[f"data: {json.dumps(each)}" for each in TEXT], "data: [DONE]"),
     ("double-data",)),
    ("lines without their blank lines", said(*[event(each).rstrip(b"\n") + b"\n" for each in [*TEXT, DONE]]),
     ("never-ends",)),
    ("bytes in an f-string", said(*[f"{event(each).rstrip()!r}\n\n".encode() for each in TEXT]),
     ("field-misspelt", "bare-lines", "backslash-n", "double-data")),
    ("words with line breaks in one data line", said(*["Dear\nreader", "the\nend"] * 4), ("text-cut",)),
    ("bare words", said(*[word.encode() for word in WORDS]), ("bare-lines", "not examined: no event stream")),
    ("bare words with blank lines", said(*[word.encode() + b"\n\n" for word in WORDS]), ("bare-lines",)),
    ("plain words as data", said(*[word.strip() for word in WORDS], DONE), ()),
    ("JSON of its own", said(*[{"delta": word} for word in WORDS], {"done": True}), ()),
    ("a traceback instead of the rest", said(*TEXT[:5], b"Traceback (most recent call last):\n  File \"/app/main.py\", "
     b"line 30, in generate\nopenai.APIConnectionError: Connection error.\n"), ("page-inside", "llm-unfinished")),
    ("an error in words", said(*TEXT[:5], "Error: Rate limit reached for gpt-5", DONE), ("llm-error", "llm-unfinished")),
]  # fmt: skip


def of(product: str, name: str, answer: Answer, causes: Sequence[str]) -> SetUp:
    return set_up_of(answer, f"{product}: {name}", *causes, product=product, content=QUESTION)


SET_UPS = [
    *[of("OpenAI chat", *row) for row in CHAT],
    *[of("OpenAI Responses", *row) for row in RESPONSES],
    *[of("Anthropic", *row) for row in ANTHROPIC],
    *[of(*row) for row in OTHERS],
    *[of("a model's relay", *row) for row in RELAYS],
]
