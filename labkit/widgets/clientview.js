// The face that KernelClient and BrowserClient share. Whoever feeds it calls state() and events(); it draws at most once
// per frame, however fast they come. All text goes through textContent: event data is text, never HTML.

const RING = 500;
const ROWS = 8;
const LANE_MS = 10_000;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function makeButton(text, act) {
  const button = make("button", "", text);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

class ClientView {
  constructor(el, title, buttons) {
    this.ring = [];
    this.count = 0;
    this.lastId = "";
    this.stateWord = "closed";
    this.why = "";
    this.retryAt = 0;
    this.lastAt = null;
    this.words = make("div", "words");
    this.words.setAttribute("role", "log");
    this.words.setAttribute("aria-label", "the text as it arrives");
    this.status = make("p", "status");
    this.status.setAttribute("role", "status");
    this.dot = make("span", "dot");
    this.line = make("span");
    this.status.append(this.dot, this.line);
    this.lane = make("canvas", "lane");
    this.lane.setAttribute("role", "img");
    this.lane.setAttribute("aria-label", "each event as a mark, over the last ten seconds");
    this.body = make("tbody");
    const table = make("table");
    const head = make("tr");
    for (const name of ["id", "type", "data", "gap, ms"]) head.append(make("th", "", name));
    const thead = make("thead");
    thead.append(head);
    table.append(thead, this.body);
    const bar = make("div", "bar");
    bar.append(make("b", "", title), ...buttons);
    const root = make("div", "labkit-client");
    root.append(bar, this.status, this.words, this.lane, table);
    el.append(root);
    this.frame = requestAnimationFrame(() => this.draw());
    this.timer = setInterval(() => this.schedule(), 100); // the lane moves and the countdown counts
  }

  state(word, why, waitMs) {
    this.stateWord = word;
    this.why = why;
    this.retryAt = waitMs ? performance.now() + waitMs : 0;
    this.schedule();
  }

  events(items) {
    const now = performance.now();
    for (const { type, data, id, at } of items) {
      const gap = this.lastAt === null ? null : at - this.lastAt;
      this.lastAt = at;
      this.ring.push({ type, data, id, gap, drawn: now });
      this.lastId = id;
      this.count += 1;
    }
    if (this.ring.length > RING) this.ring.splice(0, this.ring.length - RING);
    this.dirty = true;
    this.schedule();
  }

  schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    const wait = Math.max(0, this.retryAt - performance.now());
    const countdown = this.stateWord === "connecting" && wait ? `, again in ${(wait / 1000).toFixed(1)} s` : "";
    const line = `${this.stateWord}${countdown} · ${this.count} events · last event ID ${this.lastId || "none"} · ${this.why}`;
    if (this.line.textContent !== line) this.line.textContent = line;
    this.dot.dataset.state = this.stateWord;
    if (this.dirty) this.drawTable();
    this.drawLane();
  }

  drawTable() {
    this.dirty = false;
    this.words.textContent = this.ring.slice(-120).map(({ data }) => data).join(" ").slice(-900);
    this.words.scrollTop = this.words.scrollHeight;
    const rows = this.ring.slice(-ROWS).reverse().map(({ id, type, data, gap }) => {
      const row = make("tr");
      const cells = [id || "none", type, data, gap === null ? "" : gap.toFixed(0)];
      row.append(...cells.map((text) => make("td", "", text)));
      return row;
    });
    this.body.replaceChildren(...rows);
  }

  drawLane() {
    const width = this.lane.clientWidth;
    const height = this.lane.clientHeight;
    if (!width) return;
    if (this.lane.width !== width) Object.assign(this.lane, { width, height });
    const brush = this.lane.getContext("2d");
    brush.clearRect(0, 0, width, height);
    brush.fillStyle = "#009E73"; // the client's colour everywhere in the lab
    const now = performance.now();
    for (const { drawn } of this.ring) {
      const age = now - drawn;
      if (age < LANE_MS) brush.fillRect(width * (1 - age / LANE_MS) - 2, 4, 2, height - 8);
    }
  }

  close() {
    clearInterval(this.timer);
    if (this.frame) cancelAnimationFrame(this.frame);
  }
}
