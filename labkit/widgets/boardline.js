// The line that asks whether to join a class board, and the board's banner over the notebook. Python sends; this only asks.

const CONSENT = "It gets your guesses, your checks with the name of a mistake, and what you measure, under a nickname. No code.";

function makeInput(label, limit) {
  const input = forKeys(make("input"));
  input.type = "text";
  input.maxLength = limit;
  input.placeholder = label;
  input.setAttribute("aria-label", label);
  return input;
}

function makeAsking(model) {
  const place = make("div");
  const text = make("span");
  const name = makeInput("a nickname", 20);
  const code = makeInput("the code", 12);
  const joinNow = () => send(model, { ask: "join", name: name.value, code: code.value });
  const join = makeButton("Join", joinNow, "joins the class board, under this nickname");
  const no = makeButton("Not now", () => send(model, { ask: "leave" }), "nothing is sent");
  for (const input of [name, code]) input.addEventListener("keydown", (event) => event.key === "Enter" && joinNow());
  const bar = make("div", "bar");
  bar.append(name, code, join, no);
  place.append(text, bar);
  function show(shown) {
    const host = new URL(shown.url).host;
    text.textContent = `Join the class board at ${host}? ${CONSENT}`;
    if (!name.value) name.value = shown.name;
    code.hidden = Boolean(shown.code) && shown.stage !== "refused";
  }
  return { place, show };
}

function makeJoined(model) {
  const bar = make("div", "bar");
  const text = make("span");
  const answer = makeButton("Show my answer", () => send(model, { ask: "show" }), "sends the code of this exercise to the board");
  const leave = makeButton("Leave", () => send(model, { ask: "leave" }), "nothing is sent any more");
  answer.addEventListener("click", () => (answer.dataset.sent = answer.dataset.exercise));
  bar.append(text, answer, leave);
  function show({ name, stage, exercise }) {
    text.textContent = stage === "joined" ? `On the class board as ${name}.` : "Joining the class board…";
    answer.hidden = !exercise;
    answer.dataset.exercise = exercise;
    answer.textContent = `Show my answer to ${exercise}`;
  }
  return { place: bar, show };
}

// Over the notebook, wherever one has scrolled to. It goes with the widget, and at a click.
function makeBanner(model) {
  const banner = make("div", "labkit-board-banner");
  banner.setAttribute("role", "status");
  const text = make("span");
  const me = makeButton("that is me", () => {
    send(model, { ask: "hand" });
    me.disabled = true;
  }, "says to the board that this is you");
  let closed = "";
  let id = "";
  const close = makeButton("×", () => {
    closed = id;
    banner.remove();
  }, "closes this line");
  banner.append(text, me, close);
  function show({ stage, notice }) {
    const due = stage === "joined" && notice.text && notice.id !== closed;
    if (notice.id !== id) me.disabled = false;
    id = notice.id;
    text.textContent = notice.text ?? "";
    if (due && !banner.isConnected) document.body.append(banner);
    if (!due) banner.remove();
  }
  return { show, remove: () => banner.remove() };
}

function render({ model, el }) {
  const asking = makeAsking(model);
  const joined = makeJoined(model);
  const banner = makeBanner(model);
  const why = make("p", "why");
  why.setAttribute("role", "status");
  const left = make("div", "", "Not on the class board. ");
  left.append(makeButton("Join after all", () => draw({ ...model.get("shown"), stage: "asking" }), "asks again"));
  const root = make("div", "labkit labkit-board");
  root.append(asking.place, joined.place, left, why);
  el.append(root);

  function draw(shown) {
    asking.place.hidden = !["asking", "refused"].includes(shown.stage);
    joined.place.hidden = !["joining", "joined"].includes(shown.stage);
    left.hidden = shown.stage !== "left";
    asking.show(shown);
    joined.show(shown);
    banner.show(shown);
    why.textContent = shown.why;
  }
  const update = () => draw(model.get("shown"));
  update();
  model.on("change:shown", update);
  const leave = onKernelGone(model, el, () => {
    banner.remove();
    for (const control of root.querySelectorAll("button, input")) control.disabled = true;
    why.textContent = "the kernel that was on the board is gone: run this cell again";
  });
  return () => {
    model.off("change:shown", update);
    leave();
    banner.remove();
  };
}

export default { render };
