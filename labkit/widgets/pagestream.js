// How a page reads a stream: by its own EventSource, or by fetch and a reconnect loop. Both tell the same two things:
// tell.state(word, why, waitMs) and tell.event({ type, data, id }).

const PROXIED_AT_MOST = 4; // six streams through Jupyter's own port would leave JupyterLab none to save with
const BATCH_MS = 100; // what came goes to Python ten times a second
const DEFAULT_RECONNECTION_MS = 3000; // as Chromium's

function addressOf(url, route) {
  const target = new URL(url);
  const sameMachine = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  if (route === "direct" || (route === "auto" && sameMachine)) return { address: url, how: "direct" };
  const config = document.getElementById("jupyter-config-data");
  const base = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl || "/";
  const path = `${base}proxy/${target.port}${target.pathname}${target.search}`;
  return { address: new URL(path, location.href).href, how: "through Jupyter's proxy" };
}

function adviceFor(status) {
  if (status === 401 || status === 403) return ": does it want a header, such as Authorization, or a cookie?";
  if (status === 404) return ": is the path right?";
  return status >= 500 ? ": look at the server's log, or at the proxy's" : "";
}

// Why this answer is no event stream, in one sentence that says what to do; "" if it is one.
function refusal({ status, headers }) {
  const type = headers.get("Content-Type") || "no type";
  if (status === 204) return "the server answered 204: it has no more to say, and a client must not ask again";
  if (status === 200 && /^text\/event-stream\s*(;|$)/i.test(type)) return "";
  if (status === 200) return `the server answered with ${type}, which is no event stream: is this the URL of a page?`;
  return `the server answered ${status}, and only 200 opens a stream${adviceFor(status)}`;
}

// EventSource tells a page nothing about a failure. So it is asked once more, and the answer dropped after its head.
async function whatItAnswers(address) {
  const abort = new AbortController();
  try {
    const response = await fetch(address, { headers: { Accept: "text/event-stream" }, signal: abort.signal });
    return refusal(response) || "the browser gave up, yet a second request would open now: press Start";
  } catch {
    return "the browser gave up and tells no page why: is the server running, and may this page read it (CORS)? Then Start";
  } finally {
    abort.abort();
  }
}

function readByEventSource(address, { types }, tell) {
  const source = new EventSource(address);
  let opened = false;
  tell.state("connecting", "the browser asks");
  source.onopen = () => {
    opened = true;
    tell.state("open", "the answer is an event stream");
  };
  source.onerror = async () => {
    if (source.readyState === EventSource.CLOSED) {
      tell.state("closed", "the browser gave up");
      tell.state("closed", await whatItAnswers(address));
    } else if (opened) tell.state("connecting", "the connection broke, and the browser tries again by itself");
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
  let id = lastEventId;

  // Returns what happened: { why } to come back, { end } to stop for good.
  async function connect() {
    const headers = { Accept: "text/event-stream", ...request.headers };
    if (id) headers["Last-Event-ID"] = utf8(id);
    let opened = false;
    try {
      const { method, body } = request;
      const response = await fetch(address, { method, body, headers, cache: "no-store", signal: abort.signal });
      const end = refusal(response);
      if (end) {
        response.body?.cancel();
        return { end };
      }
      opened = true;
      tell.state("open", "the answer is an event stream");
      const decoder = new Decoder(id);
      for (const chunks = response.body.getReader(); ; ) {
        const { value, done } = await chunks.read();
        if (done) return { why: "the answer ended" };
        for (const event of decoder.feed(value)) tell.event(event);
        id = decoder.lastEventId;
        reconnectionMs = decoder.reconnectionMs ?? reconnectionMs;
      }
    } catch {
      return { why: opened ? "the connection broke" : `no answer from ${address}: is the server running, and may this page read it (CORS)?` };
    }
  }
  async function run() {
    tell.state("connecting", "the page asks");
    while (!abort.signal.aborted) {
      const { why, end } = await connect();
      if (abort.signal.aborted) return;
      if (end || once) return tell.state("closed", end || why);
      tell.state("connecting", why, reconnectionMs);
      await new Promise((wake) => setTimeout(wake, reconnectionMs));
    }
  }
  run();
  return Object.assign(() => abort.abort(), { lastEventId: () => id });
}

// One stream of the page, as the widget's model describes it: it can be started and stopped many times.
class PageStream {
  constructor(model, tell) {
    const { address, how } = addressOf(model.get("url"), model.get("route"));
    Object.assign(this, { model, tell, address, how, close: null, lastEventId: "" });
  }

  start() {
    if (this.close) return;
    const proxied = this.how !== "direct";
    if (proxied && PageStream.proxied >= PROXIED_AT_MOST) {
      const why = `${PROXIED_AT_MOST} streams go through Jupyter's proxy already: stop one, or JupyterLab itself would stall`;
      this.tell.state("closed", why);
      return;
    }
    if (proxied) PageStream.proxied += 1;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const told = {
      event: this.tell.event,
      state: (word, why, waitMs) => {
        if (turn !== this.turn) return; // the late answer to an older stream's question says nothing of this one
        if (word === "closed") this.release();
        this.tell.state(word, why, waitMs);
      },
    };
    const { model, lastEventId } = this;
    const settings = { types: model.get("types"), request: this.request(proxied), lastEventId, once: model.get("once") };
    const read = model.get("via") === "fetch" ? readByFetch : readByEventSource;
    this.close = read(this.address, settings, told);
  }

  request(proxied) {
    const { method, headers, body } = this.model.get("request");
    const xsrf = proxied && document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/); // Jupyter asks for it on every POST
    return { method, body: body ?? undefined, headers: xsrf ? { ...headers, "X-XSRFToken": xsrf[1] } : headers };
  }

  stop(why) {
    if (!this.close) return;
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
