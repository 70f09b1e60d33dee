// The board's page: the code opens it, a stream keeps it true, and the instructor's secret lets it command.
"use strict";

const room = new Room();
let code = "";
let secret = sessionStorage.getItem("labkit-board-secret") ?? ""; // of this tab, and gone with it
let source = null;
let lastId = "";
let drawing = false;
const SORTS = ["learner", "question", "answer", "notice", "chosen"];
const AGAIN_MS = 1000;

function draw() {
  if (drawing) return;
  drawing = true; // many changes at once are drawn once
  requestAnimationFrame(() => {
    drawing = false;
    drawHead(room, code);
    drawBanner(room);
    drawVote(room);
    drawPeople(room, secret ? (person) => command({ kind: "remove", learner: person.id }) : null);
    drawExercises(room);
    drawControls();
    drawAnswer();
  });
}

async function open() {
  let answer;
  try {
    answer = await fetch("state", { headers: { "Labkit-Code": code }, cache: "no-store" });
  } catch {
    say("connecting");
    setTimeout(open, AGAIN_MS);
    return;
  }
  if (answer.status === 401 || answer.status === 429) {
    ask(code ? (await answer.json()).error : "");
    return;
  }
  if (!answer.ok) {
    setTimeout(open, AGAIN_MS);
    return;
  }
  const state = await answer.json();
  room.clear();
  for (const sort of SORTS) for (const thing of state[sort] ?? []) room.take(sort, thing);
  room.shift_s = state.now_s - Date.now() / 1000;
  room.lessons = Object.fromEntries(state.lessons.map((title) => [title.slice(0, 2), title]));
  code = state.code;
  room.url = state.join_url || `${location.origin}${location.pathname}`;
  lastId = state.last_event_id;
  sessionStorage.setItem("labkit-board-code", code);
  byId("door").hidden = true;
  byId("board").hidden = false;
  draw();
  listen();
}

// A browser's EventSource comes back by itself, but not after every trouble (Firefox: not where nobody listens for a
// moment). Then a new one goes on after the last id that this page has.
function listen() {
  source?.close();
  const mine = (source = new EventSource(`events?code=${encodeURIComponent(code)}&lastEventId=${encodeURIComponent(lastId)}`));
  mine.onopen = () => say("open");
  mine.onerror = (event) => {
    if (event instanceof MessageEvent || mine !== source) return;
    say("connecting");
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && listen(), AGAIN_MS);
  };
  for (const sort of SORTS) {
    mine.addEventListener(sort, (event) => {
      lastId = event.lastEventId;
      room.take(sort, JSON.parse(event.data));
      draw();
    });
  }
  mine.addEventListener("gap", () => {
    mine.close(); // away for too long: everything anew
    open();
  });
}

function say(state) {
  byId("link").dataset.state = state;
  byId("link").textContent = state === "open" ? "live" : "connecting";
}

function ask(why) {
  source?.close();
  byId("board").hidden = true;
  byId("door").hidden = false;
  byId("door-why").textContent = why;
  byId("typed").focus();
}

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  code = byId("typed").value.replace(/[\s-]/g, "").toUpperCase();
  open();
});

// ---- the instructor

async function command(message) {
  const body = message ? { id: crypto.getRandomValues(new Uint32Array(3)).join("-"), ...message } : {};
  let answer;
  try {
    answer = await fetch("commands", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
      body: JSON.stringify(body),
    });
  } catch {
    byId("why").textContent = "The board cannot be reached. Try again";
    return false;
  }
  byId("why").textContent = answer.ok ? "" : (await answer.json()).error;
  if (answer.status === 401) forget();
  return answer.ok;
}

function forget() {
  secret = "";
  sessionStorage.removeItem("labkit-board-secret");
  draw();
}

function drawControls() {
  byId("controls").hidden = !secret;
  byId("be-instructor").textContent = secret ? "Hide these" : "Instructor";
  if (!secret) return;
  const question = room.question;
  byId("lift").disabled = !question;
  byId("lift").textContent = question?.lifted ? "Cover it" : "Lift the cover";
  fill(byId("questions"), room.asked.map(({ id, question: text, voted }) => [id, `${text} (${voted})`]), question?.id);
  const answers = [...room.answers.values()];
  fill(byId("answers"), answers.map(({ id, name, exercise }) => [id, `${name}: ${exercise}`]), byId("answers").value);
  for (const id of ["answers", "show"]) byId(id).hidden = !answers.length;
  byId("show").textContent = room.answers.get(byId("answers").value)?.code === undefined ? "Show it" : "Hide it";
}

function fill(select, pairs, chosen) {
  const now = pairs.map((pair) => pair.join("\n")).join("\n");
  if (select.dataset.now !== now) {
    select.dataset.now = now;
    select.replaceChildren(...pairs.map(([id, text]) => new Option(text, id)));
  }
  if (chosen) select.value = chosen;
}

function drawAnswer() {
  const shown = [...room.answers.values()].find((answer) => answer.code !== undefined);
  const dialog = byId("shown");
  if (shown) {
    byId("shown-title").textContent = `${shown.name}: ${shown.exercise}`;
    byId("shown-code").textContent = shown.code;
    dialog.dataset.id = shown.id;
    if (!dialog.open) dialog.show();
  } else if (dialog.open) dialog.close();
}

const lift = () => room.question && command({ kind: "lift", key: room.question.id, lifted: !room.question.lifted });
function turn(step) {
  const place = room.asked.indexOf(room.question) + step;
  if (room.asked[place]) command({ kind: "choose", key: room.asked[place].id });
}
function showAnswer(id, shown) {
  const answer = room.answers.get(id);
  if (answer && secret) command({ kind: "show", learner: answer.learner, exercise: answer.exercise, shown });
}

byId("be-instructor").addEventListener("click", () => {
  if (secret) forget();
  else {
    byId("secret-form").hidden = !byId("secret-form").hidden;
    byId("secret").focus();
  }
});
byId("secret-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  secret = byId("secret").value.trim();
  byId("secret").value = "";
  if (!(await command(null))) return forget();
  sessionStorage.setItem("labkit-board-secret", secret);
  byId("secret-form").hidden = true;
  draw();
});
byId("lift").addEventListener("click", lift);
byId("before").addEventListener("click", () => turn(-1));
byId("after").addEventListener("click", () => turn(1));
byId("questions").addEventListener("change", (event) => command({ kind: "choose", key: event.target.value }));
byId("answers").addEventListener("change", draw);
byId("show").addEventListener("click", () => {
  const id = byId("answers").value;
  showAnswer(id, room.answers.get(id)?.code === undefined);
});
byId("shown").addEventListener("close", ({ target }) => {
  if (room.answers.get(target.dataset.id)?.code !== undefined) showAnswer(target.dataset.id, false);
});
byId("notice-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("notice").value.trim();
  if (text && (await command({ kind: "notice", text }))) byId("notice").value = "";
});
document.querySelector("[data-notice]").addEventListener("click", (event) => command({ kind: "notice", text: event.target.dataset.notice }));
byId("no-notice").addEventListener("click", () => command({ kind: "notice", text: "" }));
addEventListener("keydown", (event) => {
  if (!secret || event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "l") lift();
  if (event.key === "ArrowLeft") turn(-1);
  if (event.key === "ArrowRight") turn(1);
});

setInterval(draw, 15_000); // the minutes go on
function begin() {
  code = location.hash.slice(1).toUpperCase() || sessionStorage.getItem("labkit-board-code") || "";
  if (code) open();
  else ask("");
}
addEventListener("hashchange", begin);
begin();
