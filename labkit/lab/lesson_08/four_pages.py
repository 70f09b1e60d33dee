"""What a page has to write for each transport, to come back and to miss nothing. `show` is the page's own."""

from __future__ import annotations

PAGES = {
    "SSE": """\
const source = new EventSource("/events");
source.onmessage = (event) => show(event.data);
""",
    "WebSocket": """\
let last = "";
function connect() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/socket?since=${last}`);
  socket.onmessage = (message) => {
    const event = JSON.parse(message.data);
    last = event.id;
    if ("data" in event) show(event.data);
  };
  socket.onclose = () => setTimeout(connect, 200);
}
connect();
""",
    "long polling": """\
let last = "";
async function ask() {
  try {
    const answer = await (await fetch(`/wait?since=${last}`)).json();
    last = answer.last;
    answer.events.forEach((event) => show(event.data));
    setTimeout(ask);
  } catch {
    setTimeout(ask, 200);
  }
}
ask();
""",
    "polling": """\
let last = "";
async function ask() {
  try {
    const answer = await (await fetch(`/poll?since=${last}`)).json();
    last = answer.last;
    answer.events.forEach((event) => show(event.data));
  } finally {
    setTimeout(ask, 100);
  }
}
ask();
""",
}


def page_lines() -> dict[str, int]:
    """How many lines each takes."""
    return {name: len(code.splitlines()) for name, code in PAGES.items()}
