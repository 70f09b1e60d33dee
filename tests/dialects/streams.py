"""Streams of models: whole, cut, failed in every shape, and odd but right. Data only, for readers in any language."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from labkit.dialects import Ending


class ModelStream(NamedTuple):
    """The body of a response, how its connection ended, and what every reader must make of it.

    `tool_calls` are pairs of a name and the arguments as JSON. `choices` are the texts of several answers, `text` is
    the first of them. `lines` says that it is lines of JSON, and no event stream. `why` is a part of the sentence for
    the page. `is_odd` says that something about the stream is worth a note.
    """

    name: str
    body: bytes
    ending: Ending
    text: str = ""
    broken: bool = False
    reasoning: str = ""
    refusal: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, ...] = ()
    why: str = ""
    lines: bool = False
    is_odd: bool = False


def events(*datas: Any) -> bytes:
    """An event stream of these data, each a text, or what becomes JSON. A pair has the event's type in front."""
    blocks = []
    for data in datas:
        kind, said = data if isinstance(data, tuple) else ("", data)
        text = said if isinstance(said, str) else json.dumps(said)
        blocks.append((f"event: {kind}\n" if kind else "") + f"data: {text}\n\n")
    return "".join(blocks).encode()


def lines(*values: Any) -> bytes:
    """These values as lines of JSON."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def chat(content: Any = None, finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    """A chunk of OpenAI's chat completions."""
    if content is not None:
        delta["content"] = content
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def call(number: int, arguments: str, id: str | None = None, name: str | None = None) -> dict[str, Any]:
    """A piece of a tool call in OpenAI's chat completions."""
    function = {"arguments": arguments, **({} if name is None else {"name": name})}
    return {"index": number, "function": function, **({} if id is None else {"id": id, "type": "function"})}


