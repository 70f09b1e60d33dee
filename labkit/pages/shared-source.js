// SharedSource: an EventSource for each tab, and one stream for all tabs of a site. BSD 3-Clause, the labkit authors.
//
//   <script src="shared-source.js"></script>
//   const source = new SharedSource("/events");
//   source.onmessage = (event) => console.log(event.data);
//   source.addEventListener("prices", show);
//
// Over HTTP/1.1 a browser opens six connections to a server, for all tabs together: the seventh tab with a stream waits
// without a word. Here the tabs share one. Where there is a SharedWorker, it has the stream. Where there is none,
// one tab leads: it holds a Web Lock, reads, and tells the others over a BroadcastChannel. When it closes,
// the lock goes to another tab, which goes on after the last id that it has seen.
//
// What the server must do for that: give each event an id of its own, and take the parameter `lastEventId` as it takes
// the header Last-Event-ID (a page cannot set the header). A lock, but no worker, needs a page from https:// or localhost.
// A leader that closes before its first event has no id to leave: what is published until the next one reads is lost.
"use strict";

(() => {
  const RECENT = 1000; // so many events are kept, for a tab that missed some, and to drop what comes twice
  const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];

  // The one EventSource. It says what happens as messages: { state }, or { event }.
  class Reader {
    constructor(url, withCredentials, say) {
      Object.assign(this, { url, withCredentials, say, types: new Set(["message"]), last: "", source: null });
    }

    get state() {
      return this.source ? this.source.readyState : CLOSED;
    }

    open(last = "") {
      const url = new URL(this.url);
      if (last) url.searchParams.set("lastEventId", last);
      this.last = last;
      this.source = new EventSource(url, { withCredentials: this.withCredentials });
      this.source.onopen = () => this.say({ state: OPEN });
      // A server may send an event that is called "error", too.
      this.source.onerror = (event) => {
        if (event instanceof MessageEvent) this.pass(event);
        else this.say({ state: this.state });
      };
      for (const type of this.types) this.hear(type);
    }

    listen(types) {
      for (const type of types) {
        if (this.types.has(type)) continue;
        this.types.add(type);
        if (this.source) this.hear(type);
      }
    }

    hear(type) {
      if (type !== "error" && type !== "open") this.source.addEventListener(type, (event) => this.pass(event));
    }

    pass({ type, data, lastEventId: id }) {
      this.say({ event: { type, data, id, after: this.last } }); // `after`: whoever has that one has missed nothing
      this.last = id;
    }

    close() {
      this.source?.close();
      this.source = null;
    }
  }

  if (typeof SharedWorkerGlobalScope !== "undefined") {
    work();
    return;
  }

  // In the worker: ports in, the same messages out to each. Its name says which stream is meant.
  function work() {
    const ports = new Set();
    const { url, withCredentials } = JSON.parse(self.name);
    const reader = new Reader(url, withCredentials, (message) => ports.forEach((port) => port.postMessage(message)));
    self.onconnect = ({ ports: [port] }) => {
      port.onmessage = ({ data: { join, types, leave } }) => {
        if (types) reader.listen(types);
        if (join) {
          ports.add(port);
          if (reader.state === CLOSED) reader.open();
          else if (reader.state === OPEN) port.postMessage({ state: OPEN });
        }
        if (leave) ports.delete(port);
        if (ports.size === 0) reader.close(); // a tab that crashed stays in the set, and then the worker ends with all
      };
    };
  }

  // In a tab, where the worker has the stream.
  class ByWorker {
    constructor(name, script, hear) {
      this.port = new SharedWorker(script, { name }).port;
      this.port.onmessage = ({ data }) => hear(data);
    }

    join(types) {
      this.port.postMessage({ join: true, types });
    }

    listen(types) {
      this.port.postMessage({ types });
    }

    leave() {
      this.port.postMessage({ leave: true });
    }
  }

  // In a tab, where one of the tabs has the stream. `leads` says whether it is this one.
  class ByLeader {
    constructor(name, script, hear) {
      const { url, withCredentials } = JSON.parse(name);
      Object.assign(this, { name, hear, last: "", recent: [], leads: false });
      this.reader = new Reader(url, withCredentials, (message) => this.tell(message));
    }

    join(types) {
      this.reader.listen(types);
      this.radio = new BroadcastChannel(`shared-source ${this.name}`);
      this.radio.onmessage = ({ data }) => this.take(data);
      this.radio.postMessage({ joins: true, types });
      this.waiting = new AbortController();
      const leading = () => new Promise((release) => this.lead(release));
      // A lock that is held until the tab leaves, however it does: the browser gives it to the next one who waits.
      navigator.locks.request(this.radio.name, { signal: this.waiting.signal }, leading).catch(() => {});
    }

    lead(release) {
      this.leads = true;
      this.release = release;
      this.reader.open(this.last);
      this.radio.postMessage({ last: this.last, types: [...this.reader.types] });
    }

    listen(types) {
      this.reader.listen(types); // each tab knows the types of all: it may lead at any moment
      this.radio.postMessage({ types });
    }

    leave() {
      this.waiting.abort();
      this.reader.close();
      this.radio.close();
      this.release?.();
      this.leads = false;
    }

    // What the leader has read goes to the others, and the same way as theirs into this tab.
    tell(message) {
      this.radio.postMessage(message);
      this.take(message);
    }

    take({ state, event, types, joins, last, wants, missed, to, lost }) {
      if (types) this.reader.listen(types);
      if (joins && this.leads) this.welcome();
      if (wants && this.leads) this.answer(wants);
      if (last !== undefined && !this.leads) this.compare(last);
      if (missed && to === this.last && !this.leads) this.fill(missed, lost);
      if (event) this.accept(event);
      if (state !== undefined) this.hear({ state });
    }

    // A leader that goes may have reached some tabs and not the others, and the next one may have been either.
    compare(last) {
      if (!this.last) this.last = last;
      else if (last && !this.has(last)) this.radio.postMessage({ wants: this.last });
    }

    welcome() {
      if (this.reader.state === CLOSED) this.reader.open(this.last); // the server had ended it for good: one more try
      const state = this.reader.state === OPEN ? OPEN : undefined;
      this.radio.postMessage({ last: this.last, types: [...this.reader.types], state });
    }

    answer(wants) {
      const place = this.recent.findLastIndex(({ id }) => id === wants);
      const lost = place < 0 && this.recent[0]?.after !== wants; // this tab came later, and cannot know
      this.radio.postMessage({ missed: this.recent.slice(place + 1), to: wants, lost });
    }

    fill(missed, lost) {
      const oldest = missed[0]?.id ?? null;
      const gap = { asked: this.last, oldest_kept: oldest }; // as labkit's server tells of it
      if (lost) this.hear({ event: { type: "gap", data: JSON.stringify(gap), id: this.last } });
      if (lost && oldest !== null) this.last = missed[0].after;
      missed.forEach((event) => this.accept(event));
    }

    accept(event) {
      const own = event.id !== event.after; // an event without an id of its own has that of the one before
      if (own && this.has(event.id)) return;
      if (own && this.last && event.after !== this.last && !this.leads) {
        this.radio.postMessage({ wants: this.last });
        return; // it comes again, with what is missing before it
      }
      this.last = event.id;
      this.recent.push(event);
      if (this.recent.length > RECENT) this.recent.shift();
      this.hear({ event });
    }

    has(id) {
      return id === this.last || this.recent.some((event) => event.id === id);
    }
  }

  const script = document.currentScript?.src; // the worker runs this very file
  const DEFAULT = script && "SharedWorker" in globalThis ? "worker" : "leader";

  class SharedSource extends EventTarget {
    #way;
    #types = new Set(["message"]);
    #left = false;

    // `by` is "worker" or "leader"; without it, the worker where there is one.
    constructor(url, { withCredentials = false, by = DEFAULT } = {}) {
      super();
      this.url = new URL(url, document.baseURI).href;
      this.withCredentials = withCredentials;
      this.readyState = CONNECTING;
      this.onopen = this.onmessage = this.onerror = null;
      const name = JSON.stringify({ url: this.url, withCredentials });
      const Way = by === "worker" ? ByWorker : ByLeader;
      this.#way = new Way(name, script, (message) => this.#hear(message));
      this.#way.join([...this.#types]);
      // A page that goes into the browser's cache leaves, and joins when it comes back.
      addEventListener("pagehide", () => this.#left || this.#way.leave());
      addEventListener("pageshow", ({ persisted }) => persisted && !this.#left && this.#way.join([...this.#types]));
    }

    get leads() {
      return this.#way.leads === true;
    }

    addEventListener(type, ...rest) {
      super.addEventListener(type, ...rest);
      if (this.#types.has(type) || type === "open" || type === "error") return;
      this.#types.add(type);
      if (!this.#left) this.#way.listen([type]);
    }

    close() {
      if (this.#left) return;
      this.#left = true;
      this.readyState = CLOSED;
      this.#way.leave();
    }

    #hear({ state, event }) {
      if (this.#left) return; // what was on its way
      if (event) {
        const { type, data, id } = event;
        this.#dispatch(new MessageEvent(type, { data, lastEventId: id, origin: new URL(this.url).origin }));
      } else if (state !== OPEN || this.readyState !== OPEN) {
        this.readyState = state;
        this.#dispatch(new Event(state === OPEN ? "open" : "error"));
      }
    }

    #dispatch(event) {
      this[`on${event.type}`]?.call(this, event);
      this.dispatchEvent(event);
    }
  }
  Object.assign(SharedSource, { CONNECTING, OPEN, CLOSED });
  globalThis.SharedSource = SharedSource;
})();
