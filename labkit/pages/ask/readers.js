"use strict";
// Two ways to read an answer: an EventSource on a GET, which resumes by itself, and fetch on a POST, which cannot.
// A reader gets `tell`: text(token), wire(text), opened(), lost(), and end(state, why), which it calls once.

// POST a question, be given a number, and read the answer under it as often as you like.
async function startAnswer(prompt) {
  const response = await fetch("answers", post({ prompt }));
  if (!response.ok) throw new Error(await refusal(response));
  return (await response.json()).id;
}

function readByEventSource(id, tell) {
  const source = new EventSource(address(id));
  let last = "";
  source.onopen = () => {
    tell.opened();
    if (last) tell.wire(`⟲ a new connection, with Last-Event-ID: ${last}\n\n`);
  };
  source.onmessage = (event) => {
    last = event.lastEventId;
    tell.wire(`id: ${event.lastEventId}\ndata: ${event.data}\n\n`);
    tell.text(JSON.parse(event.data).text);
  };
  source.addEventListener("done", (event) => {
    source.close(); // or the browser would come back for more
    tell.wire(`event: done\ndata: ${event.data}\n\n`);
    const { state, why } = JSON.parse(event.data);
    tell.end(ENDS[state], why);
  });
  source.onerror = async () => {
    if (source.readyState !== EventSource.CLOSED) return tell.lost();
    const told = await stateOf(id);
    tell.end("failed", told.error ?? "the server sent no event stream, so the browser gave up");
  };
  return () => source.close();
}

const ENDS = { finished: "finished", cancelled: "stopped", failed: "failed" };

// The three dialects: where to ask, with what, and what a piece of the stream means.
const DIALECTS = {
  openai: {
    path: "v1/chat/completions",
    splitter: () => new Decoder(),
    read({ data }) {
      if (data === "[DONE]") return { end: true };
      const value = JSON.parse(data);
      return { text: value.choices?.[0]?.delta?.content, error: value.error?.message };
    },
  },
  anthropic: {
    path: "v1/messages",
    splitter: () => new Decoder(),
    read({ type, data }) {
      const value = JSON.parse(data);
      return { text: value.delta?.text, end: type === "message_stop", error: value.error?.message };
    },
  },
  ollama: {
    path: "api/chat",
    splitter: () => new Lines(),
    read(line) {
      const value = JSON.parse(line);
      return { text: value.message?.content, end: value.done, error: value.error };
    },
  },
};

class Lines {
  utf8 = new TextDecoder();
  unfinished = "";

  feed(bytes) {
    const lines = (this.unfinished + this.utf8.decode(bytes, { stream: true })).split("\n");
    this.unfinished = lines.pop();
    checkSize(this.unfinished.length);
    return lines.filter(Boolean);
  }
}

function readByFetch(name, prompt, tell) {
  const leaving = new AbortController();
  fetchAnswer(DIALECTS[name], prompt, tell, leaving.signal).then(
    ({ state, why }) => tell.end(state, why),
    (problem) => leaving.signal.aborted || tell.end("failed", problem.message),
  ).finally(() => leaving.abort()); // what comes after the end nobody reads
  return () => leaving.abort();
}

async function fetchAnswer(dialect, prompt, tell, signal) {
  const messages = [{ role: "user", content: prompt }];
  const response = await fetch(dialect.path, { ...post({ model: "any", max_tokens: 4096, stream: true, messages }), signal });
  if (!response.ok) return { state: "failed", why: await refusal(response) };
  tell.opened(response.headers.get("Labkit-Answer"));
  const body = response.body.getReader(), splitter = dialect.splitter(), utf8 = new TextDecoder();
  for (;;) {
    let chunk;
    try {
      chunk = await body.read();
    } catch (problem) {
      if (signal.aborted) throw problem;
      return { state: "broken", why: "the connection broke, and the answer is not whole. It cannot go on here, and is not asked again: that would be another answer, and cost again" };
    }
    if (chunk.done) return { state: "broken", why: "the stream ended without its end mark: the answer may be cut off" };
    tell.wire(utf8.decode(chunk.value, { stream: true }));
    for (const piece of splitter.feed(chunk.value)) {
      const { text, end, error } = dialect.read(piece);
      if (error) return { state: "failed", why: error };
      if (text) tell.text(text);
      if (end) return { state: "finished", why: "" };
    }
  }
}

function post(value) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

function address(id) {
  return `answers?id=${encodeURIComponent(id)}`;
}

// What the server says of an answer: {state, why, made, prompt}, or {error}.
async function stateOf(id) {
  try {
    const response = await fetch(address(id), { headers: { Accept: "application/json" } });
    return response.ok ? await response.json() : { error: await refusal(response) };
  } catch {
    return { error: "the server cannot be reached" };
  }
}

// The sentence in an error's body: each dialect wraps it in its own way.
async function refusal(response) {
  try {
    const { error } = await response.json();
    return `${error.message ?? error} (status ${response.status})`;
  } catch {
    return `the server answered with status ${response.status}`;
  }
}
