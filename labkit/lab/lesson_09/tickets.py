"""A stream for one user, opened by its URL or by a cookie, and cut: who comes back, and what the log has of it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from labkit.lab.browser import BrowserAnswer, in_browser
from labkit.server import StreamHandler
from labkit.server.site import Routes
from labkit.wire import Frame, encode

TOKEN = "sesame"
#: The cookie of a session that nobody ends, and that of one which lasts as long as the first stream.
LASTING, SHORT = "session", "short"

#: In each way: reads until the fourth event or the end; then a stranger, who has no cookie, asks for what the log has.
TICKETS_SCRIPT = """\
const ticket = async () => (await fetch("/ticket", { headers: { Authorization: `Bearer ${given.token}` } })).text();
const exchanged = (cookie) => async () => {
  await fetch(`/enter?ticket=${await ticket()}&cookie=${cookie}`);
  return `/events?by=${cookie}`;
};
const ways = {
  "the token in the URL": () => `/events?token=${given.token}`,
  "a ticket for one use": async () => `/events?ticket=${await ticket()}`,
  "a ticket, exchanged for a cookie": exchanged("session"),
  "the same, and it runs out": exchanged("short"),
};
const seen = {};
for (const [way, address] of Object.entries(ways)) {
  await fetch("/log", { method: "DELETE" });
  const source = new EventSource(await address());
  let events = 0;
  await new Promise((done) => {
    source.onmessage = () => { events += 1; if (events === 4) done(); };
    source.onerror = () => { if (source.readyState === EventSource.CLOSED) done(); };
  });
  source.close();
  const log = await (await fetch("/log")).json();
  const answers = await Promise.all(log.map((line) => fetch(line, { credentials: "omit" })));
  seen[way] = { "it opens": events > 0, "it comes back after a cut": events === 4,
    "the log is worthless": answers.every(({ status }) => status !== 200) };
}
return seen;
"""


@dataclass(slots=True)
class TicketDesk:
    """Gives out tickets, and takes each of them once; keeps which sessions there are, and the URLs that were asked."""

    tickets: set[str] = field(default_factory=set)
    sessions: dict[str, int] = field(default_factory=dict)  # how many more streams each may open
    log: list[str] = field(default_factory=list)

    def issue(self) -> str:
        """A new ticket."""
        ticket = secrets.token_urlsafe(16)
        self.tickets.add(ticket)
        return ticket

    def use(self, ticket: str) -> bool:
        """Whether the ticket was good; it is used up now."""
        good = ticket in self.tickets
        self.tickets.discard(ticket)
        return good


class _DeskHandler(StreamHandler):
    def initialize(self, desk: TicketDesk) -> None:
        self.desk = desk


class _Ticket(_DeskHandler):
    def get(self) -> None:
        if self.request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send_error(401)
        else:
            self.finish(self.desk.issue())


class _Enter(_DeskHandler):
    def get(self) -> None:
        self.desk.log.append(self.request.uri or "")
        if not self.desk.use(self.get_query_argument("ticket", "")):
            self.send_error(401)
            return
        cookie, session = self.get_query_argument("cookie"), secrets.token_urlsafe(16)
        self.desk.sessions[session] = 1 if cookie == SHORT else 1000
        self.set_cookie(cookie, session, httponly=True, samesite="Strict")
        self.set_status(204)


class _TwoEvents(_DeskHandler):
    """Two events, and the end: the client has to come back for more."""

    def get(self) -> None:
        self.desk.log.append(self.request.uri or "")
        if not self._is_known():
            self.send_error(401)
        else:
            self.write(encode(Frame(retry_ms=50)) + encode(Frame(data="one")) + encode(Frame(data="two")))

    def _is_known(self) -> bool:
        session = self.get_cookie(self.get_query_argument("by", ""), "") or ""
        if left := self.desk.sessions.get(session, 0):
            self.desk.sessions[session] = left - 1
        return bool(left) or self.get_query_argument("token", "") == TOKEN or self._has_ticket()

    def _has_ticket(self) -> bool:
        return self.desk.use(self.get_query_argument("ticket", ""))


class _Log(_DeskHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(self.desk.log))

    def delete(self) -> None:
        self.desk.log.clear()


async def open_by_tickets() -> BrowserAnswer:
    """For each way to open a stream, in a real browser: whether it opens, comes back after a cut, and whether what the
    access log has of it is worthless to somebody who reads the log.

    Raises:
        LabError: there is no browser here, and this was not recorded.
    """
    desk = {"desk": TicketDesk()}
    handlers = {"/ticket": _Ticket, "/enter": _Enter, "/events": _TwoEvents, "/log": _Log}
    routes: Routes = {path: (handler, desk) for path, handler in handlers.items()}
    return await in_browser("tickets", TICKETS_SCRIPT, routes=routes, token=TOKEN)
