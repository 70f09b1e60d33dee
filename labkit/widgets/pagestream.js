// How a page reads a stream: by its own EventSource, or by fetch and a reconnect loop. Both tell the same things:
// tell.state(word, why, waitMs, status), with the status of an answer that opened none, and tell.event({ type, data, id }).
// An EventSource also tells tell.note(sentence) where something will be missing, and tell.gaveUp().

const PROXIED_AT_MOST = 4; // six streams through Jupyter's own port would leave JupyterLab none to save with
const BATCH_MS = 100; // what came goes to Python ten times a second
const DEFAULT_RECONNECTION_MS = 3000; // as Chromium's
const SHORTEST_WAIT_MS = 100; // a server that says `retry: 0` is not asked again at full speed
const LONGEST_BACKOFF_MS = 30_000; // each failed request is a line in the browser's console, and nobody can prevent that
const PATIENCE_MS = 120_000; // so long it asks a server that does not answer; then it rests, until somebody presses Start
const NEW_SOURCE = "a new EventSource knows no id: what was published in between is not sent again";
const NOTHING_TO_GO_ON_FROM =
  "the answer ended, and its events have no id to go on from: to ask again is to get them all again. Start does so";

// For how long nobody has answered. What a laptop slept through counts as one wait, not as the hours that it took.
class Patience {
  constructor() {
    this.answered();
  }

  answered() {
    Object.assign(this, { waitedMs: 0, since: null }); // the wait begins with the first request without an answer
  }

  // One more request got no answer. Returns why it asks no more; "" as long as it does.
  unanswered(address) {
    const now = performance.now();
    this.waitedMs += Math.min(now - (this.since ?? now), LONGEST_BACKOFF_MS);
    this.since = now;
    if (this.waitedMs < PATIENCE_MS) return "";
    return `no answer from ${address} for ${PATIENCE_MS / 60_000} minutes, so it is not asked any more: is the server running? Then Start`;
  }
}

const REACH_TIMEOUT_MS = 2000; // a forwarded port may take a connection, and never answer
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const PROXIED = "through Jupyter's proxy";
const FORWARDED = `${PROXIED}, for this browser does not reach the kernel's own ports`;

// Where the page asks, and how that is called. A stream of another machine is asked directly: Jupyter's proxy leads to
// the kernel's own. A page at localhost may have come through a forwarded port: then 127.0.0.1 is not the kernel's.
async function addressOf(url, route, reach) {
  const target = new URL(url);
  const direct = { address: url, how: "direct" };
  if (route === "direct" || (route === "auto" && !LOOPBACK_NAMES.includes(target.hostname))) return direct;
  const near = route === "auto" && LOOPBACK_NAMES.includes(location.hostname);
  if (near && (!reach || (await reaches(reach)))) return direct;
  const config = document.getElementById("jupyter-config-data");
  const base = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl || "/";
  const path = `${base}proxy/${target.port || 80}${target.pathname}${target.search}`;
  return { address: new URL(path, location.href).href, how: near ? FORWARDED : PROXIED };
}

// Whether this page can read what the kernel answers there. A yes is kept for all widgets of the page; a no is not: a
// program that forwards ports by itself may take a moment to see a new one.
async function reaches(url) {
  const known = (window.labkitReached ??= new Set());
  if (known.has(url)) return true;
  try {
    const { ok } = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(REACH_TIMEOUT_MS) });
    if (ok) known.add(url);
    return ok;
  } catch {
    return false;
  }
}

// A page of another origin than the server's own, as on a hub, may not ask by POST before the server knows it.
function adviceForForbidden(address) {
  const own = new URL(address).origin === location.origin; // then the proxy passed this page's origin on
  if (!own || LOOPBACK_NAMES.includes(location.hostname)) return ": does it want a header or a cookie?";
  return `: unless it wants a header, it does not know this page. Run %env LABKIT_ORIGINS=${location.origin} in a cell, and ask again`;
}

function adviceFor(status, address) {
  if (status === 401) return ": does it want a header, such as Authorization, or a cookie?";
  if (status === 403) return adviceForForbidden(address);
  if (status === 404) return ": is the path right?";
  return status >= 500 ? ": look at the server's log, or at the proxy's" : "";
}

function refusedWith(status, address) {
  if (status === 204) return "the server answered 204: it has no more to say, and a client must not ask again";
  return `the server answered ${status}, and only 200 opens a stream${adviceFor(status, address)}`;
}

