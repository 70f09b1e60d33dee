"use strict";
// What an event of a model's answer says, in whatever dialect: the same words and the same rules as labkit/dialects in
// Python, which names the sources. Pure: an event goes in, parts come out, and nothing in an event can make it throw.
// A part is {kind, ...}: text, reasoning, refusal, tool_call, tool_result, counts, finish, failed, end, oddity.
// tests/dialects/streams.py holds the streams that both must read alike.

const REASONS = {
  finished: ["stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "success", "succeeded", "partial-succeeded"],
  length: ["length", "max_tokens", "model_length", "model_context_window_exceeded", "max_output_tokens", "max_messages"],
  filtered: [
    "content_filter", "content_filtered", "guardrail_intervened", "sensitive", "error_toxic", "safety", "recitation",
    "language", "blocklist", "prohibited_content", "spii", "model_armor", "image_safety", "image_prohibited_content",
    "image_recitation",
  ],
  refused: ["refusal"],
  tool_calls: ["tool_calls", "tool_call", "tool_use", "function_call"],
  paused: ["pause_turn", "compaction", "interrupt", "paused", "input_required"],
  failed: [
    "error", "error_limit", "timeout", "insufficient_system_resource", "abort", "aborted", "network_error", "failed",
    "malformed_function_call", "malformed_response", "unexpected_tool_call", "too_many_tool_calls",
    "missing_thought_signature",
  ],
  stopped: ["cancelled", "user_cancel", "stopped"],
};
const ENDING_OF = new Map(Object.entries(REASONS).flatMap(([ending, words]) => words.map((word) => [word, ending])));

function endingOf(reason) {
  return ENDING_OF.get(reason.toLowerCase()) ?? "other";
}

// What stands in JSON from a stranger, taken for what it should be, or for nothing.
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const asObject = (value) => (isObject(value) ? value : {});
const asList = (value) => (Array.isArray(value) ? value : []);
const asText = (value) => (typeof value === "string" ? value : "");
const asCount = (value) => (Number.isSafeInteger(value) && value >= 0 ? value : null);
const asJson = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));
const said = (value) => asText(value) || (JSON.stringify(value) ?? "").slice(0, 200);
const firstText = (object, names) => names.map((name) => asText(object[name])).find(Boolean) ?? "";

// Each gives its part in a list, or an empty list where there is nothing to tell.
const textPart = (text, choice = 0) => (text ? [{ kind: "text", text, choice }] : []);
const reasoningPart = (text, choice = 0) => (text ? [{ kind: "reasoning", text, choice }] : []);
const refusalPart = (text, choice = 0) => (text ? [{ kind: "refusal", text, choice }] : []);
const finishPart = (reason, choice = 0) => (reason ? [{ kind: "finish", ending: endingOf(reason), reason, choice }] : []);
const failedPart = (message, name = "") => ({ kind: "failed", message, name });
const endPart = (mark) => ({ kind: "end", mark });
const oddity = (why) => ({ kind: "oddity", why });
const toolPart = (number, { id = "", name = "", args = "" }, choice = 0) => ({ kind: "tool_call", number, id, name, arguments: args, choice });
const countsPart = (prompt, answer) => (prompt === null && answer === null ? [] : [{ kind: "counts", prompt, answer }]);

// OpenAI's chat completions and completions, and all who speak like them.
function chatParts(value) {
  const parts = [], { choices } = value;
  if (choices !== undefined && choices !== null && !(Array.isArray(choices) && choices.every(isObject))) {
    parts.push(oddity("choices that are no objects"));
  }
  for (const [index, choice] of chatChoices(value)) {
    const { delta, error } = choice;
    if (delta !== undefined && delta !== null && !isObject(delta)) parts.push(oddity("a delta that is no object"));
    parts.push(...messageParts(asObject(delta), index), ...textPart(asText(choice.text), index));
    if (told(error)) parts.push(failedPart(asText(asObject(error).message) || said(error)));
    const reason = asText(choice.finish_reason);
    if (!["", "null", "none"].includes(reason.toLowerCase())) parts.push(...finishPart(reason, index));
  }
  const groq = asObject(value.x_groq);
  if (asText(groq.error)) parts.push(failedPart(groq.error));
  const usage = told(asObject(value.usage)) ? asObject(value.usage) : asObject(groq.usage);
  return [...parts, ...countsPart(asCount(usage.prompt_tokens), asCount(usage.completion_tokens))];
}