def named(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """An event with its type in the line, and again in the JSON."""
    return kind, {"type": kind, **fields}


ROLE = chat("", role="assistant")
A, B = chat("Hello"), chat(" you")
USAGE = {**chat(), "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}
DONE = "[DONE]"
WEATHER = ("weather", '{"city": "Rome"}')
TIME = ("time", "{}")
SERVER_ERROR = {"error": {"message": "overloaded", "type": "server_error", "param": None, "code": None}}

START = named(
    "message_start", message={"type": "message", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}
)
OPEN = named("content_block_start", index=0, content_block={"type": "text", "text": ""})
PING = named("ping")
STOP = named("message_stop")


def piece(kind: str, value: str, index: int = 0) -> tuple[str, dict[str, Any]]:
    """A delta of Anthropic's messages."""
    name = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}.get(
        kind, "signature"
    )
    return named("content_block_delta", index=index, delta={"type": kind, name: value})


def end_of_message(reason: str) -> list[Any]:
    """The last events of Anthropic's messages."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [named("content_block_stop", index=0), named("message_delta", delta=delta, usage={"output_tokens": 2}), STOP]


HELLO = [START, OPEN, PING, piece("text_delta", "Hello"), piece("text_delta", " you")]


def response(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """An event of OpenAI's Responses."""
    return named(f"response.{kind}", sequence_number=1, **fields)


def told(text: str) -> tuple[str, dict[str, Any]]:
    """A piece of text in OpenAI's Responses."""
    return response("output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=text)


CREATED = response("created", response={"id": "resp_1", "status": "in_progress", "output": []})
COMPLETED = response("completed", response={"id": "resp_1", "status": "completed",
                                            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello you"}]}],
                                            "usage": {"input_tokens": 3, "output_tokens": 2}})  # fmt: skip


def candidate(*parts: dict[str, Any], reason: str | None = None, index: int = 0) -> dict[str, Any]:
    """A chunk of Gemini's streamGenerateContent."""
    one: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": index}
    if reason is not None:
        one["finishReason"] = reason
    return {"candidates": [one], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}


def says(text: str, done: bool = False, **more: Any) -> dict[str, Any]:
    """A line of Ollama's chat."""
    return {
        "model": "m",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text},
        "done": done,
        **more,
    }


def token(text: str, special: bool = False, **more: Any) -> dict[str, Any]:
    """An event of Text Generation Inference."""
    return {
        "index": 1,
        "token": {"id": 1, "text": text, "logprob": -1.0, "special": special},
        "generated_text": None,
        "details": None,
        **more,
    }


def cohere(kind: str, **delta: Any) -> tuple[str, dict[str, Any]]:
    """An event of Cohere's chat, version 2."""
    return named(kind, index=0, delta=delta)


def run(kind: str, **fields: Any) -> dict[str, Any]:
    """An event of AG-UI: its type stands in the JSON alone."""
    return {"type": kind, **fields}


def writes(delta: str, kind: str = "TEXT_MESSAGE_CONTENT", **more: Any) -> dict[str, Any]:
    """A piece of text or of a thought in AG-UI."""
    return run(kind, messageId="m1", delta=delta, **more)


def calls(id: str, name: str, *pieces: str) -> list[dict[str, Any]]:
    """A tool call of AG-UI."""
    arguments = [run("TOOL_CALL_ARGS", toolCallId=id, delta=piece) for piece in pieces]
    return [run("TOOL_CALL_START", toolCallId=id, toolCallName=name), *arguments, run("TOOL_CALL_END", toolCallId=id)]


RUN = {"threadId": "t1", "runId": "r1"}
RUN_STARTED, RUN_FINISHED = run("RUN_STARTED", **RUN), run("RUN_FINISHED", **RUN)
OPENED, CLOSED = run("TEXT_MESSAGE_START", messageId="m1", role="assistant"), run("TEXT_MESSAGE_END", messageId="m1")
SAID = [OPENED, writes("Hello"), writes(" you"), CLOSED]


def dify(kind: str, **fields: Any) -> dict[str, Any]:
    """An event of Dify's chats."""
    ids = {"task_id": "t1", "message_id": "m1", "conversation_id": "c1"}
    return {"event": kind, **ids, "created_at": 1, **fields}


def flow(kind: str, **data: Any) -> dict[str, Any]:
    """An event of Dify's workflows."""
    return {"event": kind, "task_id": "t1", "workflow_run_id": "w1", "data": data}


MESSAGE_END = dify("message_end", metadata={"usage": {"prompt_tokens": 3, "completion_tokens": 2}})


def rpc(**fields: Any) -> tuple[str, dict[str, Any]]:
    """A message of MCP."""
    return "message", {"jsonrpc": "2.0", **fields}


PROGRESS = rpc(method="notifications/progress", params={"progressToken": 1, "progress": 1, "total": 2})
TOOL_TEXT = {"content": [{"type": "text", "text": "Hello"}], "isError": False}


def own_end(state: str, ending: str, why: str = "", reason: str = "") -> tuple[str, dict[str, Any]]:
    """The last event of the lab's own /answers."""
    return "done", {
        "state": state,
        "ending": ending,
        "reason": reason,
        "why": why,
        "prompt": "?",
        "made": 2,
        "readers": 1,
        "notes": [],
    }


def bare(datas: list[Any]) -> list[Any]:
    """The same events after a proxy that drops the line with the type."""
    return [data[1] if isinstance(data, tuple) else data for data in datas]


_WHOLE = [
    ModelStream("chat: stop", events(ROLE, A, B, chat(finish="stop"), USAGE, DONE), "finished", "Hello you"),
    ModelStream("chat: reasoning_content", events(chat(None, reasoning_content="Hm"), chat("", reasoning_content="m"), A, chat(finish="stop"), DONE), "finished", "Hello", reasoning="Hmm"),
    ModelStream("chat: reasoning under two names", events(chat(reasoning="Hm", reasoning_content="Hm"), A, chat(finish="stop"), DONE), "finished", "Hello", reasoning="Hm"),
    ModelStream("chat: two choices, interleaved", events(chat("He"), chat("Sa", index=1), chat("llo"), chat("lve", index=1), chat(finish="stop"), chat(finish="stop", index=1), DONE), "finished", "Hello", choices=("Hello", "Salve")),
    ModelStream("chat: content in parts, with thoughts (Mistral)", events(chat([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]), chat([{"type": "text", "text": "Hello"}]), chat("", finish="stop"), DONE), "finished", "Hello", reasoning="Hm"),
    ModelStream("chat: the end of Together", events(A, chat("", finish="eos"), DONE), "finished", "Hello"),
    ModelStream("completions: stop", events({"object": "text_completion", "choices": [{"index": 0, "text": "Hello", "finish_reason": None}]}, {"object": "text_completion", "choices": [{"index": 0, "text": " you", "finish_reason": "stop"}]}, DONE), "finished", "Hello you"),
    ModelStream("anthropic: end_turn", events(*HELLO, *end_of_message("end_turn")), "finished", "Hello you"),
    ModelStream("anthropic: stop_sequence", events(*HELLO, *end_of_message("stop_sequence")), "finished", "Hello you"),
    ModelStream("anthropic: thoughts before the text", events(START, named("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}), piece("thinking_delta", "Hm"), piece("signature_delta", "x"), named("content_block_stop", index=0), named("content_block_start", index=1, content_block={"type": "text", "text": ""}), piece("text_delta", "Hello", 1), *end_of_message("end_turn")), "finished", "Hello", reasoning="Hm"),
    ModelStream("responses: completed", events(CREATED, told("Hello"), told(" you"), response("output_text.done", text="Hello you"), COMPLETED), "finished", "Hello you"),
    ModelStream("responses: reasoning in a summary", events(CREATED, response("reasoning_summary_text.delta", delta="Hm"), response("reasoning_summary_text.done", text="Hm"), told("Hello you"), COMPLETED), "finished", "Hello you", reasoning="Hm"),
    ModelStream("gemini: STOP", events(candidate({"text": "Hello"}), candidate({"text": " you"}, reason="STOP")), "finished", "Hello you"),
    ModelStream("gemini: thoughts", events(candidate({"text": "Hm", "thought": True}), candidate({"text": "Hello"}, reason="STOP")), "finished", "Hello", reasoning="Hm"),
    ModelStream("cohere: COMPLETE", events(cohere("message-start", message={"role": "assistant"}), cohere("content-start", message={"content": {"type": "text", "text": ""}}), cohere("content-delta", message={"content": {"text": "Hello"}}), cohere("content-end"), cohere("message-end", finish_reason="COMPLETE", usage={"tokens": {"input_tokens": 3, "output_tokens": 2}}), DONE), "finished", "Hello"),
    ModelStream("generate: eos_token", events(token("Hello"), token(" you"), token("</s>", True, generated_text="Hello you", details={"finish_reason": "eos_token", "generated_tokens": 3, "seed": None})), "finished", "Hello you"),
    ModelStream("ollama: stop, in lines", lines(says("Hello"), says(" you"), says("", True, done_reason="stop", prompt_eval_count=3, eval_count=2)), "finished", "Hello you", lines=True),
    ModelStream("ollama: generate, in lines", lines({"model": "m", "response": "Hello", "done": False}, {"model": "m", "response": "", "done": True, "done_reason": "stop"}), "finished", "Hello", lines=True),
    ModelStream("ollama: made into events", events(says("Hello"), says("", True, done_reason="stop")), "finished", "Hello"),
    ModelStream("ag-ui: a run", events(RUN_STARTED, *SAID, RUN_FINISHED), "finished", "Hello you"),
    ModelStream("ag-ui: thoughts, and what a subagent says", events(RUN_STARTED, writes("H", "REASONING_MESSAGE_CONTENT"), writes("m", subagentRunId="s1"), *SAID, run("SUBAGENT_ERROR", subagentRunId="s1", message="tired"), run("RUN_FINISHED", **RUN, outcome={"type": "success"}, usage=[{"inputTokens": 1, "outputTokens": 2}, {"inputTokens": 3}])), "finished", "Hello you", reasoning="Hm"),
    ModelStream("ag-ui: chunks, one of them of the user", events(RUN_STARTED, {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m0", "role": "user", "delta": "Hi"}, {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "role": "assistant", "delta": "Hello"}, {"type": "TEXT_MESSAGE_CHUNK", "delta": " you"}, RUN_FINISHED), "finished", "Hello you"),
    ModelStream("ag-ui: a tool that the agent calls itself", events(RUN_STARTED, *calls("c1", "weather", '{"city": "Rome"}'), run("TOOL_CALL_RESULT", messageId="m2", toolCallId="c1", content="sunny"), *SAID, RUN_FINISHED), "finished", "Hello you", tool_calls=(WEATHER,)),
    ModelStream("ag-ui: the answer in a snapshot alone", events(RUN_STARTED, run("MESSAGES_SNAPSHOT", messages=[{"id": "1", "role": "assistant", "content": "before"}, {"id": "2", "role": "user", "content": "?"}, {"id": "3", "role": "assistant", "content": "Hello"}]), RUN_FINISHED), "finished", "Hello"),
    ModelStream("dify: a chat", events(dify("message", answer="Hello"), dify("message", answer=" you"), MESSAGE_END), "finished", "Hello you"),
    ModelStream("dify: an agent, and its voice behind the end", events(dify("agent_message", answer="Hello"), dify("agent_thought", thought="Hello", tool="search"), MESSAGE_END, dify("tts_message", audio="x")), "finished", "Hello"),
    ModelStream("dify: a workflow", events(flow("workflow_started"), flow("text_chunk", text="Hello"), flow("node_finished", status="succeeded"), flow("workflow_finished", status="succeeded", outputs={"text": "Hello"})), "finished", "Hello"),
    ModelStream("dify: a workflow that streams nothing", events(flow("workflow_started"), flow("workflow_finished", status="partial-succeeded", outputs={"result": "Hello", "count": 1})), "finished", "Hello"),
    ModelStream("dify: a chat whose workflow ends before it", events(dify("workflow_finished", workflow_run_id="w1", data={"status": "succeeded"}), dify("message", answer="Hello"), MESSAGE_END), "finished", "Hello"),
    ModelStream("mcp: a tool's result behind its progress", events(PROGRESS, rpc(method="notifications/message", params={"level": "info", "data": "so far"}), rpc(id=1, result=TOOL_TEXT)), "finished", "Hello"),
    ModelStream("mcp: without the lines with the types (2026)", events(*bare([PROGRESS, rpc(id=1, result={**TOOL_TEXT, "resultType": "complete"})])), "finished", "Hello"),
    ModelStream("labkit: finished", events({"text": "Hello"}, {"text": " you"}, own_end("finished", "finished")), "finished", "Hello you"),
    ModelStream("labkit: reasoning and two choices", events({"reasoning": "Hm"}, {"text": "Hello"}, {"text": "Salve", "choice": 1}, own_end("finished", "finished")), "finished", "Hello", reasoning="Hm", choices=("Hello", "Salve")),
]  # fmt: skip

_OTHER_ENDS = [
    ModelStream("chat: length", events(A, chat(finish="length"), DONE), "length", "Hello", why="longest allowed length"),
    ModelStream("chat: the length of Mistral", events(A, chat("", finish="model_length"), DONE), "length", "Hello"),
    ModelStream("chat: content_filter, with nothing before it (Azure)", events({"choices": [], "prompt_filter_results": []}, chat(finish="content_filter"), DONE), "filtered", why="filter"),
    ModelStream("chat: content_filter in the middle", events(A, chat(finish="content_filter"), DONE), "filtered", "Hello"),
    ModelStream("chat: a refusal, which says stop", events(chat(refusal="I will"), chat(refusal=" not"), chat(finish="stop"), DONE), "refused", refusal="I will not", why="refused"),
    ModelStream("chat: tool calls", events(chat(tool_calls=[call(0, "", "c1", "weather")]), chat(tool_calls=[call(0, '{"city": ')]), chat(tool_calls=[call(0, '"Rome"}')]), chat(finish="tool_calls"), DONE), "tool_calls", tool_calls=(WEATHER,), why="tool"),
    ModelStream("chat: two tool calls, interleaved", events(chat(tool_calls=[call(0, "", "c1", "weather"), call(1, "", "c2", "time")]), chat(tool_calls=[call(1, "{")]), chat(tool_calls=[call(0, '{"city": ')]), chat(tool_calls=[call(1, "}"), call(0, '"Rome"}')]), chat(finish="tool_calls"), DONE), "tool_calls", tool_calls=(WEATHER, TIME)),
    ModelStream("chat: a tool call that repeats its name", events(chat(tool_calls=[call(0, '{"city": ', "c1", "weather")]), chat(tool_calls=[call(0, '"Rome"}', "c1", "weather")]), chat(finish="tool_calls"), DONE), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("chat: tool calls that say stop", events(chat(tool_calls=[call(0, "{}", "c1", "time")]), chat(finish="stop"), DONE), "tool_calls", tool_calls=(TIME,)),
    ModelStream("chat: tool calls under one index", events(chat(tool_calls=[call(0, '{"city": "Rome"}', "c1", "weather")]), chat(tool_calls=[call(0, "{}", "c2", "time")]), chat(finish="tool_calls"), DONE), "tool_calls", tool_calls=(WEATHER, TIME)),
    ModelStream("chat: function_call, the old name", events(chat(function_call={"name": "time", "arguments": ""}), chat(function_call={"arguments": "{}"}), chat(finish="function_call"), DONE), "tool_calls", tool_calls=(TIME,)),
    ModelStream("chat: two choices, one cut at its length", events(A, chat("Salve", index=1), chat(finish="stop"), chat(finish="length", index=1), DONE), "length", "Hello", choices=("Hello", "Salve"), why="1 of 2 answers"),
    ModelStream("chat: a reason that nobody documents", events(A, chat(finish="tired"), DONE), "other", "Hello", why="tired"),
    ModelStream("completions: length", events({"object": "text_completion", "choices": [{"index": 0, "text": "Hello", "finish_reason": "length"}]}, DONE), "length", "Hello"),
    ModelStream("anthropic: max_tokens", events(*HELLO, *end_of_message("max_tokens")), "length", "Hello you"),
    ModelStream("anthropic: the context window is full", events(*HELLO, *end_of_message("model_context_window_exceeded")), "length", "Hello you"),
    ModelStream("anthropic: refusal", events(*HELLO, *end_of_message("refusal")), "refused", "Hello you"),
    ModelStream("anthropic: pause_turn", events(*HELLO, *end_of_message("pause_turn")), "paused", "Hello you", why="paused"),
    ModelStream("anthropic: tool_use", events(START, OPEN, piece("text_delta", "Hello"), named("content_block_stop", index=0), named("content_block_start", index=1, content_block={"type": "tool_use", "id": "t1", "name": "weather", "input": {}}), piece("input_json_delta", "", 1), piece("input_json_delta", '{"city": ', 1), piece("input_json_delta", '"Rome"}', 1), *end_of_message("tool_use")), "tool_calls", "Hello", tool_calls=(WEATHER,)),
    ModelStream("responses: a function call", events(CREATED, response("output_item.added", output_index=0, item={"type": "function_call", "call_id": "c1", "name": "weather", "arguments": ""}), response("function_call_arguments.delta", output_index=0, delta='{"city": '), response("function_call_arguments.delta", output_index=0, delta='"Rome"}'), response("function_call_arguments.done", output_index=0, arguments='{"city": "Rome"}'), response("completed", response={"status": "completed", "output": [{"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Rome"}'}]})), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("responses: a function call that the last event does not repeat", events(CREATED, response("output_item.added", output_index=1, item={"type": "function_call", "call_id": "c1", "name": "time", "arguments": ""}), response("function_call_arguments.delta", output_index=1, delta="{}"), response("completed", response={"status": "completed", "output": []})), "tool_calls", tool_calls=(TIME,)),
    ModelStream("responses: a function call in the last event alone", events(CREATED, response("completed", response={"status": "completed", "output": [{"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm"}]}, {"type": "function_call", "call_id": "c1", "name": "time", "arguments": "{}"}]})), "tool_calls", tool_calls=(TIME,)),
    ModelStream("responses: a tool that the provider calls itself", events(CREATED, response("output_item.added", output_index=0, item={"type": "mcp_call", "id": "m1", "name": "search", "arguments": ""}), response("mcp_call_arguments.delta", output_index=0, delta="{}"), told("Hello you"), COMPLETED), "finished", "Hello you"),
    ModelStream("responses: a refusal that the last event does not repeat", events(CREATED, response("refusal.delta", delta="I will not"), response("completed", response={"status": "completed", "output": []})), "refused", refusal="I will not"),
    ModelStream("responses: a refusal in the last event alone", events(CREATED, response("completed", response={"status": "completed", "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I will not"}]}]})), "refused", refusal="I will not"),
    ModelStream("responses: cancelled", events(CREATED, told("Hello"), response("cancelled", response={"status": "cancelled"})), "stopped", "Hello"),
    ModelStream("responses: incomplete, too long", events(CREATED, told("Hello"), response("incomplete", response={"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}})), "length", "Hello"),
    ModelStream("responses: incomplete, filtered", events(CREATED, told("Hello"), response("incomplete", response={"status": "incomplete", "incomplete_details": {"reason": "content_filter"}})), "filtered", "Hello"),
    ModelStream("responses: a refusal", events(CREATED, response("refusal.delta", delta="I will not"), response("completed", response={"status": "completed", "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I will not"}]}]})), "refused", refusal="I will not"),
    ModelStream("gemini: MAX_TOKENS", events(candidate({"text": "Hello"}, reason="MAX_TOKENS")), "length", "Hello"),
    ModelStream("gemini: SAFETY", events(candidate({"text": "Hello"}), candidate(reason="SAFETY")), "filtered", "Hello"),
    ModelStream("gemini: the question is blocked", events({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 3}}), "filtered"),
    ModelStream("gemini: two function calls that say STOP", events(candidate({"functionCall": {"name": "weather", "args": {"city": "Rome"}}}), candidate({"functionCall": {"name": "time", "args": {}}}, reason="STOP")), "tool_calls", tool_calls=(WEATHER, TIME)),
    ModelStream("cohere: MAX_TOKENS", events(cohere("content-delta", message={"content": {"text": "Hello"}}), cohere("message-end", finish_reason="MAX_TOKENS")), "length", "Hello"),
    ModelStream("cohere: TOOL_CALL", events(cohere("tool-plan-delta", message={"tool_plan": "Hm"}), cohere("tool-call-start", message={"tool_calls": {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": ""}}}), cohere("tool-call-delta", message={"tool_calls": {"function": {"arguments": '{"city": "Rome"}'}}}), cohere("tool-call-end"), cohere("message-end", finish_reason="TOOL_CALL")), "tool_calls", reasoning="Hm", tool_calls=(WEATHER,)),
    ModelStream("generate: length", events(token("Hello", generated_text="Hello", details={"finish_reason": "length", "generated_tokens": 1})), "length", "Hello"),
    ModelStream("ollama: length, with a thought", lines({"model": "m", "message": {"role": "assistant", "content": "", "thinking": "Hm"}, "done": False}, says("Hello"), says("", True, done_reason="length")), "length", "Hello", reasoning="Hm", lines=True),
    ModelStream("ollama: two tool calls that say stop", lines({"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Rome"}}}]}, "done": False}, {"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "time", "arguments": {}}}]}, "done": False}, says("", True, done_reason="stop")), "tool_calls", tool_calls=(WEATHER, TIME), lines=True),
    ModelStream("ollama: the model was only loaded", lines(says("", True, done_reason="load")), "other", why="load", lines=True),
    ModelStream("ag-ui: a tool that the page is to call", events(RUN_STARTED, *calls("c1", "weather", '{"city": ', '"Rome"}'), RUN_FINISHED), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("ag-ui: two tool calls, interleaved", events(RUN_STARTED, calls("c1", "weather")[0], calls("c2", "time")[0], calls("c1", "", '{"city": ')[1], calls("c2", "", "{}")[1], calls("c1", "", '"Rome"}')[1], RUN_FINISHED), "tool_calls", tool_calls=(WEATHER, TIME)),
    ModelStream("ag-ui: a tool call in chunks", events(RUN_STARTED, {"type": "TOOL_CALL_CHUNK", "toolCallId": "c1", "toolCallName": "weather", "delta": '{"city": '}, {"type": "TOOL_CALL_CHUNK", "delta": '"Rome"}'}, RUN_FINISHED), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("ag-ui: interrupted", events(RUN_STARTED, *SAID, run("RUN_FINISHED", **RUN, outcome={"type": "interrupt", "interrupts": [{"id": "i1", "reason": "approval"}]})), "paused", "Hello you"),
    ModelStream("ag-ui: cancelled", events(RUN_STARTED, *SAID, run("RUN_FINISHED", **RUN, outcome={"type": "cancelled"})), "stopped", "Hello you"),
    ModelStream("dify: replaced by moderation", events(dify("message", answer="Hello"), dify("message_replace", answer="I may not say that.", reason="output_moderation"), MESSAGE_END), "filtered", "Hello"),
    ModelStream("dify: a workflow that was stopped", events(flow("text_chunk", text="Hello"), flow("workflow_finished", status="stopped")), "stopped", "Hello"),
    ModelStream("dify: a workflow that waits for a person", events(flow("text_chunk", text="Hello"), flow("human_input_required"), flow("workflow_paused")), "paused", "Hello"),
    ModelStream("mcp: the server needs an answer first (2026)", events(rpc(id=1, result={"resultType": "input_required", "inputRequests": {}})), "paused"),
    ModelStream("labkit: stopped by its reader", events({"text": "Hello"}, own_end("cancelled", "stopped", "stopped by the reader")), "stopped", "Hello"),
    ModelStream("labkit: a refusal", events({"refusal": "I will"}, {"refusal": " not"}, own_end("finished", "refused")), "refused", refusal="I will not"),
    ModelStream("labkit: a tool call", events({"tool_call": {"number": 0, "id": "c1", "name": "weather", "arguments": ""}}, {"tool_call": {"number": 0, "id": "", "name": "", "arguments": '{"city": "Rome"}'}}, own_end("finished", "tool_calls", reason="tool_calls")), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("labkit: broken behind it", events({"text": "Hello"}, own_end("failed", "broken", "the connection broke")), "broken", "Hello"),
    ModelStream("labkit: length", events({"text": "Hello"}, own_end("finished", "length", "too long", "max_tokens")), "length", "Hello"),
]  # fmt: skip

_FAILED = [
    ModelStream("chat: an error in the middle", events(A, SERVER_ERROR), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error, then [DONE] (vLLM)", events(A, SERVER_ERROR, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error as the only event", events(SERVER_ERROR), "failed", why="overloaded"),
    ModelStream("chat: an error beside choices (OpenRouter)", events(A, {**chat("", finish="error"), "error": {"code": 502, "message": "overloaded"}}, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error in a choice", events(A, {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": None, "error": {"code": 502, "message": "overloaded"}}]}, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error that is a text", events(A, {"error": "overloaded"}, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error in an event named error", events(A, ("error", {"message": "overloaded", "code": 500})), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an event named error that is no JSON", events(A, ("error", "overloaded")), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an object that says error of itself (LMDeploy)", events(A, {"object": "error", "message": "overloaded", "code": 500}, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error after the reason stop", events(A, chat(finish="stop"), SERVER_ERROR, DONE), "failed", "Hello"),
    ModelStream("chat: the reason error", events(A, chat(finish="error"), DONE), "failed", "Hello"),
    ModelStream("chat: abort (vLLM, SGLang)", events(A, chat(finish="abort"), DONE), "failed", "Hello", why="abort"),
    ModelStream("chat: insufficient_system_resource (DeepSeek)", events(A, chat(finish="insufficient_system_resource"), DONE), "failed", "Hello", why="insufficient_system_resource"),
    ModelStream("chat: an error in x_groq", events(A, {**chat(), "x_groq": {"error": "overloaded"}}, DONE), "failed", "Hello", why="overloaded"),
    ModelStream("chat: a status in base_resp (MiniMax)", events(A, {"object": "chat.completion.chunk", "choices": None, "base_resp": {"status_code": 1008, "status_msg": "overloaded"}}), "failed", "Hello", why="overloaded"),
    ModelStream("chat: a code and a message (Baidu)", events(A, {"error_code": 17, "error_msg": "overloaded"}), "failed", "Hello", why="overloaded"),
    ModelStream("chat: an error, then a cut", events(A, SERVER_ERROR), "failed", "Hello", broken=True),
    ModelStream("anthropic: an error event", events(*HELLO, named("error", error={"type": "overloaded_error", "message": "Overloaded"})), "failed", "Hello you", why="Overloaded"),
    ModelStream("anthropic: an error without the line with its type", events(*bare([*HELLO, named("error", error={"type": "overloaded_error", "message": "Overloaded"})])), "failed", "Hello you", why="Overloaded"),
    ModelStream("responses: failed", events(CREATED, told("Hello"), response("failed", response={"status": "failed", "error": {"code": "server_error", "message": "overloaded"}})), "failed", "Hello", why="overloaded"),
    ModelStream("responses: an error event", events(CREATED, told("Hello"), named("error", code="server_error", message="overloaded", param=None, sequence_number=3)), "failed", "Hello", why="overloaded"),
    ModelStream("gemini: an error", events(candidate({"text": "Hello"}), {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}), "failed", "Hello", why="overloaded"),
    ModelStream("gemini: a malformed call", events(candidate(reason="MALFORMED_FUNCTION_CALL")), "failed", why="MALFORMED_FUNCTION_CALL"),
    ModelStream("cohere: ERROR", events(cohere("content-delta", message={"content": {"text": "Hello"}}), cohere("message-end", finish_reason="ERROR", error="overloaded")), "failed", "Hello", why="overloaded"),
    ModelStream("generate: an error", events(token("Hello"), {"error": "overloaded", "error_type": "generation"}), "failed", "Hello", why="overloaded"),
    ModelStream("ollama: an error line", lines(says("Hello"), {"error": "overloaded"}), "failed", "Hello", why="overloaded", lines=True),
    ModelStream("ag-ui: RUN_ERROR", events(RUN_STARTED, OPENED, writes("Hello"), run("RUN_ERROR", message="overloaded", code="503")), "failed", "Hello", why="overloaded"),
    ModelStream("dify: an error", events(dify("message", answer="Hello"), dify("error", status=400, code="completion_request_error", message="overloaded")), "failed", "Hello", why="overloaded"),
    ModelStream("dify: a workflow that failed", events(flow("text_chunk", text="Hello"), flow("workflow_finished", status="failed", error="overloaded")), "failed", "Hello", why="overloaded"),
    ModelStream("mcp: an error of JSON-RPC", events(PROGRESS, rpc(id=1, error={"code": -32603, "message": "overloaded"})), "failed", why="overloaded"),
    ModelStream("mcp: a tool that failed", events(PROGRESS, rpc(id=1, result={"content": [{"type": "text", "text": "overloaded"}], "isError": True})), "failed", why="overloaded"),
    ModelStream("labkit: failed", events({"text": "Hello"}, own_end("failed", "failed", "the model is overloaded")), "failed", "Hello", why="the model is overloaded"),
]  # fmt: skip

_CUT = [
    ModelStream("chat: the end without a reason or [DONE]", events(A, B), "unfinished", "Hello you", why="may be cut off"),
    ModelStream("chat: cut between two events", events(A, B), "broken", "Hello you", broken=True, why="broke"),
    ModelStream("chat: cut in the middle of an event", events(A, B)[:-20], "broken", "Hello", broken=True),
    ModelStream("chat: an error in a field of its own, as no event (llama.cpp of old)", events(A) + b'error: {"message": "overloaded"}\n\n', "unfinished", "Hello"),
    ModelStream("chat: two choices, one without an end", events(A, chat("Salve", index=1), chat(finish="stop"), DONE), "unfinished", "Hello", choices=("Hello", "Salve")),
    ModelStream("completions: cut", events({"object": "text_completion", "choices": [{"index": 0, "text": "Hello", "finish_reason": None}]}), "broken", "Hello", broken=True),
    ModelStream("anthropic: the end without message_stop", events(*HELLO), "unfinished", "Hello you"),
    ModelStream("anthropic: cut", events(*HELLO), "broken", "Hello you", broken=True),
    ModelStream("responses: the end without a last event", events(CREATED, told("Hello")), "unfinished", "Hello"),
    ModelStream("gemini: the end without a finishReason", events(candidate({"text": "Hello"})), "unfinished", "Hello"),
    ModelStream("generate: cut", events(token("Hello")), "broken", "Hello", broken=True),
    ModelStream("ollama: the end without done", lines(says("Hello")), "unfinished", "Hello", lines=True),
    ModelStream("ollama: cut in the middle of a line", lines(says("Hello"), says(" you"))[:-9], "broken", "Hello", broken=True, lines=True),
    ModelStream("ag-ui: the end without RUN_FINISHED", events(RUN_STARTED, OPENED, writes("Hello")), "unfinished", "Hello"),
    ModelStream("dify: the end without message_end", events(dify("message", answer="Hello")), "unfinished", "Hello"),
    ModelStream("mcp: cut before the result", events(PROGRESS), "broken", broken=True),
    ModelStream("labkit: cut", events({"text": "Hello"}), "broken", "Hello", broken=True),
    ModelStream("nothing at all", b"", "unfinished"),
]  # fmt: skip

_ODD = [
    ModelStream("chat: no [DONE] after the reason", events(A, chat(finish="stop")), "finished", "Hello", is_odd=True),
    ModelStream("chat: no reason before [DONE]", events(A, DONE), "finished", "Hello", is_odd=True),
    ModelStream("chat: cut after the reason", events(A, chat(finish="stop")), "finished", "Hello", broken=True, is_odd=True),
    ModelStream("chat: [DONE] and a blank", events(A, chat(finish="stop"), "[DONE] "), "finished", "Hello"),
    ModelStream("chat: empty data, and a keep-alive that is no JSON", events("", A, "keep-alive", B, "", chat(finish="stop"), DONE), "finished", "Hello you", is_odd=True),
    ModelStream("chat: comments as heartbeats", b": OPENROUTER PROCESSING\n\n: keep-alive\n\n" + events(A, chat(finish="stop"), DONE), "finished", "Hello"),
    ModelStream("chat: pieces that make no sense", events(A, {"choices": [None]}, {"choices": 7}, {"choices": [{"delta": "x"}]}, [], 7, {}, None, B, chat(finish="stop"), DONE), "finished", "Hello you", is_odd=True),
    ModelStream("chat: nulls where nothing is", events({"choices": None}, {"choices": [{"delta": None}]}, {**chat("Hello", tool_calls=None, refusal=None, role="assistant"), "error": None, "usage": None}, chat(finish="stop"), DONE), "finished", "Hello"),
    ModelStream("chat: half a character in each of two events", events(chat("\ud83d"), chat("\ude00"), chat(finish="stop"), DONE), "finished", "\U0001f600"),
    ModelStream("chat: text that looks like the end, or like an error", events(chat("[DONE]"), chat('{"error": 1}'), chat(finish="stop"), DONE), "finished", '[DONE]{"error": 1}'),
    ModelStream("chat: text after [DONE]", events(A, chat(finish="stop"), DONE, B, SERVER_ERROR), "finished", "Hello"),
    ModelStream("chat: the usage in every chunk", events({**A, "usage": {"prompt_tokens": 3, "completion_tokens": 1}}, {**B, "usage": {"prompt_tokens": 3, "completion_tokens": 2}}, chat(finish="stop"), DONE), "finished", "Hello you"),
    ModelStream("chat: an empty reason in every chunk", events(chat("Hello", finish=""), chat("", finish="stop"), DONE), "finished", "Hello"),
    ModelStream("chat: the whole message once more at the end (MiniMax)", events(A, B, {"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello you"}, "finish_reason": "stop"}], "base_resp": {"status_code": 0, "status_msg": ""}}, DONE), "finished", "Hello you"),
    ModelStream("chat: the whole message, and nothing before it", events({"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]}, DONE), "finished", "Hello"),
    ModelStream("chat: CR LF, and no blank after the colon", events(A, chat(finish="stop"), DONE).replace(b"\n", b"\r\n").replace(b"data: ", b"data:"), "finished", "Hello"),
    ModelStream("anthropic: the first words where the block begins", events(START, named("content_block_start", index=0, content_block={"type": "thinking", "thinking": "Hm"}), named("content_block_start", index=1, content_block={"type": "text", "text": "Hello"}), piece("text_delta", " you", 1), *end_of_message("end_turn")), "finished", "Hello you", reasoning="Hm"),
    ModelStream("anthropic: the whole input where the block begins", events(START, named("content_block_start", index=0, content_block={"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Rome"}}), *end_of_message("tool_use")), "tool_calls", tool_calls=(WEATHER,)),
    ModelStream("anthropic: without the lines with the types", events(*bare([*HELLO, *end_of_message("end_turn")])), "finished", "Hello you"),
    ModelStream("anthropic: a tool that the provider calls itself", events(START, named("content_block_start", index=0, content_block={"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}), piece("input_json_delta", '{"query": "x"}'), named("content_block_stop", index=0), named("content_block_start", index=1, content_block={"type": "text", "text": ""}), piece("text_delta", "Hello", 1), *end_of_message("end_turn")), "finished", "Hello"),
    ModelStream("anthropic: no message_stop after the reason", events(*HELLO, *end_of_message("end_turn")[:-1]), "finished", "Hello you", is_odd=True),
    ModelStream("responses: without the lines with the types", events(*bare([CREATED, told("Hello"), told(" you"), COMPLETED])), "finished", "Hello you"),
    ModelStream("responses: the text in the last event alone", events(CREATED, COMPLETED), "finished", "Hello you"),
    ModelStream("responses: [DONE] after the last event", events(CREATED, told("Hello you"), COMPLETED, DONE), "finished", "Hello you"),
    ModelStream("gemini: STOP in every chunk, and MAX_TOKENS in the last", events(candidate({"text": "Hello"}, reason="STOP"), candidate({"text": " you"}, reason="MAX_TOKENS")), "length", "Hello you"),
    ModelStream("ollama: no done_reason (old versions)", lines(says("Hello"), says("", True)), "finished", "Hello", lines=True, is_odd=True),
    ModelStream("ag-ui: state and steps beside the text", events(RUN_STARTED, run("STATE_SNAPSHOT", snapshot={}), run("STEP_STARTED", stepName="s"), *SAID, run("CUSTOM", name="x", value=1), run("RAW", event={"error": "of somebody else"}), RUN_FINISHED), "finished", "Hello you"),
    ModelStream("dify: heartbeats, as an event without data and as JSON", b"event: ping\n\n" + events({"event": "ping"}, dify("message", answer="Hello"), MESSAGE_END), "finished", "Hello"),
    ModelStream("labkit: the last event of an older server", events({"text": "Hello"}, ("done", {"state": "finished", "why": "", "prompt": "?", "made": 1, "readers": 1})), "finished", "Hello"),
]  # fmt: skip

STREAMS: tuple[ModelStream, ...] = (*_WHOLE, *_OTHER_ENDS, *_FAILED, *_CUT, *_ODD)
