// Draws what wireview.py worked out.

const BYTE_MS = 100;

function drawLines(model, table) {
  const cells = [];
  for (const line of model.get("lines")) {
    const row = make("tr", `role-${line.role}`);
    const bytes = make("td", "bytes");
    line.cells.forEach((text, at) => {
      const cell = make("span", "byte", text);
      cells.push({ cell, place: line.start + at });
      bytes.append(cell);
    });
    row.append(bytes, make("td", "role", line.role), make("td", "did", line.did));
    table.append(row);
  }
  return cells;
}

function drawHeld(list, moment) {
  const rows = [
    ["unfinished line", moment.unfinished],
    ["data buffer", moment.data && JSON.stringify(moment.data)],
    ["type buffer", moment.type],
    ["last event ID buffer", moment.id],
  ];
  list.replaceChildren(
    ...rows.flatMap(([name, value]) => [make("dt", "", name), make("dd", value ? "" : "empty", value || "empty")])
  );
}

function drawOut(list, moment) {
  const items = moment.out.map(({ kind, text, more }) => {
    const item = make("li", `out-${kind}`);
    item.append(make("b", "", kind), make("code", "", text), make("small", "", more));
    return item;
  });
  list.replaceChildren(...(items.length ? items : [make("li", "empty", "nothing yet")]));
}

function makeSections(view) {
  const now = make("div", "now");
  const held = make("section");
  const heldList = make("dl");
  held.append(make("h4", "", "The decoder holds"), heldList);
  const out = make("section");
  const outList = make("ol");
  out.append(make("h4", "", "It has let out"), outList);
  now.append(held, out);
  view.append(now);
  return { heldList, outList };
}

function makeSlider(bytes) {
  const label = make("label", "cut");
  const said = make("span");
  said.setAttribute("aria-live", "polite");
  const slider = forKeys(make("input"));
  Object.assign(slider, { type: "range", min: 0, max: bytes });
  label.append(said, slider);
  return { label, said, slider };
}

// A byte every BYTE_MS. Python is told where it has come to when it stops: it need not follow each one.
class Player {
  constructor(model, bytes, draw) {
    Object.assign(this, { model, bytes, draw, timer: null });
  }

  press() {
    if (this.timer) return this.stop();
    if (this.model.get("arrived") >= this.bytes) this.model.set("arrived", 0);
    this.timer = setInterval(() => this.step(), BYTE_MS);
    this.draw();
  }

  step() {
    this.model.set("arrived", Math.min(this.bytes, this.model.get("arrived") + 1));
    if (!this.timer || this.model.get("arrived") >= this.bytes) this.stop();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.model.save_changes();
    this.draw();
  }
}

function render({ model, el }) {
  const view = make("div", "labkit-wire");
  const table = make("table", "lines");
  table.setAttribute("aria-label", "the lines of the stream, and what each does");
  const cells = drawLines(model, table);
  const { label, said, slider } = makeSlider(cells.length);
  const player = new Player(model, cells.length, update);
  const play = makeButton("Play", () => player.press(), "lets the bytes arrive, ten a second");
  const next = makeButton("Next byte", () => player.step(), "lets one byte arrive");
  const bar = make("div", "labkit steps");
  bar.append(label, play, next);
  view.append(bar, table);
  const { heldList, outList } = makeSections(view);

  function update() {
    const arrived = model.get("arrived");
    const moment = model.get("moments")[arrived];
    slider.value = arrived;
    said.textContent = `${arrived} of ${counted(cells.length, "byte")} ${arrived === 1 ? "has" : "have"} arrived`;
    play.textContent = player.timer ? "Pause" : "Play";
    said.setAttribute("aria-live", player.timer ? "off" : "polite"); // ten numbers a second are not to be read out
    for (const { cell, place } of cells) cell.classList.toggle("later", place >= arrived);
    drawHeld(heldList, moment);
    drawOut(outList, moment);
  }
  function slide() {
    model.set("arrived", Number(slider.value));
    model.save_changes();
  }
  slider.addEventListener("input", slide);
  model.on("change:arrived", update);
  el.append(view);
  update();

  return () => {
    model.off("change:arrived", update);
    clearInterval(player.timer);
  };
}

export default { render };
