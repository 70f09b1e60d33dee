"use strict";
// Two ways to read an answer: an EventSource on a GET, which resumes by itself, and fetch on a POST, which cannot.
// A reader feeds an Answer, and gets `tell`: parts(parts), wire(text), opened(id), lost(), and once
// end(ending, why), without arguments where the answer itself says how it ended.

// POST a question, be given a number, and read the answer under it as often as you like.
async function startAnswer(question) {
  const response = await fetch("answers", post(ownQuestion(question)));
  if (!response.ok) throw new Error(await refusal(response));
  const id = asText((await readJson(response)).id);
  if (!id) throw new Error("the server took the question, and gave its answer no number. Is it labkit's?");
  return id;
}

// The JSON object in a response; an empty one where there is none.
async function readJson(response) {
  return asObject(await response.json().catch(() => null));
}

function readByEventSource(id, answer, tell) {
  const source = new EventSource(address(id));
  let last = "";
  source.onopen = () => {
    tell.opened();
    if (last) tell.wire(`⟲ a new connection, with Last-Event-ID: ${last}\n\n`);
  };
  source.onmessage = (event) => {
    last = event.lastEventId;
    tell.wire(`id: ${event.lastEventId}\ndata: ${event.data}\n\n`);
    tell.parts(answer.feedEvent(event));
  };
  source.addEventListener("done", (event) => {
    source.close(); // or the browser would come back for more
    tell.wire(`event: done\ndata: ${event.data}\n\n`);
    tell.parts(answer.feedEvent(event));
    answer.close();
    tell.end();
  });
  source.onerror = async (event) => {
    if (event.data !== undefined) { // no trouble on the way: the server sent an event of the type "error"
      source.close();
      tell.wire(`event: error\ndata: ${event.data}\n\n`);
      tell.parts(answer.feedEvent(event));
      answer.close();
      return tell.end();
    }
    if (source.readyState !== EventSource.CLOSED) return tell.lost();
    const told = await stateOf(id);
    tell.end("failed", told.error ?? "the server sent no event stream, so the browser gave up");
  };
  return () => source.close();
}

// What is asked, in the words of each dialect. `question` is {prompt, choices, maxTokens, reasoning, tools}, where
// maxTokens is null if the model decides. `cannot` names what a dialect has no words for.
const ANSWERS = "several answers";
const DIALECTS = {
  openai: {
    path: "v1/chat/completions",
    splitter: () => new Decoder(),
    body: ({ prompt, choices, maxTokens, reasoning, tools }) => ({
      model: "any", stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: prompt }],
      ...(choices > 1 && { n: choices }), ...(maxTokens && { max_completion_tokens: maxTokens }), ...(reasoning && { reasoning_effort: "medium" }),
      ...(tools.length && { tools: tools.map(asFunction) }),
    }),
  },
  responses: {
    path: "v1/responses",
    cannot: ANSWERS,
    splitter: () => new Decoder(),
    body: ({ prompt, maxTokens, reasoning, tools }) => ({
      model: "any", stream: true, input: prompt, ...(maxTokens && { max_output_tokens: maxTokens }),
      ...(reasoning && { reasoning: { effort: "medium", summary: "auto" } }),
      ...(tools.length && { tools: tools.map((tool) => ({ type: "function", ...tool })) }),
    }),
  },
  anthropic: {
    path: "v1/messages",
    cannot: ANSWERS,
    splitter: () => new Decoder(),
    body: ({ prompt, maxTokens, reasoning, tools }) => ({
      // This dialect wants a longest answer. What the model thinks counts too, and has to leave room for an answer.
      model: "any", stream: true, max_tokens: maxTokens ?? 4096, messages: [{ role: "user", content: prompt }],
      ...(reasoning && { thinking: { type: "enabled", budget_tokens: 1024 } }),
      ...(tools.length && { tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })) }),
    }),
  },
  gemini: {
    path: "v1beta/models/any:streamGenerateContent?alt=sse",
    splitter: () => new Decoder(),
    body: ({ prompt, choices, maxTokens, reasoning, tools }) => ({
      contents: [{ role: "user", parts: [{ text: prompt }] }],
      generationConfig: {
        ...(choices > 1 && { candidateCount: choices }), ...(maxTokens && { maxOutputTokens: maxTokens }),
        ...(reasoning && { thinkingConfig: { includeThoughts: true } }),
      },
      ...(tools.length && { tools: [{ functionDeclarations: tools }] }),
    }),
  },
  ollama: {
    path: "api/chat",
    cannot: ANSWERS,
    splitter: () => new Lines(),
    body: ({ prompt, maxTokens, reasoning, tools }) => ({
      model: "any", stream: true, messages: [{ role: "user", content: prompt }], ...(maxTokens && { options: { num_predict: maxTokens } }),
      ...(reasoning && { think: true }), ...(tools.length && { tools: tools.map(asFunction) }),
    }),
  },
};

