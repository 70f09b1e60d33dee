// What all widgets draw with. All text goes through textContent: event data is text, never HTML.

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const KERNEL_GONE = "the kernel was restarted, and its server is gone: run the cells again";

// What is on the screen can outlive its kernel; then nobody is there to hear.
function send(model, message) {
  try {
    model.send(message);
  } catch {}
}

// JupyterLab takes keys for shortcuts of its own, unless the very element that has the focus forbids it.
function forKeys(element) {
  element.dataset.lmSuppressShortcuts = "true";
  return element;
}

function makeButton(text, act) {
  const button = forKeys(make("button", "", text));
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

// The state with figures that change all the time, and on a line of its own what happened: only that is read out by a
// screen reader. The dot says in shape and colour what the first word says.
class StatusLines {
  constructor() {
    this.element = make("div");
    const line = make("p", "status");
    this.dot = make("span", "dot");
    this.figures = make("span");
    this.why = make("p", "why");
    this.why.setAttribute("role", "status");
    line.append(this.dot, this.figures);
    this.element.append(line, this.why);
  }

  say(state, figures, why) {
    this.dot.dataset.state = state;
    if (this.figures.textContent !== figures) this.figures.textContent = figures;
    if (this.why.textContent !== why) this.why.textContent = why;
  }
}

function makeTable(label, columns) {
  const table = make("table");
  table.setAttribute("aria-label", label);
  const head = make("tr");
  for (const name of columns) head.append(make("th", "", name));
  const thead = make("thead");
  thead.append(head);
  const body = make("tbody");
  table.append(thead, body);
  return { table, body };
}

function makeRow(...cells) {
  const row = make("tr");
  for (const cell of cells) {
    const place = make("td");
    place.append(cell); // a string becomes text
    row.append(place);
  }
  return row;
}

// A panel hears what Python sees, and when its kernel is gone it draws that. Returns what ends it.
function watch(model, status, draw, gone) {
  function hear({ panel, problem }) {
    if (panel) draw(panel);
    if (problem !== undefined) status.why.textContent = problem;
  }
  function orphaned() {
    draw(gone());
    status.why.textContent = KERNEL_GONE;
  }
  model.on("msg:custom", hear);
  model.on("comm_live_update", orphaned);
  send(model, { ask: "all" });
  return () => {
    model.off("msg:custom", hear);
    model.off("comm_live_update", orphaned);
  };
}