function chatChoices({ choices }) {
  return asList(choices).flatMap((choice, place) => (isObject(choice) ? [[asCount(choice.index) ?? place, choice]] : []));
}

function wholeChatParts(value) {
  return chatChoices(value).flatMap(([index, choice]) => (isObject(choice.delta) ? [] : messageParts(asObject(choice.message), index)));
}

function messageParts(message, index) {
  const calls = asList(message.tool_calls).map((call, place) => [asObject(call), place]);
  if (isObject(message.function_call)) calls.push([{ function: message.function_call }, 0]); // before there were several
  return [
    ...reasoningPart(chatReasoning(message), index), ...contentParts(message.content, index), ...refusalPart(asText(message.refusal), index),
    ...calls.flatMap(([call, place]) => chatCall(call, place, index)),
  ];
}

function contentParts(content, index) {
  if (typeof content === "string") return textPart(content, index);
  return asList(content).flatMap((given) => {
    const part = typeof given === "string" ? { text: given } : asObject(given), { thinking } = part;
    const thought = asText(thinking) || asList(thinking).map((one) => asText(asObject(one).text)).join("");
    return [...textPart(asText(part.text), index), ...refusalPart(asText(part.refusal), index), ...reasoningPart(thought, index)];
  });
}

function chatReasoning(message) {
  const details = asList(message.reasoning_details).map(asObject);
  return firstText(message, ["reasoning_content", "reasoning"]) || details.map((detail) => firstText(detail, ["text", "summary"])).join("");
}

function chatCall(call, place, choice) {
  const made = asObject(call.function), id = asText(call.id), name = asText(made.name), args = asJson(made.arguments);
  return id || name || args ? [toolPart(asCount(call.index) ?? place, { id, name, args }, choice)] : [];
}