function ownQuestion({ prompt, choices, maxTokens, reasoning, tools }) {
  return {
    prompt, ...(choices > 1 && { n: choices }), ...(maxTokens && { max_tokens: maxTokens }), ...(reasoning && { reasoning_effort: "medium" }),
    ...(tools.length && { tools: tools.map(asFunction) }),
  };
}

function asFunction(tool) {
  return { type: "function", function: tool };
}

class Lines {
  utf8 = new TextDecoder();
  unfinished = "";

  feed(bytes) {
    const lines = (this.unfinished + this.utf8.decode(bytes, { stream: true })).split("\n");
    this.unfinished = lines.pop();
    checkSize(this.unfinished.length);
    return lines.filter(Boolean).map((data) => ({ data }));
  }
}

function readByFetch(name, question, answer, tell) {
  const leaving = new AbortController();
  fetchAnswer(DIALECTS[name], question, answer, tell, leaving.signal).then(
    (end) => tell.end(...end),
    (problem) => leaving.signal.aborted || tell.end("failed", problem.message),
  ).finally(() => leaving.abort()); // what comes after the end nobody reads
  return () => leaving.abort();
}

const BROKEN = "the connection broke, and the answer is not whole. It cannot go on here, and is not asked again: that would be another answer, and cost again";

async function fetchAnswer(dialect, question, answer, tell, signal) {
  // Jupyter's proxy passes a stream on as it comes where this is accepted, and nothing else; it holds all others.
  const asked = post(dialect.body(question), { Accept: "text/event-stream" });
  const response = await fetch(dialect.path, { ...asked, signal });
  if (!response.ok) return ["failed", await refusal(response)];
  tell.opened(response.headers.get("Labkit-Answer"));
  const body = response.body.getReader(), splitter = dialect.splitter(), utf8 = new TextDecoder();
  for (;;) {
    let chunk, broken = false;
    try {
      chunk = await body.read();
    } catch (problem) {
      if (signal.aborted) throw problem;
      broken = true;
    }
    if (broken || chunk.done) {
      answer.close({ broken });
      return answer.ending === "broken" ? ["broken", BROKEN] : [];
    }
    tell.wire(utf8.decode(chunk.value, { stream: true }));
    for (const piece of splitter.feed(chunk.value)) {
      tell.parts(answer.feedEvent(piece));
      if (answer.ending) return [];
    }
  }
}

function post(value, headers = {}) {
  return { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(value) };
}

function address(id) {
  return `answers?id=${encodeURIComponent(id)}`;
}

// What the server says of an answer: {state, why, made, prompt}, or {error}.
async function stateOf(id) {
  try {
    const response = await fetch(address(id), { headers: { Accept: "application/json" } });
    return response.ok ? await readJson(response) : { error: await refusal(response) };
  } catch {
    return { error: "the server cannot be reached" };
  }
}

// The sentence in an error's body: each dialect wraps it in its own way.
async function refusal(response) {
  const said = failureIn("", await readJson(response));
  if (!said) return `the server answered with status ${response.status}`;
  // The server does not know under which origin its page was opened behind a proxy; the page does.
  const way = response.status === 403 ? `. Start it with --origin ${location.origin} if it may` : "";
  return `${said.message}${way} (status ${response.status})`;
}
