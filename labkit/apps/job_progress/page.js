import { element, openStream, send, showProblem } from "./shared/stream.js";

const [list, work, limit] = ["#jobs", "#work", "#limit"].map((name) => document.querySelector(name));
const ask = (path, values) => send(path, values).then(() => showProblem(""));

function itemOf({ id }) {
  const cancel = element("button", "Cancel");
  cancel.onclick = () => ask("cancel", { id }).catch(showProblem);
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
  // An error is a part of what the job came to: it is said at its place, for all who watch.
  if (job.error) text.append(element("p", job.error));
}

// `jobs-0` asks for all from the beginning: a page that is loaded again has what it had. openStream() comes back after
// a cut and a 502, and says the last id that it has: the steps that it missed follow, and the last one is the truth.
openStream("events?lastEventId=jobs-0", {
  job: (event, job) => show(job),
  // We were away for longer than the log reaches back. All that is left follows.
  gap: () => list.replaceChildren(),
});

document.querySelector("#start").onsubmit = (event) => {
  event.preventDefault();
  // Refused: the page says why. While it waits for an answer, a second click starts no second job.
  event.submitter.disabled = true;
  ask("start", { work: work.value, limit: limit.value }).catch(showProblem).finally(() => event.submitter.disabled = false);
};