// The media type as a browser takes it from Content-Type: of several the last one that can be read.
// Source: WHATWG Fetch, "extract a MIME type".
function mediaType(contentType) {
  const values = contentType.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const essences = values.map((value) => /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)\s*(?:;|$)/.exec(value)?.[1]);
  return essences.filter((essence) => essence && essence !== "*/*").at(-1)?.toLowerCase() ?? "";
}

// Why this answer is no event stream, in one sentence that says what to do; "" if it is one.
function refusal({ status, headers }, address) {
  if (status !== 200) return refusedWith(status, address);
  const type = headers.get("Content-Type") || "no type";
  if (mediaType(type) === "text/event-stream") return "";
  return `the server answered with ${type}, which is no event stream: is this the URL of a page?`;
}

const statusOf = ({ status }) => (status === 200 ? undefined : status);

// EventSource tells a page nothing about a failure. So it is asked once more, and the answer dropped after its head.
// Returns why there was no stream, and the status if that is why.
async function whatItAnswers(address) {
  const abort = new AbortController();
  const gaveUp = "the browser gave up, for the answer was no event stream with status 200";
  try {
    const response = await fetch(address, { headers: { Accept: "text/event-stream" }, signal: abort.signal });
    return [refusal(response, address) || `${gaveUp}. A second request would open now: press Start`, statusOf(response)];
  } catch {
    return ["the browser gave up and tells no page why: is the server running, and may this page read it (CORS)? Then Start"];
  } finally {
    abort.abort();
  }
}

// `forgets`: an earlier EventSource has heard ids, which this one does not know.
function readByEventSource(address, { types, forgets }, tell) {
  const source = new EventSource(address);
  const patience = new Patience();
  let opened = false;
  tell.state("connecting", "the browser asks");
  source.onopen = () => {
    const isNew = forgets && !opened;
    opened = true;
    patience.answered();
    if (isNew) tell.note(NEW_SOURCE);
    tell.state("open", isNew ? NEW_SOURCE : "the answer is an event stream");
  };
  source.onerror = async () => {
    if (source.readyState === EventSource.CLOSED) {
      tell.state("closed", "the browser gave up");
      tell.gaveUp();
      const [why, status] = await whatItAnswers(address);
      tell.state("closed", why, 0, status);
      return;
    }
    const rests = patience.unanswered(address);
    if (rests) tell.state("closed", rests); // and with that the source is closed
    else if (opened) tell.state("connecting", "the connection broke, and the browser tries again by itself");
    else tell.state("connecting", `no answer from ${address}: is the server running? The browser tries again by itself`);
  };
  for (const type of types) {
    source.addEventListener(type, ({ data, lastEventId }) => {
      if (data !== undefined) tell.event({ type, data, id: lastEventId }); // "error" without data is the browser's own
    });
  }
  return () => source.close();
}

function readByFetch(address, { request, lastEventId = "", once = false }, tell) {
  const abort = new AbortController();
  const utf8 = (text) => String.fromCharCode(...new TextEncoder().encode(text)); // fetch takes a header byte by byte
  let reconnectionMs = DEFAULT_RECONNECTION_MS;
  const patience = new Patience();
  let id = lastEventId;
  let unanswered = 0; // requests in a row

  // Returns what happened: { why } to come back, { end } to stop for good.
  async function connect() {
    const headers = { Accept: "text/event-stream", ...request.headers };
    if (id) headers["Last-Event-ID"] = utf8(id);
    let opened = false;
    try {
      const { method, body } = request;
      const response = await fetch(address, { method, body, headers, cache: "no-store", signal: abort.signal });
      unanswered = 0;
      patience.answered();
      const end = refusal(response, address);
      if (end) {
        response.body?.cancel();
        return { end, status: statusOf(response) };
      }
      opened = true;
      tell.state("open", "the answer is an event stream");
      return await read(response);
    } catch (problem) {
      if (problem instanceof TooLarge) return { end: problem.message };
      unanswered += !opened;
      const rests = !opened && !abort.signal.aborted && patience.unanswered(address);
      if (rests) return { end: rests };
      return { why: opened ? "the connection broke" : `no answer from ${address}: is the server running, and may this page read it (CORS)?` };
    }
  }
  async function read(response) {
    const decoder = new Decoder(id);
    let count = 0;
    const chunks = response.body.getReader();
    try {
      for (;;) {
        const { value, done } = await chunks.read();
        if (done) break;
        for (const event of decoder.feed(value)) {
          count += 1;
          tell.event(event);
        }
        id = decoder.lastEventId;
        reconnectionMs = Math.max(SHORTEST_WAIT_MS, decoder.reconnectionMs ?? reconnectionMs);
      }
    } finally {
      chunks.cancel().catch(() => {}); // after an event that is too large nobody reads on
    }
    // A stream that has named a reconnection time, or an id, wants to be asked again.
    const whole = count && !id && decoder.reconnectionMs === null;
    return whole && !once ? { end: NOTHING_TO_GO_ON_FROM } : { why: "the answer ended" };
  }
  async function run() {
    tell.state("connecting", id ? `the page asks, and goes on after ${id}` : "the page asks");
    while (!abort.signal.aborted) {
      const { why, end, status } = await connect();
      if (abort.signal.aborted) return;
      if (end || once) return tell.state("closed", end || why, 0, status);
      const waitMs = Math.max(reconnectionMs, Math.min(LONGEST_BACKOFF_MS, reconnectionMs * 2 ** (unanswered - 1)));
      tell.state("connecting", why, waitMs);
      await new Promise((wake) => setTimeout(wake, waitMs));
    }
  }
  run();
  return Object.assign(() => abort.abort(), { lastEventId: () => id });
}

