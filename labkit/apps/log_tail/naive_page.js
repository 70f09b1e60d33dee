import { element, send, showProblem, showState } from "./shared/stream.js";

const form = document.querySelector("form"), list = document.querySelector("#lines"), count = document.querySelector("#count");
const asked = () => new URLSearchParams(new FormData(form));
let stream = null, came = 0;

function show(text, name = "code") {
  list.prepend(element("li", "", element(name, text)));
}

function add(line) {
  show(line);
  count.textContent = (came += 1).toLocaleString("en");
}

function open() {
  stream?.close();
  list.replaceChildren();
  stream = new EventSource("lines?" + asked());
  stream.onopen = () => showState("open");
  stream.onerror = () => showState("connecting");
  stream.addEventListener("line", (event) => add(JSON.parse(event.data)));
}

form.onsubmit = (event) => {
  event.preventDefault();
  open();
};
for (const button of document.querySelectorAll("[data-action]")) {
  button.onclick = () => send("act", { action: button.dataset.action }).catch(showProblem);
}
form.requestSubmit();
