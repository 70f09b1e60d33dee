// Server-sent events with Express. Run it: TOKEN=sesame node docs/recipes/express_app.mjs
//
// Needs: npm install express. Express leaves all of this to you; what matters most is that res.write() says false when
// a reader is slow: who does not wait for "drain" then keeps everything in memory, without a bound.
import express from "express";
import { timingSafeEqual, createHash } from "node:crypto";
import { EventEmitter } from "node:events";

const { TOKEN, PORT = "8000", HEARTBEAT_S = "15" } = process.env; // many proxies end what is silent for 60 s
if (!TOKEN) throw new Error("set TOKEN, the secret that readers and publishers send");
const KEPT_EVENTS = 1000, MAX_BYTES = 16 * 1024; // events for those who come back, and how long one may be
const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform", // the package `compression` obeys it, and nginx does not
  "X-Accel-Buffering": "no", // nginx passes each event on
};

// The newest events, for all readers together. A slow reader has no queue of its own, only a place in here.
const blocks = [];
let newest = Date.now() * 1000; // so every id from before a restart is older than what is kept
let over = false, stopping = false;
const changes = new EventEmitter().setMaxListeners(0);

function placeOf(lastEventId) { // the newest event that this reader has; 0 for an id that cannot be ours
  if (!lastEventId) return newest;
  return /^[0-9]{1,16}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

// True after `ms`; false when the emitter says so before, or when the reader leaves. Nothing of it remains.
function waitFor(emitter, name, res, ms) {
  return new Promise((resolve) => {
    const timer = ms && setTimeout(settle, ms, true);
    function settle(late) {
      clearTimeout(timer);
      emitter.off(name, settle);
      res.off("close", settle);
      resolve(late === true);
    }
    emitter.on(name, settle);
    res.on("close", settle);
  });
}

async function send(res, place) {
  const write = (text) => res.write(text) || waitFor(res, "drain", res); // waits here for a slow reader
  await write(`id: ${place}\nretry: 2000\n\n`); // who is cut before its first event comes back to here
  while (!stopping && !res.closed) {
    const oldest = newest - blocks.length;
    if (place < oldest || place > newest) { // a strange id, or a reader too slow for what is kept
      place = oldest;
      await write(`id: ${place}\nevent: gap\ndata: events were missed that are no longer kept\n\n`);
    } else if (place < newest) {
      await write(blocks[place++ - oldest]);
    } else if (over) {
      return; // the planned end
    } else if (await waitFor(changes, "change", res, HEARTBEAT_S * 1000)) {
      await write(": still here\n\n");
    }
  }
}

const hash = (text) => createHash("sha256").update(text).digest();
const knows = (token) => timingSafeEqual(hash(token), hash(TOKEN));
const bearerOf = (req) => (req.get("Authorization") ?? "").replace(/^Bearer /, "");
const cookieOf = (req) => /(?:^|; )session=([^;]*)/.exec(req.get("Cookie") ?? "")?.[1] ?? "";

const app = express();
app.get("/events", async (req, res) => {
  if (!knows(bearerOf(req) || cookieOf(req))) { // EventSource sends cookies, and no header of ours
    return res.status(401).set("WWW-Authenticate", "Bearer").end();
  }
  const place = placeOf(req.get("Last-Event-ID") || String(req.query.lastEventId ?? ""));
  if (over && place === newest) return res.status(204).end(); // the one answer after which EventSource stays away
  res.set(HEADERS).flushHeaders();
  await send(res, place);
  res.end();
});

app.post("/publish", express.text({ type: () => true, limit: MAX_BYTES }), (req, res) => {
  if (!knows(bearerOf(req))) return res.status(401).end(); // no cookie: a form of another site may bring it
  const event = String(req.query.event ?? "");
  if (!/^[a-z]{0,40}$/.test(event)) return res.status(400).end(); // a line end would write fields of its own
  newest += 1;
  over = event === "done";
  const data = (req.body ?? "").split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`).join("");
  blocks.push(`id: ${newest}\n${event && `event: ${event}\n`}${data}\n`);
  if (blocks.length > KEPT_EVENTS) blocks.shift();
  changes.emit("change");
  res.status(202).end();
});

const server = app.listen(Number(PORT), "127.0.0.1");
for (const name of ["SIGTERM", "SIGINT"]) {
  process.on(name, () => {
    stopping = true;
    changes.emit("change");
    server.close();
    setTimeout(() => process.exit(), 1000).unref(); // a reader that does not take the end of its stream is cut then
  });
}
