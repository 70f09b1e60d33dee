// The face that KernelClient and BrowserClient share. Whoever feeds it calls state() and events(); it draws at most once
// per frame, however fast they come.

const RING = 500;
const ROWS = 8;
const LANE_MS = 10_000;

function clientButtons(model, start, stop, startTitle) {
  const cut = "the server breaks the connection of every reader, not only of this one; each client comes back by itself";
  return [
    makeButton("Start", start, startTitle),
    makeButton("Stop", stop, "closes the connection of this client; the others stay"),
    ...(model.get("can_cut") ? [makeButton("Cut all connections", () => send(model, { ask: "cut" }), cut)] : []),
  ];
}

class ClientView {
  constructor(el, title, buttons) {
    this.ring = [];
    this.count = 0;
    this.lastId = "";
    this.stateWord = "closed";
    this.why = "";
    this.changedAt = this.retryAt = 0;
    this.lastAt = null;
    this.buttons = buttons;
    this.words = make("div", "words");
    this.words.setAttribute("aria-label", "the text as it arrives");
    this.status = new StatusLines();
    this.lane = make("canvas", "lane");
    this.lane.setAttribute("role", "img");
    this.lane.setAttribute("aria-label", "each event as a mark, over the last ten seconds");
    Object.assign(this, makeTable("the newest events", ["id", "type", "data", "gap, ms"]));
    this.table.classList.add("alike");
    this.table.querySelector("th:last-child").title = "the time since the event before, in milliseconds";
    const bar = make("div", "bar");
    this.name = make("b", "", title);
    bar.append(this.name, ...buttons);
    const root = make("div", "labkit labkit-client");
    root.append(bar, this.status.element, this.words, this.lane, this.table);
    el.append(root);
    this.frame = requestAnimationFrame(() => this.draw());
    this.timer = setInterval(() => this.schedule(), 100); // the lane moves and the countdown counts
  }

  // `status` is that of an answer which opened no stream.
  state(word, why, waitMs, status) {
    const now = performance.now();
    if (word !== this.stateWord) this.changedAt = now;
    Object.assign(this, { stateWord: word, why, answer: status });
    this.retryAt = waitMs ? now + waitMs : 0;
    this.schedule();
  }

  title(text) {
    this.name.textContent = text;
  }

  orphaned() {
    this.state("closed", KERNEL_GONE);
    for (const button of this.buttons) button.disabled = true;
  }

  // Items may have a `number`, counted from 1: then each is taken once, however often it is told.
  events(items) {
    const now = performance.now();
    for (const { number = this.count + 1, type, data, id, at } of items) {
      if (number <= this.count) continue;
      const gap = this.lastAt === null ? null : at - this.lastAt;
      this.lastAt = at;
      this.ring.push({ number, type, data, id, at, gap, drawn: now });
      this.lastId = id;
      this.count = number;
    }
    if (this.ring.length > RING) this.ring.splice(0, this.ring.length - RING);
    this.dirty = true;
    this.schedule();
  }

  // A row of its own, after the newest event.
  note(text) {
    this.ring.push({ note: text, drawn: -Infinity });
    this.dirty = true;
    this.schedule();
  }

  // What came before this view was there. Events that have come live meanwhile stay where they are, behind it.
  history(items) {
    const first = this.ring.length ? this.ring[0].number : Infinity;
    const live = this.ring;
    Object.assign(this, { ring: [], count: (items[0]?.number ?? 1) - 1, lastAt: null });
    this.events(items.filter(({ number }) => number < first));
    this.events(live);
  }

  schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    const { stateWord, answer, count, lastId, why } = this;
    const state = answer ? `${stateWord}: ${answer}` : `${stateWord}${this.clock()}`;
    this.status.say(stateWord, `${state} · ${counted(count, "event")} · last event ID ${lastId || "none"}`, why);
    if (this.dirty) this.drawTable();
    this.drawLane();
  }

  // A client that reads by itself knows when it asks again; of the browser's own EventSource a page cannot know.
  clock() {
    if (this.stateWord !== "connecting") return "";
    const now = performance.now();
    if (this.retryAt) return `, again in ${(Math.max(0, this.retryAt - now) / 1000).toFixed(1)} s`;
    return ` for ${((now - this.changedAt) / 1000).toFixed(1)} s`;
  }

  drawTable() {
    this.dirty = false;
    const events = this.ring.filter(({ note }) => !note);
    this.words.textContent = events.slice(-120).map(({ data }) => data).join(" ").slice(-900);
    this.words.scrollTop = this.words.scrollHeight;
    const newest = this.ring.slice(-ROWS).reverse();
    // Where there is little room, a column in which all are alike goes first.
    this.table.classList.toggle("alike", newest.every(({ note, type }) => note || type === "message"));
    this.body.replaceChildren(...newest.map((item) => (item.note ? noteRow(item.note) : eventRow(item))));
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

function eventRow({ id, type, data, gap }) {
  return makeRow(id || "none", type, make("div", "data", data), gap === null ? "" : gap.toFixed(0));
}

function noteRow(text) {
  const row = makeRow(text);
  row.className = "note";
  row.firstChild.colSpan = 4;
  return row;
}
