// One answer, asked once. It belongs to the view: when the output goes, the request is dropped.

// What stands at "choices.0.delta.content" of the JSON; "" where nothing does, and all of it where it is no JSON.
function textOf(data, path) {
  if (!path) return data;
  try {
    const found = path.split(".").reduce((value, key) => value?.[key], JSON.parse(data));
    return typeof found === "string" ? found : "";
  } catch {
    return data;
  }
}

class Answer {
  constructor(model, view) {
    Object.assign(this, { model, view, unsent: [], arrivals: [], state: "connecting", why: "", how: "", askedAt: performance.now() });
    send(model, { asked: true });
    this.stream = new PageStream(model, {
      way: (how) => this.leave(how),
      state: (...change) => this.change(...change),
      event: (event) => this.take(event),
    });
    this.stream.start();
    this.timer = setInterval(() => this.flush(), BATCH_MS);
  }

  leave(how) {
    this.how = how === "direct" ? "" : ` · ${how}`;
    this.askedAt = performance.now(); // the way was looked for before
  }

  change(state, why) {
    this.state = state;
    this.why = why;
    if (state === "closed") this.flush(why);
    this.view.draw(this);
  }

  take({ type, data }) {
    if (data === "[DONE]") return this.stop("finished: the answer said [DONE]");
    if (type === "done") return this.stop("finished: the answer sent an event named done");
    const after = performance.now() - this.askedAt;
    const text = textOf(data, this.model.get("text_at"));
    if (!text) return;
    this.arrivals.push(after);
    this.unsent.push([after, text]);
    this.view.type(text);
    this.view.draw(this);
  }

  figures() {
    const [first] = this.arrivals;
    if (first === undefined) return `${this.state} · no token yet${this.how}`;
    const last = this.arrivals.at(-1);
    const count = this.arrivals.length;
    const end = this.state === "closed" ? [`all after ${duration(last)}`] : [];
    const parts = [`first token after ${duration(first)}`, counted(count, "token"), pace(count, last), ...end];
    return `${this.state} · ${parts.join(" · ")}${this.how}`;
  }

  flush(over) {
    if (this.unsent.length || over) send(this.model, { tokens: this.unsent.splice(0), ...(over && { over }) });
  }

  stop(why) {
    this.stream.stop(why);
  }

  close() {
    this.stop("the output was closed");
    clearInterval(this.timer);
  }
}

class TypewriterView {
  constructor(el, title, again) {
    this.status = new StatusLines();
    this.paper = make("div", "paper");
    this.paper.setAttribute("aria-label", title);
    this.lane = make("canvas", "lane");
    this.lane.setAttribute("role", "img");
    this.lane.setAttribute("aria-label", "each token as a mark, from the request on");
    const bar = make("div", "bar");
    this.again = makeButton("Ask again", again, "sends the same question once more");
    bar.append(make("b", "", title), this.again);
    const root = make("div", "labkit labkit-typewriter");
    root.append(bar, this.status.element, this.paper, this.lane);
    el.append(root);
  }

  clear() {
    this.paper.textContent = "";
  }

  orphaned(answer) {
    this.again.disabled = true;
    if (answer) this.draw(Object.assign(answer, { why: KERNEL_GONE }));
    else this.status.say("closed", "closed · no token", KERNEL_GONE);
  }

  type(text) {
    this.paper.append(text); // a text node, never HTML
    this.paper.scrollTop = this.paper.scrollHeight;
  }

  draw(answer) {
    this.answer = answer;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.status.say(this.answer.state, this.answer.figures(), this.answer.why);
      this.drawLane(this.answer.arrivals);
    });
  }

  // From the request at the left edge to now: a lump is one thick line far from it.
  drawLane(arrivals) {
    const { clientWidth: width, clientHeight: height } = this.lane;
    Object.assign(this.lane, { width, height });
    const brush = this.lane.getContext("2d");
    brush.fillStyle = "#009E73"; // the client's colour everywhere in the lab
    const span = Math.max(2000, (arrivals.at(-1) ?? 0) * 1.05);
    for (const after of arrivals) brush.fillRect((width * after) / span, 4, 2, height - 8);
  }
}

function render({ model, el }) {
  let answer = null;
  function ask() {
    answer?.close();
    view.clear();
    answer = new Answer(model, view);
  }
  const view = new TypewriterView(el, model.get("title"), ask);
  let kernel = true;
  const leave = onKernelGone(model, el, () => {
    kernel = false;
    answer?.stop(KERNEL_GONE);
    view.orphaned(answer);
  });
  if (kernel) ask();
  return () => {
    leave();
    answer?.close();
  };
}

export default { render };
