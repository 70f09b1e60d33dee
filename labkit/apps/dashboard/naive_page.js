import { element, openStream, send, showProblem } from "./shared/stream.js";

const place = (id) => document.querySelector(id), time = (at) => new Date(at * 1000).toLocaleTimeString();
const UNITS = { cpu: "%", memory: "%", network: "bytes/s" };
let samples = [];

function add(entry) {
  if (entry.note) return place("#notes").prepend(element("li", `${time(entry.at)}: ${entry.note}`));
  samples.push(entry);
  draw();
}

function draw() {
  const shown = samples.slice(-120);
  for (const name of Object.keys(UNITS)) {
    const most = Math.max(...shown.map((one) => one[name]));
    let line = "";
    for (const [n, { [name]: value }] of shown.entries()) {
      line += `${n ? "L" : "M"}${((300 * n) / shown.length).toFixed(2)} ${(98 - (96 * value) / most).toFixed(2)}`;
    }
    place(`#${name}-line`).setAttribute("d", line);
    place(`#${name}`).textContent = `${samples.at(-1)?.[name] ?? "unknown"} ${UNITS[name]}`;
  }
}

openStream("chart", {
  entry: (_, entry) => add(entry),
});

place("form").onsubmit = (event) => {
  event.preventDefault();
  send("note", { text: event.target.text.value }).then(() => { event.target.reset(); showProblem(""); }, showProblem);
};
