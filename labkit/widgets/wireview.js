// Draws what wireview.py worked out.

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

function render({ model, el }) {
  const view = make("div", "labkit-wire");
  const table = make("table", "lines");
  table.setAttribute("aria-label", "the lines of the stream, and what each does");
  const cells = drawLines(model, table);

  const label = make("label", "cut");
  const said = make("span");
  said.setAttribute("aria-live", "polite");
  const slider = make("input");
  slider.type = "range";
  forKeys(slider);
  slider.min = 0;
  slider.max = cells.length;
  label.append(said, slider);

  const now = make("div", "now");
  const held = make("section");
  const heldList = make("dl");
  held.append(make("h4", "", "The decoder holds"), heldList);
  const out = make("section");
  const outList = make("ol");
  out.append(make("h4", "", "It has let out"), outList);
  now.append(held, out);

  function update() {
    const arrived = model.get("arrived");
    const moment = model.get("moments")[arrived];
    slider.value = arrived;
    said.textContent = `${arrived} of ${cells.length} bytes have arrived`;
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
  view.append(label, table, now);
  el.append(view);
  update();

  return () => {
    model.off("change:arrived", update);
    slider.removeEventListener("input", slide);
  };
}

export default { render };
