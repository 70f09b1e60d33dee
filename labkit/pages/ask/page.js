"use strict";
// Whatever comes from the stream is written as textContent: it stays text, even where it looks like HTML or Markdown.
const SHOWN_CHARACTERS = 20000; // of the wire: the answer is kept whole
const HINTS = {
  answers: "An EventSource shows a page no bytes: these are its events. F12, Network, EventStream shows the same.",
  others: "The bytes as they came, in the pieces in which they came.",
};
const WORDS = { typing: "tokens are coming", reconnecting: "the connection broke: the browser comes back by itself" };
const at = (id) => document.getElementById(id);

let asked = null; // the question in hand: its reader, its numbers, its answer's id
const unpainted = { answer: "", wire: "", frame: 0 };

function begin(id = "") {
  asked?.leave();
  asked = { id, way: at("way").value, began: performance.now(), first: 0, last: 0, tokens: 0, lost: 0, down: false, again: Boolean(id), leave() {} };
  unpainted.answer = unpainted.wire = "";
  at("answer").textContent = at("wire").textContent = "";
  at("wire-hint").textContent = HINTS[asked.way] ?? HINTS.others;
  show("waiting", id ? "reading an answer from its beginning" : "for the first token");
  return asked;
}

// What a reader tells. One that was left has no say any more.
function ears(mine) {
  const now = (tell) => (...told) => mine === asked && tell(...told);
  return {
    opened: now((id) => {
      if (id) mine.id = id;
      if (mine.down) show(mine.tokens ? "typing" : "waiting");
      mine.down = false;
      showButtons();
    }),
    lost: now(() => {
      if (!mine.down) mine.lost += 1; // a browser that finds no server says so at each attempt
      mine.down = true;
      show("reconnecting");
    }),
    text: now((text) => {
      mine.last = performance.now();
      if (!mine.tokens) mine.first = mine.last;
      mine.tokens += 1;
      if (at("state").dataset.state !== "typing") show("typing");
      later("answer", text);
    }),
    wire: now((text) => later("wire", text)),
    end: now((state, why) => {
      if (mine.over) return;
      mine.over = true;
      paint();
      mine.leave = () => {};
      show(state, why);
    }),
  };
}

async function ask() {
  const prompt = at("prompt").value, mine = begin();
  if (mine.way !== "answers") {
    clearAddress();
    mine.leave = readByFetch(mine.way, prompt, ears(mine));
    return;
  }
  try {
    mine.id = await startAnswer(prompt);
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
  mine.leave = readByEventSource(mine.id, ears(mine));
}

async function readAgain() {
  const id = location.hash.slice(1);
  if (!id || id === asked?.id) return;
  at("way").value = "answers";
  const mine = begin(id), told = await stateOf(id);
  if (mine !== asked || mine.over) return;
  if (told.error) return ears(mine).end("failed", told.error);
  at("prompt").value = told.prompt;
  mine.leave = readByEventSource(id, ears(mine));
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
    show("stopped", `you left after ${counted(mine.tokens, "token")}. The model has made ${told.made}, and ${went}`);
    if (told.state !== "running") return;
  }
}

async function cut() {
  const response = await fetch(`answers/cut?id=${encodeURIComponent(asked.id)}`, { method: "POST" }).catch(() => null);
  if (!response?.ok) at("why").textContent = "the server cannot be reached, or did not cut";
}

function later(where, text) {
  unpainted[where] += text;
  if (where === "wire") unpainted.wire = unpainted.wire.slice(-SHOWN_CHARACTERS); // a hidden page paints nothing
  // One painting for each frame, however fast the tokens come.
  if (!unpainted.frame) unpainted.frame = requestAnimationFrame(paint);
}

function paint() {
  cancelAnimationFrame(unpainted.frame);
  unpainted.frame = 0;
  for (const where of ["answer", "wire"]) {
    if (!unpainted[where]) continue;
    const box = at(where), atEnd = box.scrollTop + box.clientHeight > box.scrollHeight - 40;
    box.append(unpainted[where]);
    unpainted[where] = "";
    if (where === "wire" && box.textContent.length > 2 * SHOWN_CHARACTERS) box.textContent = box.textContent.slice(-SHOWN_CHARACTERS);
    if (atEnd) box.scrollTop = box.scrollHeight; // who scrolled up to read is left there
  }
  showNumbers();
}

function show(state, why = WORDS[state] ?? "") {
  at("state").dataset.state = state;
  at("word").textContent = state;
  at("why").textContent = why;
  showButtons();
  showNumbers();
}

function showButtons() {
  const busy = ["waiting", "typing", "reconnecting"].includes(at("state").dataset.state);
  const focused = document.activeElement;
  at("generate").disabled = busy;
  at("way").disabled = busy;
  at("stop").disabled = !busy;
  at("cut").disabled = !busy || !asked?.id || asked.down;
  // A button that is disabled loses the focus to nowhere: who works by keyboard goes on from the next one.
  if (focused.disabled) at(busy ? "stop" : "generate").focus();
}

function showNumbers() {
  const parts = [];
  if (asked?.tokens) {
    const { tokens, first, last, began, again, lost } = asked;
    if (!again) parts.push(`first token after ${duration(first - began)}`);
    parts.push(counted(tokens, "token"));
    if (!again) parts.push(pace(tokens, last - began));
    if (lost) parts.push(`lost the connection ${lost === 1 ? "once" : `${lost} times`}`);
  }
  at("numbers").textContent = parts.join(" · ");
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
window.onhashchange = readAgain;

function clearAddress() {
  history.replaceState(null, "", location.pathname + location.search);
}

fetch("v1/models").then((response) => response.json()).then(({ data: [{ id, owned_by }] }) => {
  at("model").textContent = id === "alice-1865"
    ? "alice-1865, a chain of words from one book. It understands nothing, and needs no network"
    : `${id} at ${owned_by}`;
}, () => {});
show("idle", "ask something");
at("prompt").focus();
at("prompt").select(); // the first key replaces the example
readAgain();
