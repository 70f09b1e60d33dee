import { element, send, showProblem, showState } from "./shared/stream.js";

const ask = document.querySelector("#ask"), say = document.querySelector("#say"), list = document.querySelector("#results");
const SAY = "mutation ($text: String!) { say(text: $text) { id } }";
let stream = null;

function show({ data, errors }) {
  showProblem(errors?.map((error) => error.message).join(" "));
  if (data) list.prepend(element("li", "", element("code", JSON.stringify(data))));
}

function run(query) {
  stream?.close();
  list.replaceChildren();
  const asked = new URLSearchParams({ query });
  stream = new EventSource("graphql?" + asked);
  stream.onopen = () => showState("open");
  stream.onerror = () => showState("connecting");
  stream.addEventListener("next", (event) => show(JSON.parse(event.data)));
}

ask.onsubmit = (event) => {
  event.preventDefault();
  run(ask.query.value);
};
say.onsubmit = (event) => {
  event.preventDefault();
  send("ask", { query: SAY, variables: { text: say.text.value } }).then(({ errors }) => show({ errors }), showProblem);
};
ask.requestSubmit();
