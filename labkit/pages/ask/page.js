"use strict";
// Whatever comes from the stream is written as textContent: it stays text, even where it looks like HTML. Only the answer's
// own text is shown as Markdown, by markdown.js, which says why that is safe.
const SHOWN_CHARACTERS = 20000; // of the wire: the answer is kept whole
const HINTS = {
  answers: "An EventSource shows a page no bytes: these are its events. F12, Network, EventStream shows the same.",
  others: "The bytes as they came, in the pieces in which they came.",
};
const WORDS = {
  waiting: "for the first token", thinking: "its reasoning comes first", typing: "tokens are coming",
  reconnecting: "the connection broke: the browser comes back by itself",
};
// The colour and the sign of each state: an answer that is whole, one that wants to be looked at, one that is none.
const KINDS = { waiting: "live", thinking: "live", typing: "live", reconnecting: "trouble", idle: "idle" };
const ENDING_KINDS = {
  finished: "good", length: "attention", paused: "attention", tool_calls: "attention", other: "attention", stopped: "attention",
  filtered: "bad", refused: "bad", failed: "bad", unfinished: "bad", broken: "bad",
};
const PIECES = ["text", "reasoning", "refusal", "tool_call"];
const TOOL = {
  name: "get_weather",
  description: "The weather in a city, now.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const at = (id) => document.getElementById(id);

let asked = null; // the question in hand: its reader, its answer, its numbers, its id
const view = new AnswerView(at("answer"));
const unpainted = { wire: "", frame: 0 };

function endingWord(ending) {
  return ending.replace("_", " ");
}

function begin(id = "") {
  asked?.leave();
  asked = {
    id, way: at("way").value, answer: new Answer(), began: performance.now(), first: 0, words: 0, last: 0, pieces: 0, lost: 0,
    down: false, again: Boolean(id), notes: [], leave() {},
  };
  unpainted.wire = "";
  view.clear();
  at("wire").textContent = "";
  at("answer").dataset.empty = "";
  at("notes").replaceChildren();
  at("wire-hint").textContent = HINTS[asked.way] ?? HINTS.others;
  show("waiting", id ? "reading an answer from its beginning" : undefined);
  return asked;
}

// What a reader tells. One that was left has no say any more.
function ears(mine) {
  const now = (tell) => (...told) => mine === asked && tell(...told);
  return {
    opened: now((id) => {
      if (id) mine.id = id;
      if (mine.down) show(phase(mine));
      mine.down = false;
      showButtons();
    }),
    lost: now(() => {
      if (!mine.down) mine.lost += 1; // a browser that finds no server says so at each attempt
      mine.down = true;
      show("reconnecting");
    }),
    parts: now((parts) => {
      const pieces = parts.filter(({ kind }) => PIECES.includes(kind));
      if (pieces.length) {
        mine.last = performance.now();
        mine.first ||= mine.last;
        if (pieces.some(({ kind }) => kind !== "reasoning")) mine.words ||= mine.last;
        mine.pieces += pieces.length;
        if (at("state").dataset.state !== phase(mine)) show(phase(mine));
      }
      later();
    }),
    wire: now((text) => {
      unpainted.wire = (unpainted.wire + text).slice(-SHOWN_CHARACTERS); // a hidden page paints nothing
      later();
    }),
    end: now((ending = mine.answer.ending, why = mine.answer.why) => {
      if (mine.over) return;
      mine.over = true;
      mine.leave = () => {};
      mine.answer.leave(ending);
      show(ending, why || ENDING_SENTENCES[ending]);
      paint();
      if (mine.way !== "answers" && mine.id) addServerNotes(mine);
    }),
  };
}

// What the server has to say of the answer beside its dialect, which has no words for it: what was not forwarded.
async function addServerNotes(mine) {
  const told = await stateOf(mine.id);
  if (mine !== asked) return;
  mine.notes.push(...asList(told.notes).map(asText).filter(Boolean));
  showNotes();
}

function phase({ words, first }) {
  return words ? "typing" : first ? "thinking" : "waiting";
}

function readQuestion() {
  const count = at("choices").valueAsNumber, longest = at("max-tokens").valueAsNumber;
  return {
    prompt: at("prompt").value,
    choices: count >= 1 ? Math.min(Math.floor(count), 4) : 1,
    maxTokens: longest >= 1 ? Math.floor(longest) : null,
    reasoning: at("reasoning").checked,
    tools: at("tool").checked ? [TOOL] : [],
  };
}

async function ask() {
  const question = readQuestion(), mine = begin();
  if (mine.way !== "answers") {
    clearAddress();
    const { cannot } = DIALECTS[mine.way];
    if (cannot && question.choices > 1) mine.notes.push(`one answer was asked for: this dialect has no words for ${cannot}`);
    mine.leave = readByFetch(mine.way, question, mine.answer, ears(mine));
    return;
  }
  try {
    mine.id = await startAnswer(question);
  } catch (problem) {
    if (mine !== asked || mine.over) return;
    clearAddress();
    ears(mine).end("failed", problem instanceof TypeError ? "the server cannot be reached" : problem.message);
    return;
  }
  if (mine !== asked || mine.over) {
    fetch(address(mine.id), { method: "DELETE" }).catch(() => {}); // stopped before it had a number
    return;
  }
  location.hash = mine.id; // so that a reload, or a second tab, reads on
  mine.leave = readByEventSource(mine.id, mine.answer, ears(mine));
}

async function readAgain() {
  const id = location.hash.slice(1);
  if (!id || id === asked?.id) return;
  at("way").value = "answers";
  const mine = begin(id), told = await stateOf(id);
  if (mine !== asked || mine.over) return;
  if (told.error) return ears(mine).end("failed", told.error);
  at("prompt").value = asText(told.prompt);
  mine.leave = readByEventSource(id, mine.answer, ears(mine));
}

async function stop() {
  const mine = asked;
  if (mine.way === "answers" && mine.id) {
    const response = await fetch(address(mine.id), { method: "DELETE" }).catch(() => null);
    if (response?.ok && !mine.down) return; // the stream itself tells that it is done
    mine.leave();
    ears(mine).end("stopped", response?.ok ? "by you" : "you left; the server could not be told");
    return;
  }
  mine.leave();
  ears(mine).end("stopped", "you left. The model does not know yet");
  // Nobody told the model to stop: it goes on, and is paid for, until the server notices that nobody reads.
  while (mine === asked && mine.id) {
    await new Promise((wake) => setTimeout(wake, 500));
    const told = await stateOf(mine.id);
    if (told.error || mine !== asked) return;
    const went = told.state === "running" ? "goes on" : `stopped: ${told.why || "the answer was whole"}`;
    show("stopped", `you left after ${counted(mine.pieces, "piece")}. The model has made ${told.made}, and ${went}`);
    if (told.state !== "running") return;
  }
}

async function cut() {
  const response = await fetch(`answers/cut?id=${encodeURIComponent(asked.id)}`, { method: "POST" }).catch(() => null);
  if (!response?.ok) at("why").textContent = "the server cannot be reached, or did not cut";
}

function later() {
  // One painting for each frame, however fast the tokens come.
  if (!unpainted.frame) unpainted.frame = requestAnimationFrame(paint);
}

function paint() {
  cancelAnimationFrame(unpainted.frame);
  unpainted.frame = 0;
  let late = false;
  keepAtEnd(at("wire"), (box) => {
    if (unpainted.wire) box.append(unpainted.wire);
    unpainted.wire = "";
    if (box.textContent.length > 2 * SHOWN_CHARACTERS) box.textContent = box.textContent.slice(-SHOWN_CHARACTERS);
  });
  keepAtEnd(at("answer"), () => {
    if (!asked) return;
    const { answer, over, again, words, first } = asked;
    const isOne = answer.choices.size === 1; // of several, each thinks for a time of its own
    const thinking = isOne && words > first && !again ? duration(words - first) : "";
    late = view.paint(answer, { asText: at("as-text").checked, over: Boolean(over), thinking });
  });
  showNumbers();
  if (asked?.over) showNotes();
  if (late) later();
}

// Who scrolled up to read is left there.
function keepAtEnd(box, change) {
  const atEnd = box.scrollTop + box.clientHeight > box.scrollHeight - 40;
  change(box);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function show(state, why = WORDS[state] ?? "") {
  at("state").dataset.state = state;
  at("state").dataset.kind = KINDS[state] ?? ENDING_KINDS[state];
  at("word").textContent = endingWord(state);
  at("why").textContent = why;
  showButtons();
  showNumbers();
}

function showButtons() {
  const busy = ["live", "trouble"].includes(at("state").dataset.kind);
  const focused = document.activeElement;
  at("generate").disabled = busy;
  at("way").disabled = busy;
  at("stop").disabled = !busy;
  at("cut").disabled = !busy || !asked?.id || asked.down;
  // A button that is disabled loses the focus to nowhere: who works by keyboard goes on from the next one.
  if (focused.disabled) at(busy ? "stop" : "generate").focus();
}

// Never the number 1 alone: its noun is always in the plural.
function rate(number) {
  return number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString("en");
}

// A piece is what one event brings: a token here, and some tokens at many a provider. Only the server can count those.
function showNumbers() {
  const parts = [];
  if (asked?.pieces) {
    const { pieces, first, last, began, again, lost, answer } = asked;
    // What is counted before the end may be a beginning: Anthropic's first event tells 1.
    const answerTokens = answer.endIsTold ? answer.answerTokens : null;
    if (!again) parts.push(`first token after ${duration(first - began)}`);
    const [number, noun] = answerTokens === null ? [pieces, "piece"] : [answerTokens, "token"];
    parts.push(answerTokens === null ? counted(pieces, "piece") : `${counted(answerTokens, "token")} in ${counted(pieces, "piece")}`);
    // From the question on: counted from the first token, an answer that came in one lump would be the fastest.
    if (!again) parts.push(`${rate((number * 1000) / (last - began))} ${noun}s a second from the question on`);
    if (lost) parts.push(`lost the connection ${lost === 1 ? "once" : `${lost} times`}`);
  }
  at("numbers").textContent = parts.join(" · ");
}

function showNotes() {
  const notes = [...asked.notes, ...asked.answer.notes];
  if (view.tooSlow) notes.push("the answer is shown as text: to make Markdown of it would take too long");
  at("notes").replaceChildren(...notes.slice(0, 20).map((note) => element("li", "", note)));
}

at("form").onsubmit = (event) => {
  event.preventDefault();
  if (!at("generate").disabled) ask();
};
at("prompt").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.repeat) return; // a key that is held asks once
  at("form").requestSubmit();
};
document.onkeydown = (event) => {
  if (event.key === "Escape" && !at("stop").disabled) stop();
};
at("stop").onclick = stop;
at("cut").onclick = cut;
at("more").onchange = showAskedFor;
for (const choice of [at("as-markdown"), at("as-text")]) {
  choice.onchange = () => {
    paint();
    remember("as", choice.id);
  };
}
window.onhashchange = readAgain;

// What more is asked for, beside the folded settings: nobody shall wonder why two answers come.
function showAskedFor() {
  const { choices, maxTokens, reasoning, tools } = readQuestion();
  const more = [
    choices > 1 && counted(choices, "answer"), maxTokens && `at most ${counted(maxTokens, "token")}`, reasoning && "reasoning", tools.length && "a tool",
  ].filter(Boolean);
  at("asked-for").textContent = more.join(" · ");
}

function clearAddress() {
  history.replaceState(null, "", location.pathname + location.search);
}

// A browser may forbid a page to remember anything.
function remember(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`labkit-${name}`, value);
    return localStorage.getItem(`labkit-${name}`);
  } catch {
    return null;
  }
}

fetch("v1/models").then((response) => response.json()).then(({ data: [{ id, owned_by }] }) => {
  at("model").textContent = id === "alice-1865"
    ? "alice-1865, a chain of words from one book. It understands nothing, and needs no network"
    : `${id} at ${owned_by}`;
}).catch(() => {});
if (remember("as") === "as-text") at("as-text").checked = true;
showAskedFor();
show("idle", "ask something");
at("prompt").focus();
at("prompt").select(); // the first key replaces the example
readAgain();
