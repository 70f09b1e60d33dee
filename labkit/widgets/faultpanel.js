// Draws what faultpanel.py sees, and sends what is pressed. Python decides, and refuses what is impossible.

function render({ model, el }) {
  const status = new StatusLines();
  const kind = forKeys(make("select"));
  kind.setAttribute("aria-label", "the fault");
  model.get("knobs").forEach(([name], place) => kind.add(new Option(name, place)));
  const number = forKeys(make("input"));
  number.setAttribute("aria-label", "its number");
  number.inputMode = "decimal";
  const unit = make("span", "unit");
  const apply = makeButton("Apply", () => send(model, { ask: "apply", knob: Number(kind.value), number: number.value }));
  const none = makeButton("No fault", () => send(model, { ask: "none" }));
  const cuts = [["Cut: end", "clean"], ["Cut: FIN", "fin"], ["Cut: RST", "rst"]].map(([text, how]) =>
    makeButton(text, () => send(model, { ask: "cut", how }))
  );
  const passages = makeTable("the newest connections", ["connection", "what became of it"]);

  function choose() {
    const [, itsUnit, itsNumber] = model.get("knobs")[kind.value];
    number.value = itsNumber;
    unit.textContent = itsUnit;
  }
  function draw({ running, open, faults, passages: list }) {
    status.say(running ? "open" : "closed", `${running ? "relaying" : "stopped"} · ${open} open · fault: ${faults}`, status.why.textContent);
    for (const button of [apply, none, ...cuts]) button.disabled = !running;
    passages.body.replaceChildren(...list.reverse().map(({ n, ended }) => makeRow(String(n), ended)));
  }
  kind.addEventListener("change", choose);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") apply.click();
  });
  choose();

  const knobs = make("div", "bar");
  knobs.append(make("b", "", "the network"), kind, number, unit, apply, none);
  const bar = make("div", "bar");
  bar.append(...cuts);
  const root = make("div", "labkit labkit-fault");
  root.append(knobs, bar, status.element, passages.table);
  el.append(root);
  return watch(model, status, draw, () => ({ running: false, open: 0, faults: "none", passages: [] }));
}

export default { render };
