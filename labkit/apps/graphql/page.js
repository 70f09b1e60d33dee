import { element, openStream, send, showProblem } from "./shared/stream.js";

const ask = document.querySelector("#ask"), say = document.querySelector("#say"), list = document.querySelector("#results");
const SAY = "mutation ($text: String!) { say(text: $text) { id } }";
let stream = null;

function show({ data, errors }) {
  showProblem(errors?.map((error) => error.message).join(" "));
  if (data) list.prepend(element("li", "", element("code", JSON.stringify(data))));
}

function run(query, lastEventId) {
  stream?.close();
  list.replaceChildren();
  showProblem();
  // A reload shows the same: all that came since this operation was run.
  const asked = new URLSearchParams({ query, lastEventId });
  history.replaceState(null, "", "?" + asked);
  stream = openStream("graphql?" + asked, {
    next: (event, result) => show(result),
    complete: () => stream.close("it is complete"), // or an EventSource asks the same again
  });
}

ask.onsubmit = (event) => {
  event.preventDefault();
  // What is refused changes nothing: the old stream goes on.
  send("check", { query: ask.query.value }).then(({ place }) => run(ask.query.value, place), showProblem);
};
say.onsubmit = (event) => {
  event.preventDefault();
  send("ask", { query: SAY, variables: { text: say.text.value } }).then(({ errors }) => show({ errors }), showProblem);
};
const before = new URLSearchParams(location.search);
ask.query.value = before.get("query") ?? ask.query.value;
before.has("lastEventId") ? run(ask.query.value, before.get("lastEventId")) : ask.requestSubmit();