// Anthropic's messages. A tool call's number is that of its content block. A tool that the provider calls itself
// (server_tool_use) is none that anybody waits for: its pieces have no name.
const MESSAGE_EVENTS = new Set(["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]);

function anthropicParts(kind, value) {
  const number = asCount(value.index) ?? 0, delta = asObject(value.delta), block = asObject(value.content_block);
  const counts = (usage) => countsPart(asCount(asObject(usage).input_tokens), asCount(asObject(usage).output_tokens));
  if (kind === "message_start") return counts(asObject(value.message).usage);
  if (kind === "message_delta") return [...counts(value.usage), ...finishPart(asText(delta.stop_reason))];
  if (kind === "message_stop") return [endPart(kind)];
  if (kind === "content_block_start") {
    const parts = [...textPart(asText(block.text)), ...reasoningPart(asText(block.thinking))];
    if (block.type === "tool_use") {
      const args = told(block.input) ? asJson(block.input) : ""; // {} stands for what comes in pieces
      parts.push(toolPart(number, { id: asText(block.id), name: asText(block.name), args }));
    }
    return parts;
  }
  if (kind !== "content_block_delta") return [];
  const args = asText(delta.partial_json);
  return [...textPart(asText(delta.text)), ...reasoningPart(asText(delta.thinking)), ...(args ? [toolPart(number, { args })] : [])];
}

// OpenAI's Responses. A tool call's number is that of its item in the output.
const RESPONSE_CALLS = ["function_call", "custom_tool_call"];
const RESPONSE_ENDS = ["response.completed", "response.incomplete", "response.failed", "response.cancelled"];

function responsesParts(kind, value) {
  const number = asCount(value.output_index) ?? 0, delta = asText(value.delta), item = asObject(value.item);
  if (kind === "response.output_item.added") return RESPONSE_CALLS.includes(item.type) ? [responseCall(number, item)] : [];
  if (RESPONSE_ENDS.includes(kind)) return lastResponseParts(kind, asObject(value.response));
  if (kind === "response.output_text.delta") return textPart(delta);
  if (kind === "response.reasoning_text.delta" || kind === "response.reasoning_summary_text.delta") return reasoningPart(delta);
  if (kind === "response.refusal.delta") return refusalPart(delta);
  const calls = kind === "response.function_call_arguments.delta" || kind === "response.custom_tool_call_input.delta";
  return calls && delta ? [toolPart(number, { args: delta })] : [];
}

function responseCall(number, item) {
  return toolPart(number, { id: asText(item.call_id), name: asText(item.name), args: firstText(item, ["arguments", "input"]) });
}

function lastResponseParts(kind, response) {
  const usage = asObject(response.usage), parts = countsPart(asCount(usage.input_tokens), asCount(usage.output_tokens));
  const word = kind.slice("response.".length);
  if (kind === "response.failed") parts.push(failureIn("", { error: response.error }) ?? failedPart(kind));
  else parts.push(...finishPart((word === "incomplete" && asText(asObject(response.incomplete_details).reason)) || word));
  return [...parts, endPart(kind)];
}

function wholeResponseParts(value) {
  return asList(asObject(value.response).output).map(asObject).flatMap((item, number) => {
    if (RESPONSE_CALLS.includes(item.type)) return [responseCall(number, item)];
    return item.type === "message" ? contentParts(item.content, 0) : [];
  });
}

// Gemini's streamGenerateContent with alt=sse. A function call comes whole; a blocked question has no candidate at all.
function geminiParts(value) {
  const parts = asList(value.candidates).map(asObject).flatMap((candidate, place) => {
    const index = asCount(candidate.index) ?? place;
    const pieces = asList(asObject(candidate.content).parts).map(asObject).flatMap((part, number) => {
      const text = asText(part.text), call = asObject(part.functionCall), name = asText(call.name);
      const args = asJson("args" in call ? call.args : {});
      return [
        ...(told(part.thought) ? reasoningPart(text, index) : textPart(text, index)),
        ...(name ? [toolPart(number, { id: asText(call.id), name, args }, index)] : []),
      ];
    });
    return [...pieces, ...finishPart(asText(candidate.finishReason), index)];
  });
  const blocked = asText(asObject(value.promptFeedback).blockReason), usage = asObject(value.usageMetadata);
  if (blocked) parts.push({ kind: "finish", ending: "filtered", reason: blocked, choice: 0 });
  const made = [usage.candidatesTokenCount, usage.thoughtsTokenCount].map(asCount).filter((count) => count !== null);
  const answer = made.length ? made.reduce((sum, count) => sum + count) : null;
  return [...parts, ...countsPart(asCount(usage.promptTokenCount), answer)];
}

// Cohere's chat, version 2.
const COHERE_EVENTS = new Set([
  "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start",
  "tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end",
]);

function cohereParts(kind, value) {
  const delta = asObject(value.delta), message = asObject(delta.message);
  if (kind === "content-start" || kind === "content-delta") return contentParts([message.content], 0);
  if (kind === "tool-plan-delta") return reasoningPart(asText(message.tool_plan));
  if (kind === "tool-call-start" || kind === "tool-call-delta") {
    const call = asObject(isObject(message.tool_calls) ? message.tool_calls : asList(message.tool_calls)[0]), made = asObject(call.function);
    return [toolPart(asCount(value.index) ?? 0, { id: asText(call.id), name: asText(made.name), args: asText(made.arguments) })];
  }
  if (kind !== "message-end") return [];
  const tokens = asObject(asObject(delta.usage).tokens), error = asText(delta.error);
  return [
    ...countsPart(asCount(tokens.input_tokens), asCount(tokens.output_tokens)), ...(error ? [failedPart(error)] : []),
    ...finishPart(asText(delta.finish_reason)), endPart(kind),
  ];
}

// AG-UI, between an agent and its page. Tool calls are told apart by their ids; a call that the agent itself made has a
// result. What a subagent says is no part of the answer. Each type needs the field behind it: many a job says RUN_FINISHED.
const AG_UI_FIELDS = {
  RUN_STARTED: "threadId", RUN_FINISHED: "threadId", RUN_ERROR: "message", TEXT_MESSAGE_START: "messageId",
  TEXT_MESSAGE_CONTENT: "messageId", TEXT_MESSAGE_END: "messageId", TOOL_CALL_START: "toolCallId", TOOL_CALL_ARGS: "toolCallId",
  TOOL_CALL_END: "toolCallId", TOOL_CALL_RESULT: "toolCallId", MESSAGES_SNAPSHOT: "messages", REASONING_START: "messageId",
  REASONING_MESSAGE_START: "messageId", REASONING_MESSAGE_CONTENT: "messageId", REASONING_MESSAGE_END: "messageId",
  REASONING_END: "messageId", SUBAGENT_STARTED: "subagentRunId", SUBAGENT_FINISHED: "subagentRunId",
  SUBAGENT_ERROR: "subagentRunId", TEXT_MESSAGE_CHUNK: "type", TOOL_CALL_CHUNK: "type", REASONING_MESSAGE_CHUNK: "type",
  THINKING_TEXT_MESSAGE_CONTENT: "delta",
};
const AG_UI_COMMON = [ // what it has too, under names that anybody may choose
  "STATE_SNAPSHOT", "STATE_DELTA", "ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA", "STEP_STARTED", "STEP_FINISHED", "RAW", "CUSTOM",
  "REASONING_ENCRYPTED_VALUE",
];
const AG_UI_THOUGHTS = ["REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_CHUNK", "THINKING_TEXT_MESSAGE_CONTENT"];

const isAgUi = (kind, value) => Object.hasOwn(AG_UI_FIELDS, kind) && Object.hasOwn(value, AG_UI_FIELDS[kind]);

function agUiParts(kind, value) {
  const delta = asText(value.delta), id = asText(value.toolCallId), inner = asText(value.subagentRunId);
  if (kind === "TEXT_MESSAGE_CONTENT" || kind === "TEXT_MESSAGE_CHUNK") {
    if (![undefined, null, "assistant"].includes(value.role)) return [];
    return inner ? reasoningPart(delta) : textPart(delta);
  }
  if (AG_UI_THOUGHTS.includes(kind)) return reasoningPart(delta);
  if (["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_CHUNK"].includes(kind)) {
    const name = asText(value.toolCallName);
    return !inner && (id || name || delta) ? [toolPart(0, { id, name, args: delta })] : [];
  }
  if (kind === "TOOL_CALL_RESULT") return [{ kind: "tool_result", id }];
  if (kind !== "RUN_FINISHED" && kind !== "RUN_ERROR") return [];
  const counts = countsPart(sumOf(value.usage, "inputTokens"), sumOf(value.usage, "outputTokens"));
  if (kind === "RUN_ERROR") return [...counts, failedPart(asText(value.message) || kind, asText(value.code)), endPart(kind)];
  return [...counts, ...finishPart(asText(asObject(value.outcome).type) || "success"), endPart(kind)];
}

function sumOf(usages, name) {
  const counts = asList(usages).map((usage) => asCount(asObject(usage)[name])).filter((count) => count !== null);
  return counts.length ? counts.reduce((sum, count) => sum + count) : null;
}

function wholeAgUiParts(value) {
  const messages = asList(value.messages).map(asObject), asked = messages.findLastIndex(({ role }) => role === "user");
  return messages.slice(asked + 1).flatMap(({ role, content }) => (role === "assistant" ? textPart(asText(content)) : []));
}

// Dify's chats, agents and workflows: the type stands in the JSON, as `event`.
const DIFY_EVENTS = new Set([
  "message", "agent_message", "agent_thought", "message_end", "message_file", "message_replace", "error", "tts_message",
  "tts_message_end", "workflow_started", "workflow_finished", "workflow_paused", "node_started", "node_finished", "node_retry",
  "iteration_started", "iteration_next", "iteration_completed", "loop_started", "loop_next", "loop_completed", "text_chunk",
  "text_replace", "agent_log", "human_input_required",
]);

function isDify(value) {
  return DIFY_EVENTS.has(asText(value.event)) && Boolean(firstText(value, ["task_id", "message_id", "workflow_run_id", "conversation_id"]));
}

function difyParts(value) {
  const kind = asText(value.event), data = asObject(value.data);
  const finish = (ending) => ({ kind: "finish", ending, reason: kind, choice: 0 });
  if (kind === "message" || kind === "agent_message") return textPart(asText(value.answer));
  if (kind === "text_chunk") return textPart(asText(data.text));
  if (kind === "message_replace" || kind === "text_replace") return [finish("filtered")];
  if (kind === "message_end") {
    const usage = asObject(asObject(value.metadata).usage);
    return [...countsPart(asCount(usage.prompt_tokens), asCount(usage.completion_tokens)), finish("finished"), endPart(kind)];
  }
  if (kind === "workflow_paused") return [finish("paused"), endPart(kind)];
  if (kind === "workflow_finished") {
    const status = asText(data.status), end = asText(value.message_id) ? [] : [endPart(kind)]; // in a chat message_end comes behind it
    return [...(status === "failed" ? [failedPart(asText(data.error) || status, status)] : finishPart(status)), ...end];
  }
  if (kind !== "error") return [];
  const message = asText(value.message), code = asText(value.code);
  return [failedPart(message || code || kind, message ? code : "")];
}

function wholeDifyParts(value) {
  if (value.event !== "workflow_finished") return [];
  const texts = Object.values(asObject(asObject(value.data).outputs)).filter((text) => asText(text));
  return texts.length === 1 ? textPart(texts[0]) : [];
}

// MCP's messages: JSON-RPC 2.0. An error of JSON-RPC is found where all errors are.
const MCP_RESULT_FIELDS = [
  "protocolVersion", "supportedVersions", "content", "structuredContent", "contents", "messages", "tools", "resources",
  "resourceTemplates", "prompts", "completion", "resultType",
];
const MCP_QUESTIONS = ["sampling/createMessage", "elicitation/create", "roots/list"];

function isMcp(value) {
  const method = asText(value.method), result = asObject(value.result);
  if (value.jsonrpc !== "2.0") return false;
  if (method.startsWith("notifications/") || MCP_QUESTIONS.includes(method)) return true;
  return MCP_RESULT_FIELDS.some((name) => Object.hasOwn(result, name)) && !Object.hasOwn(result, "kind"); // as A2A's results have
}

function mcpParts(value) {
  if ("method" in value || !("result" in value)) return [];
  const result = asObject(value.result), texts = asList(result.content).map((block) => asText(asObject(block).text)).filter(Boolean);
  if (result.isError === true) return [failedPart(texts.join(" ") || "isError", "isError"), endPart("result")];
  return [...texts.flatMap((text) => textPart(text)), ...finishPart(asText(result.resultType) || "complete"), endPart("result")];
}

// Text Generation Inference's generate_stream.
function generateParts(value) {
  const token = asObject(value.token), details = asObject(value.details), reason = asText(details.finish_reason);
  return [
    ...(token.special === true ? [] : textPart(asText(token.text))),
    ...countsPart(asCount(details.input_length), asCount(details.generated_tokens)),
    ...(reason ? [...finishPart(reason), endPart("details")] : []),
  ];
}

// Ollama's lines. A tool call comes whole.
function ollamaParts(value) {
  const message = asObject(value.message);
  const parts = [
    ...reasoningPart(asText(message.thinking) || asText(value.thinking)), ...textPart(asText(message.content) || asText(value.response)),
    ...asList(message.tool_calls).flatMap((call, number) => {
      const made = asObject(asObject(call).function), name = asText(made.name);
      const args = asJson("arguments" in made ? made.arguments : {});
      return name ? [toolPart(number, { id: asText(asObject(call).id), name, args })] : [];
    }),
  ];
  if (value.done !== true) return parts;
  const counts = countsPart(asCount(value.prompt_eval_count), asCount(value.eval_count));
  return [...parts, ...counts, ...finishPart(asText(value.done_reason)), endPart('"done": true')];
}

// The lab's own /answers.
const OWN_PIECES = ["text", "reasoning", "refusal", "tool_call"];
const OWN_STATES = { finished: "finished", cancelled: "stopped", failed: "failed" };
const ENDINGS = new Set(["finished", "length", "filtered", "refused", "tool_calls", "paused", "failed", "other", "unfinished", "broken", "stopped"]);

function isOwnPiece(value) {
  const names = Object.keys(value).filter((name) => name !== "choice");
  return names.length === 1 && OWN_PIECES.includes(names[0]);
}

function isOwnEnd(type, { state }) {
  return type === "done" && Object.hasOwn(OWN_STATES, asText(state));
}

function ownParts(value) {
  const index = asCount(value.choice) ?? 0, call = value.tool_call;
  const parts = [...textPart(asText(value.text), index), ...reasoningPart(asText(value.reasoning), index), ...refusalPart(asText(value.refusal), index)];
  if (!isObject(call) || !told(call)) return parts;
  const piece = { id: asText(call.id), name: asText(call.name), args: asText(call.arguments) };
  return [...parts, toolPart(asCount(call.number) ?? 0, piece, index)];
}

function ownEndParts(value) {
  const why = asText(value.why), reason = asText(value.reason), given = asText(value.ending), state = asText(value.state);
  const ending = ENDINGS.has(given) ? given : Object.hasOwn(OWN_STATES, state) ? OWN_STATES[state] : "other";
  const failed = ending === "failed" && why ? [failedPart(why, reason)] : [];
  return [...failed, { kind: "finish", ending, reason: reason || ending, choice: 0 }, endPart("done")];
}

// Errors under status 200, in the shapes that model servers give them.
const MESSAGES = ["message", "detail", "error_msg", "msg", "error", "text"];
const NAMES = ["type", "code", "status", "error_type", "error_code"];

// What counts as given: in JSON null, false, 0, "", [] and {} all say "nothing".
function told(value) {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : Boolean(value);
}

function failureIn(type, value) {
  const { error } = value, base = asObject(value.base_resp);
  if (isObject(error) && told(error)) return failureOf(error);
  if (told(error)) return failedPart(said(error), asText(value.error_type));
  if ([type, value.type, value.object].includes("error")) {
    return failureOf(Object.fromEntries(Object.entries(value).filter(([, given]) => given !== "error" && given !== null)));
  }
  if (told(value.error_code) && told(value.error_msg)) return failureOf(value);
  const code = asCount(base.status_code);
  if (code) return failedPart(asText(base.status_msg) || `status ${code}`, String(code));
  return null;
}

function failureOf(error) {
  const message = firstText(error, MESSAGES);
  const name = NAMES.map((key) => error[key]).find((given) => given && ["string", "number"].includes(typeof given)) ?? "";
  return failedPart(message || String(name) || said(error), message ? String(name) : "");
}

// What the data of one event says: its dialect, its parts, and `whole`, the parts of a whole answer that it repeats. They
// count only where no piece of the answer came before.
function readData(data, type = "message") {
  // Some servers end it with a blank, some write it as a JSON text.
  if (data.trim().replace(/^"+|"+$/g, "") === "[DONE]") return { dialect: "", parts: [endPart("[DONE]")], whole: [] };
  if (!data.trim()) return { dialect: "", parts: [oddity("empty data")], whole: [] };
  try {
    return readValue(JSON.parse(data), type);
  } catch { // what nests too deeply may be read, and not be written again
    return { dialect: "", parts: [type === "error" ? failedPart(data) : oddity("no JSON")], whole: [] };
  }
}

function readValue(value, type) {
  if (isObject(value)) return readObject(value, type);
  if (type === "error") return { dialect: "", parts: [failedPart(JSON.stringify(value))], whole: [] };
  const failure = asList(value).length === 1 ? failureIn("", asObject(value[0])) : null;
  return { dialect: "", parts: [failure ?? oddity("JSON, but no object")], whole: [] };
}

const HEARTBEATS = ["ping", "keepalive"]; // Anthropic's, and that of Responses

function readObject(value, type) {
  const kind = asText(value.type) || type; // a proxy may drop the line with the type, and the JSON tells it again
  const reading = readInDialect(kind, value, type), failure = failureIn(type, value);
  if (!reading) {
    const odd = failure || HEARTBEATS.includes(kind) ? [] : [oddity("nothing that a dialect knows")];
    return { dialect: "", parts: failure ? [failure] : odd, whole: [] };
  }
  if (failure) {
    const end = reading.parts.findIndex((part) => part.kind === "end");
    reading.parts.splice(end < 0 ? reading.parts.length : end, 0, failure);
  }
  return { whole: [], ...reading };
}

function readInDialect(kind, value, type) {
  if (MESSAGE_EVENTS.has(kind)) return { dialect: "anthropic", parts: anthropicParts(kind, value) };
  if (COHERE_EVENTS.has(kind)) return { dialect: "cohere", parts: cohereParts(kind, value) };
  if (kind.startsWith("response.")) {
    const whole = kind === "response.completed" || kind === "response.incomplete" ? wholeResponseParts(value) : [];
    return { dialect: "responses", parts: responsesParts(kind, value), whole };
  }
  const agent = readAgent(kind, value);
  if (agent) return agent;
  if ("choices" in value || value.object === "chat.completion.chunk") {
    return { dialect: dialectOfChoices(value), parts: chatParts(value), whole: wholeChatParts(value) };
  }
  if (isGemini(value)) return { dialect: "gemini", parts: geminiParts(value) };
  if (typeof value.done === "boolean" && hasOllamaText(value)) return { dialect: "ollama", parts: ollamaParts(value) };
  if (isObject(value.token) && ("details" in value || "generated_text" in value)) return { dialect: "generate", parts: generateParts(value) };
  if (isOwnEnd(type, value)) return { dialect: "labkit", parts: ownEndParts(value) };
  return isOwnPiece(value) ? { dialect: "labkit", parts: ownParts(value) } : null;
}

function readAgent(kind, value) {
  if (isAgUi(kind, value)) {
    return { dialect: "ag-ui", parts: agUiParts(kind, value), whole: kind === "MESSAGES_SNAPSHOT" ? wholeAgUiParts(value) : [] };
  }
  if (isMcp(value)) return { dialect: "mcp", parts: mcpParts(value) };
  if (AG_UI_COMMON.includes(kind) || value.event === "ping") return { dialect: "", parts: [] }; // Dify's heartbeat, where a client library made JSON of it
  return isDify(value) ? { dialect: "dify", parts: difyParts(value), whole: wholeDifyParts(value) } : null;
}

function isGemini(value) {
  const candidates = asList(value.candidates).map(asObject);
  return candidates.some((candidate) => "content" in candidate || "finishReason" in candidate)
    || "blockReason" in asObject(value.promptFeedback) || isObject(value.usageMetadata);
}

function hasOllamaText(value) {
  return isObject(value.message) || (typeof value.response === "string" && "model" in value);
}

function dialectOfChoices(value) {
  const choices = asList(value.choices).map(asObject);
  if (value.object === "chat.completion.chunk" || choices.some((choice) => "delta" in choice)) return "chat";
  if (value.object === "text_completion" || choices.some((choice) => typeof choice.text === "string" && "finish_reason" in choice)) return "completions";
  return choices.some((choice) => "message" in choice) || "usage" in value ? "chat" : "";
}
