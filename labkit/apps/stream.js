// What the pages of all apps share: a stream that comes back where an EventSource gives up, and a POST.

const SLEPT_MS = 15_000; // a timer that is so late has slept: the connection may be dead, and nobody has told us

// Opens a stream. `on` has a function for each type of event, called with the event and its data as JSON; `state` is
// called with "connecting", "open" or "closed" and a reason. It resumes after a cut, a 502 or 503, and a sleep.
export function openStream(url, on, state = showState) {
  let source = null, id = "", timer = 0, waitMs = 500, over = false;

  function open() {
    clearTimeout(timer);
    source?.close();
    const address = new URL(url, location.href);
    if (id) address.searchParams.set("lastEventId", id); // a new EventSource cannot set the header
    source = new EventSource(address);
    state("connecting", "");
    source.onopen = () => {
      waitMs = 500;
      state("open", "");
    };
    source.onerror = (event) => {
      if (event instanceof MessageEvent || over) return;
      state("connecting", "the browser tries again by itself");
      if (source.readyState !== EventSource.CLOSED) return;
      // A 502 or 503 ends an EventSource for good. A crowd that comes back spreads out: hence the chance.
      timer = setTimeout(open, waitMs * (0.5 + Math.random()));
      waitMs = Math.min(waitMs * 2, 10_000);
      state("connecting", "the server is away; we try again");
    };
    for (const [type, act] of Object.entries(on)) {
      source.addEventListener(type, (event) => {
        if (!(event instanceof MessageEvent)) return;
        id = event.lastEventId || id;
        act(event, event.data ? JSON.parse(event.data) : null);
      });
    }
  }

  let looked = Date.now();
  const look = setInterval(() => {
    const late = Date.now() - looked > SLEPT_MS;
    looked = Date.now();
    if (late && !over) open();
  }, 5_000);
  addEventListener("online", () => over || open());
  addEventListener("pageshow", (event) => event.persisted && !over && open()); // back from the back/forward cache
  open();
  return {
    get lastEventId() { return id; },
    reopen(from = id) { id = from; over = false; open(); },
    close(why = "") {
      over = true;
      clearTimeout(timer);
      clearInterval(look);
      source.close();
      state("closed", why);
    },
  };
}

// Sends a POST with JSON. Gives the answer's JSON, or null; throws an Error with the server's sentence.
export async function send(url, body = {}) {
  const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/); // a hub's proxy asks for it
  const headers = { "Content-Type": "application/json", ...(token && { "X-XSRFToken": token[1] }) };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text || `the server answered ${answer.status}`);
  return text ? JSON.parse(text) : null;
}

// Shows a sentence in the element #problem; text, whatever it looks like.
export function showProblem(problem) {
  document.querySelector("#problem").textContent = problem?.message ?? problem ?? "";
}

export function showState(name, why) {
  const place = document.querySelector("#state");
  place.dataset.state = name;
  place.textContent = why ? `${name}: ${why}` : name;
}

// An element with a text and children.
export function element(name, text = "", ...children) {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}
