import { element, openStream, send, showProblem } from "./shared/stream.js";

const place = (id) => document.querySelector(id);
const texts = ([price, percent]) => [price.toFixed(2), `${percent.toFixed(2)} %`];
const rows = {};
let at = 0;

function add(event, news) {
  at = news.at;
  Object.assign(rows, news.rows);
  draw();
}

function draw() {
  const line = ([symbol, row]) => element("tr", "", element("td", symbol), ...texts(row).map((text) => element("td", text)));
  const sorted = Object.entries(rows).sort();
  place("#watched").replaceChildren(...sorted.filter(([, row]) => row[2]).map(line));
  place("#others").replaceChildren(...sorted.filter(([, row]) => !row[2]).map(line));
  place("#age").textContent = `${(Date.now() / 1000 - at).toFixed(1)} s`;
}

openStream("prices", {
  prices: add,
});

place("form").onsubmit = (event) => {
  event.preventDefault();
  send("watch", { symbol: event.target.symbol.value, watch: event.submitter.value === "watch" })
    .then(() => { event.target.reset(); showProblem(""); }, showProblem);
};
