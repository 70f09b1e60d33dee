// What all widgets draw with. All text goes through textContent: event data is text, never HTML.

function make(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.append(content); // a string becomes text
  return element;
}

// `code` between backticks becomes an element; what stands in it stays text.
function withCode(text) {
  const line = new DocumentFragment();
  text.split(/`([^`]+)`/).forEach((part, at) => line.append(at % 2 ? make("code", "", part) : part));
  return line;
}

const KERNEL_GONE = "the kernel that made this is gone, and its server too: run the cells again, from the first one on";

// What is on the screen can outlive its kernel; then nobody is there to hear.
function send(model, message) {
  try {
    model.send(message);
  } catch {}
}

// Calls `gone` once, when this widget has no kernel any more: at once where the notebook was opened again and only the
// saved widget is left. ipywidgets itself notices a restart alone; the kernel's connection tells of a crash, a shutdown
// and a server that is gone. Returns what ends it.
function onKernelGone(model, el, gone) {
  const kernel = model.widget_manager?.kernel;
  let told = false;
  function tell() {
    if (!told) gone();
    told = true;
  }
  const look = () => el.closest(".jupyter-widgets-disconnected") && tell();
  const hear = (_, status) => ["restarting", "autorestarting", "terminating", "dead"].includes(status) && tell();
  const lose = (_, status) => status === "disconnected" && tell();
  model.on("comm_live_update", look);
  kernel?.statusChanged?.connect(hear);
  kernel?.connectionStatusChanged?.connect(lose);
  kernel?.disposed?.connect(tell);
  look();
  return () => {
    model.off("comm_live_update", look);
    kernel?.statusChanged?.disconnect(hear);
    kernel?.connectionStatusChanged?.disconnect(lose);
    kernel?.disposed?.disconnect(tell);
  };
}

// JupyterLab takes keys for shortcuts of its own, unless the very element that has the focus forbids it.
function forKeys(element) {
  element.dataset.lmSuppressShortcuts = "true";
  return element;
}

function makeButton(text, act, title) {
  const button = forKeys(make("button", "", text));
  button.type = "button";
  button.title = title;
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
function watch(model, el, status, draw, gone) {
  function hear({ panel, problem, now_s }) {
    if (panel) draw(panel, now_s);
    if (problem !== undefined) status.why.textContent = problem;
  }
  model.on("msg:custom", hear);
  send(model, { ask: "all" });
  const leave = onKernelGone(model, el, () => {
    draw(gone());
    status.why.textContent = KERNEL_GONE;
  });
  return () => {
    model.off("msg:custom", hear);
    leave();
  };
}
