// A client in Node with the package `eventsource`. Run it: TOKEN=sesame node docs/recipes/clients/eventsource_package.mjs URL
//
// Needs: npm install eventsource (4 or later). It is EventSource as browsers have it, with two things more: `fetch` can
// be your own, which is the place for headers, and an error has a `code`. Like a browser it closes for good after a 503.
import { EventSource } from "eventsource";

const url = process.argv[2] ?? "http://127.0.0.1:8000/events";
const headers = { Authorization: `Bearer ${process.env.TOKEN ?? ""}` };
const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30_000;
let lastEventId = "", waitMs = FIRST_WAIT_MS;

function open() {
  // A new EventSource knows no id. Where it has one of its own, that is newer: so ours comes first.
  const first = lastEventId && { "Last-Event-ID": lastEventId };
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...first, ...init.headers, ...headers } }),
  });
  const show = (event) => {
    lastEventId = event.lastEventId || lastEventId; // it says "" for an event without an id of its own
    console.log(event.data);
  };
  source.onmessage = show; // each other type needs a listener of its own
  source.addEventListener("gap", show);
  source.addEventListener("done", () => source.close());
  source.onopen = () => { waitMs = FIRST_WAIT_MS; };
  source.onerror = ({ code }) => {
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    if (code === 204 || (code >= 400 && code < 500 && code !== 429)) return;
    setTimeout(open, waitMs * (0.5 + Math.random() / 2)); // not all clients in the same moment
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  };
}

open();
