// A question before a measurement. The guess is kept by Python; here it is chosen or typed.

const NO_NUMBER = "this is no number yet";
const CHOOSE_AGAIN = "this question belongs to a kernel that is gone: run its cell again to choose";

function render({ model, el }) {
  const why = make("p", "why");
  why.setAttribute("role", "status");
  const { box, inputs, show } = model.get("choices").length ? makeChoices(model) : makeField(model, why);
  box.prepend(make("legend", "", withCode(`Your guess: ${model.get("question")}`)));
  const root = make("div", "labkit labkit-predict");
  root.append(box, why);
  el.append(root);
  const update = () => show(model.get("value"));
  update();
  model.on("change:value", update);
  const leave = onKernelGone(model, el, () => {
    for (const input of inputs) input.disabled = true;
    why.textContent = CHOOSE_AGAIN;
  });
  return () => {
    model.off("change:value", update);
    leave();
  };
}

function keep(model, value) {
  model.set("value", value);
  model.save_changes();
}

function makeChoices(model) {
  const box = make("fieldset");
  const name = `guess-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`; // one button of all with this name is on
  const inputs = model.get("choices").map((choice) => {
    const input = forKeys(make("input"));
    Object.assign(input, { type: "radio", name, value: choice });
    input.addEventListener("change", () => keep(model, choice));
    const label = make("label");
    label.append(input, make("span", "", withCode(choice)));
    box.append(label);
    return input;
  });
  const show = (value) => inputs.forEach((input) => (input.checked = input.value === value));
  return { box, inputs, show };
}

// As predict.py reads it: the unit may stand behind the number, and a comma for the point.
function isNumber(text, unit) {
  const figures = text.trim().endsWith(unit) ? text.trim().slice(0, text.trim().length - unit.length) : text;
  return figures.trim() !== "" && Number.isFinite(Number(figures.replace(",", ".")));
}

function makeField(model, why) {
  const box = make("fieldset");
  const unit = model.get("unit");
  const input = forKeys(make("input"));
  input.type = "text";
  input.inputMode = "decimal";
  input.placeholder = unit ? `a number, in ${unit}` : "a number";
  input.setAttribute("aria-label", input.placeholder);
  input.addEventListener("input", () => {
    why.textContent = input.value.trim() === "" || isNumber(input.value, unit) ? "" : NO_NUMBER;
    keep(model, input.value);
  });
  const line = make("div", "number");
  line.append(input, unit);
  box.append(line);
  const show = (value) => {
    if (input.value !== (value ?? "")) input.value = value ?? "";
  };
  return { box, inputs: [input], show };
}

export default { render };
