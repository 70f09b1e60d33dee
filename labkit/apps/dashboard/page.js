import { element, openStream, send, showProblem } from "./shared/stream.js";

const place = (id) => document.querySelector(id), time = (at) => new Date(at * 1000).toLocaleTimeString();
const UNITS = { cpu: "%", memory: "%", network: "bytes/s" };
const SHOWN_S = 120, KEPT = 300, APART_S = 2.5; // two samples further apart have a gap between them
// Scales from 0 to 1 that never change: what was drawn stays at its height. The network's has room for any machine.
const SCALES = { cpu: (v) => v / 100, memory: (v) => v / 100, network: (v) => Math.log10(Math.max(v, 1000) / 1000) / 6 };
let samples = [], ahead = -Infinity;

function add(entry) {
  if (entry.note) return place("#notes").prepend(element("li", `${time(entry.at)}: ${entry.note}`));
  samples.push(entry);
  samples.splice(0, samples.length - KEPT); // a page may stay open for weeks
  // The server's clock, as well as we can know it: the event that took the shortest time says most.
  ahead = Math.max(ahead, entry.at - Date.now() / 1000);
}

function draw() {
  // The x axis is time, not a count of samples: it goes on while nothing comes, and a gap is as wide as it was long.
  const end = Date.now() / 1000 + ahead, x = (at) => (300 * (1 - (end - at) / SHOWN_S)).toFixed(2);
  for (const name of Object.keys(UNITS)) {
    let line = "", before = 0;
    for (const { at, [name]: value } of samples.filter((one) => one.at > end - SHOWN_S && one[name] !== null)) {
      line += `${at - before > APART_S ? "M" : "L"}${x(at)} ${(98 - 96 * SCALES[name](value)).toFixed(2)}`; // M begins anew: no line over a gap
      before = at;
    }
    place(`#${name}-line`).setAttribute("d", line);
    place(`#${name}`).textContent = `${samples.at(-1)?.[name] ?? "unknown"} ${UNITS[name]}`;
  }
  const grid = [0, 30, 60, 90].map((back) => `M${x(end - (end % 30) - back)} 0V100`).join("");
  document.querySelectorAll(".grid").forEach((one) => one.setAttribute("d", `M0 2H300M0 50H300M0 98H300${grid}`));
  place("#times").textContent = `${time(end - SHOWN_S)} to ${time(end)}, a line for each half minute`;
}

openStream("chart", {
  snapshot(_, entries) { // a whole picture replaces what the page had: nothing is there twice
    [samples, ahead] = [[], -Infinity];
    place("#notes").replaceChildren();
    entries.forEach(add);
  },
  entry: (_, entry) => add(entry),
  missing: (_, sentence) => { place("#missing").textContent = sentence; },
});
setInterval(draw, 250); // one clock moves the chart: many events at once, as after a cut, do not make it jump

place("form").onsubmit = (event) => {
  event.preventDefault();
  send("note", { text: event.target.text.value }).then(() => { event.target.reset(); showProblem(""); }, showProblem);
};
