// Draws what faultpanel.py sees, and sends what is pressed. Python decides, and refuses what is impossible.

const CUTS = [
  ["Cut: end", "clean", "ends every open connection as a server ends a complete answer"],
  ["Cut: FIN", "fin", "in mid-answer, on every open connection: the other side says it is finished"],
  ["Cut: RST", "rst", "in mid-answer: every open connection is thrown away at once"],
];
const LEGEND =
  "This relay is a program in the middle that passes bytes on. End: the answer is complete. " +
  "FIN: the other side says it is finished, in mid-answer. RST: the connection is thrown away at once.";

function makeKnobs(model) {
  const kind = forKeys(make("select"));
  kind.setAttribute("aria-label", "the fault");
  model.get("knobs").forEach(([name], place) => kind.add(new Option(name, place)));
  const number = forKeys(make("input"));
  number.setAttribute("aria-label", "its number");
  number.inputMode = "decimal";
  const unit = make("span", "unit");
  const effect = make("p", "help");
  function choose() {
    const [, itsUnit, itsNumber, itsEffect] = model.get("knobs")[kind.value];
    number.value = itsNumber;
    unit.textContent = itsUnit;
    effect.textContent = itsEffect;
  }
  kind.addEventListener("change", choose);
  choose();
  return { kind, number, unit, effect };
}

function render({ model, el }) {
  const status = new StatusLines();
  const { kind, number, unit, effect } = makeKnobs(model);
  const applyNow = () => send(model, { ask: "apply", knob: Number(kind.value), number: number.value });
  const apply = makeButton("Apply", applyNow, "the relay does this from now on, instead of what it did before");
  const none = makeButton("No fault", () => send(model, { ask: "none" }), "the relay passes every byte on at once again");
  const cuts = CUTS.map(([text, how, title]) => makeButton(text, () => send(model, { ask: "cut", how }), title));
  const passages = makeTable("the newest connections", ["connection", "what became of it"]);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") apply.click();
  });

  function draw({ running, open, faults, passages: list }) {
    const figures = `${running ? "relaying" : "stopped"} · ${open} open · fault: ${faults}`;
    status.say(running ? "open" : "closed", figures, status.why.textContent);
    for (const button of [apply, none, ...cuts]) button.disabled = !running;
    passages.body.replaceChildren(...list.reverse().map(({ n, ended }) => makeRow(n, ended)));
  }

  const knobs = make("div", "bar");
  knobs.append(make("b", "", "the network"), kind, number, unit, apply, none);
  const bar = make("div", "bar");
  bar.append(...cuts);
  const root = make("div", "labkit labkit-fault");
  root.append(knobs, effect, bar, make("p", "help", LEGEND), status.element, passages.table);
  el.append(root);
  return watch(model, el, status, draw, () => ({ running: false, open: 0, faults: "none", passages: [] }));
}

export default { render };
