import { element, openStream, send, showProblem } from "./shared/stream.js";

const place = (id) => document.querySelector(id);
const texts = ([price, percent]) => [price.toFixed(2), `${percent.toFixed(2)} %`];
const changed = new Map(), lines = new Map(); // both by symbol: what was not drawn yet, and what is on the page
let at = 0, frame = 0, reader = "", came = 0, read = 0, said = 0;

function add(event, news) {
  at = news.at;
  came += 1;
  for (const [symbol, row] of Object.entries(news.rows)) changed.set(symbol, row);
  // Draws once for each picture of the screen, however many events there are in between; a hidden tab draws nothing.
  frame ||= requestAnimationFrame(draw);
}

function draw() {
  [frame, read] = [0, came];
  for (const [symbol, row] of changed) {
    if (!lines.has(symbol)) lines.set(symbol, element("tr", "", element("td", symbol), element("td"), element("td")));
    const line = lines.get(symbol), table = place(row[2] ? "#watched" : "#others");
    texts(row).forEach((text, n) => { line.cells[n + 1].textContent = text; }); // only what changed is touched
    if (line.parentNode !== table) {
      const before = [...table.rows].findLast((other) => other.cells[0].textContent < symbol);
      before ? before.after(line) : table.prepend(line);
    }
  }
  changed.clear();
  place("#age").textContent = `${(Date.now() / 1000 - at).toFixed(1)} s`;
}

openStream("prices", {
  reader: (_, name) => { [reader, came, read, said] = [name, 0, 0, 0]; }, // counted for each connection
  snapshot(event, news) {
    lines.forEach((line) => line.remove()); // what another process said is over
    lines.clear();
    changed.clear();
    add(event, news);
  },
  prices: add,
});

// The server sends on when it knows what was drawn. A slow page then gets fewer events, with the newest prices in them.
setInterval(() => { if (said < read) send("read", { reader, read: (said = read) }).catch(() => {}); }, 100);

place("form").onsubmit = (event) => {
  event.preventDefault();
  send("watch", { symbol: event.target.symbol.value, watch: event.submitter.value === "watch" })
    .then(() => { event.target.reset(); showProblem(""); }, showProblem);
};
