import { element, openStream, send, showProblem } from "./shared/stream.js";

const MOST_LINES = 500;
const form = document.querySelector("form"), list = document.querySelector("#lines"), count = document.querySelector("#count");
const asked = () => new URLSearchParams(new FormData(form));
let stream = null, came = 0;

function show(text, name = "code") {
  list.prepend(element("li", "", element(name, text)));
  // A page that keeps every line of a log stands still in the end.
  if (list.childElementCount > MOST_LINES) list.lastChild.remove();
}

function add(line) {
  show(line);
  count.textContent = (came += 1).toLocaleString("en");
}

function open() {
  showProblem("");
  stream?.close();
  list.replaceChildren();
  stream = openStream("lines?" + asked(), {
    line: (event, line) => add(line),
    notice: (event, notice) => show(`── ${notice.text} ──`, "strong"), // among the lines, where some are missing
  });
  history.replaceState(null, "", "?" + asked()); // a reload shows the same file, through the same filter
}

form.onsubmit = (event) => {
  event.preventDefault();
  // A filter that is refused changes nothing: the old stream goes on.
  send("check", Object.fromEntries(asked())).then(open, showProblem);
};
for (const button of document.querySelectorAll("[data-action]")) {
  button.onclick = () => send("act", { action: button.dataset.action }).catch(showProblem);
}
const before = new URLSearchParams(location.search);
for (const field of form.querySelectorAll("input")) field.value = before.get(field.name) ?? field.value;
form.requestSubmit();
