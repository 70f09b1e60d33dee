import { element, send, showProblem, showState } from "./shared/stream.js";

const [list, work, limit] = ["#jobs", "#work", "#limit"].map((name) => document.querySelector(name));
const ask = (path, values) => send(path, values).then(() => showProblem(""));

function itemOf({ id }) {
  const cancel = element("button", "Cancel");
  cancel.onclick = () => ask("cancel", { id });
  const item = element("li", "", element("span"), element("progress"), cancel);
  item.id = `job-${id}`;
  item.children[1].ariaLabel = `how far job ${id} is`;
  list.prepend(item);
  return item;
}

function show(job) {
  const [text, bar, cancel] = (document.getElementById(`job-${job.id}`) ?? itemOf(job)).children;
  const [found, limit] = [job.found, job.limit].map((number) => number.toLocaleString("en"));
  text.textContent = `Job ${job.id}, ${job.state}: ${found} primes below ${limit}`;
  [bar.value, bar.max] = [job.done, job.of];
  cancel.disabled = job.state !== "running";
}

const source = new EventSource("events");
source.onopen = () => showState("open");
source.onerror = () => showState("connecting");
source.addEventListener("job", (event) => show(JSON.parse(event.data)));

document.querySelector("#start").onsubmit = (event) => {
  event.preventDefault();
  ask("start", { work: work.value, limit: limit.value });
};