// One stream of the page, as the widget's model describes it: it can be started and stopped many times.
class PageStream {
  constructor(model, tell) {
    Object.assign(this, { model, tell, address: "", how: "", close: null, asking: null, lastEventId: "", heardId: false });
  }

  // `tell.way(how)` hears which way the page asks, before it does.
  async start() {
    if (this.close || this.asking) return;
    const asking = (this.asking = {});
    const { model } = this;
    const place = await addressOf(model.get("url"), model.get("route"), model.get("reach"));
    if (asking !== this.asking) return; // stopped meanwhile
    this.asking = null;
    Object.assign(this, place);
    this.tell.way?.(place.how);
    this.read();
  }

  read() {
    const { model, lastEventId, heardId } = this;
    const proxied = this.how !== "direct";
    if (proxied && PageStream.proxied >= PROXIED_AT_MOST) {
      const why = `${PROXIED_AT_MOST} streams go through Jupyter's proxy already: stop one, or JupyterLab itself would stall`;
      this.tell.state("closed", why);
      return;
    }
    if (proxied) PageStream.proxied += 1;
    const request = this.request(proxied);
    const settings = { types: model.get("types"), request, lastEventId, forgets: heardId, once: model.get("once") };
    const read = model.get("via") === "fetch" ? readByFetch : readByEventSource;
    this.refusedFor = 0;
    this.close = read(this.address, settings, this.ears());
  }

  // What a reader tells. The late answer to an older stream's question says nothing of this one.
  ears() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    let begun = false;
    return {
      note: this.tell.note,
      gaveUp: this.tell.gaveUp,
      event: (event) => {
        this.heardId ||= Boolean(event.id);
        this.tell.event(event);
      },
      state: (word, why, waitMs, status) => {
        if (turn !== this.turn || this.refusedFor) return;
        if (word === "closed") this.release();
        const gone = begun && word === "connecting" && this.model.get("server_gone");
        begun = true; // the first word says that it asks; the same word later, that it failed
        if (gone) this.lose(gone);
        else this.tell.state(word, why, waitMs, status);
      },
    };
  }

  // The kernel knows with which status the relay has answered; the page itself could only ask once more.
  refused(status) {
    if (this.close || this.asking) return;
    this.refusedFor = status;
    this.tell.state("closed", `${refusedWith(status, this.address)}. The browser does not ask again: press Start`, 0, status);
  }

  request(proxied) {
    const { method, headers, body } = this.model.get("request");
    const xsrf = proxied && document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/); // Jupyter asks for it on every POST
    return { method, body: body ?? undefined, headers: xsrf ? { ...headers, "X-XSRFToken": xsrf[1] } : headers };
  }

  stop(why) {
    if (!this.close && !this.asking) return;
    this.asking = null;
    this.release();
    this.tell.state("closed", why);
  }

  // The server was stopped for good: that is why, also where a proxy has answered in its place a moment before.
  lose(why) {
    this.turn = (this.turn ?? 0) + 1; // nobody waits for a late answer
    this.asking = null;
    this.release();
    this.tell.state("closed", why);
  }

  release() {
    if (!this.close) return;
    this.close();
    this.lastEventId = this.close.lastEventId?.() ?? ""; // a new EventSource would know nothing of the old one's
    this.close = null;
    if (this.how !== "direct") PageStream.proxied -= 1;
  }

  // Shared by all widgets of the page: each has a copy of this class of its own.
  static get proxied() {
    return window.labkitProxiedStreams || 0;
  }

  static set proxied(count) {
    window.labkitProxiedStreams = count;
  }
}
