"""A server that a browser has signed in to, and pages of three places that ask it for something."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado.web import RequestHandler

from labkit.lab.browser import in_browser
from labkit.server import serve
from labkit.server.site import Routes

#: The server's own name. Names that end in .localhost lead to this machine, and each is a site with all below it.
#: Source: RFC 6761, 6.3; publicsuffix.org, "If no rules match, the prevailing rule is *".
OWN_HOST = "forum.localhost"
#: Where a page may come from: its host.
PLACES = {"its own page": OWN_HOST, "another page of its site": f"app.{OWN_HOST}", "another site": "evil.localhost"}
#: What a server may say about its cookie. Secure is granted without TLS to names of this machine.
COOKIES = {"None": "SameSite=None; Secure", "not said": "", "Lax": "SameSite=Lax", "Strict": "SameSite=Strict"}
#: The four ways in which the page asks.
WAYS = ("EventSource", "fetch, POST", "a form, POST", "a link")

#: Signs in, asks in the four ways, then posts a form to each guard: in a popup, for a form leads away from its page.
SITES_SCRIPT = """\
const url = given.url || location.origin;
const said = () => new Promise((done) => addEventListener("message", done, { once: true }));
const visit = async (address, submit) => {
  const answered = said(), popup = window.open(submit ? "about:blank" : address, "popup");
  submit?.();
  await answered;
  popup.close();
};
const post = (address, values) => visit(address, () => {
  const form = Object.assign(document.createElement("form"), { method: "POST", action: address, target: "popup" });
  for (const [name, value] of Object.entries(values)) {
    form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  document.body.append(form);
  form.submit();
});
const by = (way) => `${url}/ask?way=${encodeURIComponent(way)}`;
await visit(`${url}/sign-in`);
await later(given.wait_ms);
const source = new EventSource(by("EventSource"), { withCredentials: true });
await new Promise((done) => { source.onmessage = source.onerror = done; });
source.close();
const sending = { method: "POST", body: "x", mode: "no-cors", credentials: "include" };
await fetch(by("fetch, POST"), sending);
await post(by("a form, POST"), {});
await visit(by("a link"));
const token = await fetch(`${url}/token`, { credentials: "include" }).then((answer) => answer.text()).catch(() => "");
for (const guard of given.guards) await post(`${url}/say?guard=${encodeURIComponent(guard)}`, { token, text: "boo" });
return (await fetch(`${url}/noted`)).json();
"""
_ANSWERED = "<!doctype html><script>opener.postMessage('answered', '*')</script>"


@dataclass(slots=True)
class _Notes:
    """What the server keeps: the cookies that came in each way, and the guards that a message has passed."""

    sent: dict[str, list[str]] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    token: str = field(default_factory=secrets.token_urlsafe)


class ForumHandler(RequestHandler):
    """The base of the server's handlers. A guard, which says whether a message may be published, is called with one.

    `cookie(name)` is whether the browser has sent the cookie, by its name in COOKIES; `own_origin` is the server's own;
    `token` is the secret of the one who has signed in, which only a page of this origin can read.
    """

    def initialize(self, notes: _Notes, guards: Mapping[str, Guard]) -> None:
        """Called by tornado with the route's settings."""
        self.notes, self.guards = notes, guards

    def cookie(self, name: str) -> bool:
        """Whether the browser has sent this cookie."""
        return self.get_cookie(_name(name)) is not None

    @property
    def own_origin(self) -> str:
        """The origin of the server's own pages."""
        return f"{self.request.protocol}://{self.request.host}"

    @property
    def token(self) -> str:
        """What a page of this origin can ask for, and put into its form."""
        return self.notes.token


#: Whether this request may publish.
Guard = Callable[[ForumHandler], object]


class _SignIn(ForumHandler):
    def get(self) -> None:
        for name, says in COOKIES.items():
            self.add_header("Set-Cookie", "; ".join([f"{_name(name)}=1", "Path=/", "HttpOnly", *filter(None, [says])]))
        self.finish(_ANSWERED)


class _Ask(ForumHandler):
    def get(self) -> None:
        self.notes.sent[self.get_query_argument("way")] = [name for name in COOKIES if self.cookie(name)]
        if "text/event-stream" in self.request.headers.get("Accept", ""):
            self.set_header("Content-Type", "text/event-stream")
            self.finish("data: hello\n\n")
        else:
            self.finish(_ANSWERED)

    post = get


class _Say(ForumHandler):
    def post(self) -> None:
        guard = self.get_query_argument("guard")
        if self.guards[guard](self):
            self.notes.published.append(guard)
        else:
            self.set_status(403)
        self.finish(_ANSWERED)


class _Token(ForumHandler):
    def get(self) -> None:
        self.finish(self.token)


class _Noted(ForumHandler):
    def get(self) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")  # it tells what was seen, and asks for no cookie
        self.finish(json.dumps({"sent": self.notes.sent, "published": self.notes.published}))


@dataclass(frozen=True, slots=True)
class FromPlace:
    """What pages of one place could do.

    `sent` tells for each of the WAYS which of the COOKIES went with the request; `published` tells for each guard
    whether the message was published. `recorded_on` is a date where there was no browser.
    """

    place: str
    browser: str
    sent: dict[str, dict[str, bool]]
    published: dict[str, bool]
    recorded_on: str | None = None


async def ask_from(
    places: Mapping[str, str], guards: Mapping[str, Guard], firefox: bool = False, wait_s: float = 0.0
) -> list[FromPlace]:
    """What a page of each of these places can do: it signs in, asks in four ways, and posts a message to each guard.

    Each place has a browser with a profile of its own, and a server of its own. A Chromium may send cookies across
    sites there, as Chrome does unless its user forbids it.

    Args:
        places: name -> host, such as PLACES.
        guards: name -> what decides whether a message is published.
        firefox: asks a Firefox, as it comes, and not a Chromium.
        wait_s: so long after it has signed in.

    Raises:
        LabError: there is no such browser here, and this was not recorded.
    """
    return list(
        await asyncio.gather(*(_ask_from(place, host, guards, firefox, wait_s) for place, host in places.items()))
    )


async def _ask_from(place: str, host: str, guards: Mapping[str, Guard], firefox: bool, wait_s: float) -> FromPlace:
    routes = _routes(guards)
    name = "-".join(["site", *place.split(), *(["firefox"] if firefox else [])])
    page: dict[str, Any] = {"host": host, "firefox": firefox, "across_sites": True, "guards": list(guards)}
    page |= {"wait_ms": 1000 * wait_s, "seconds": 30 + wait_s}
    if host == OWN_HOST:
        answer = await in_browser(name, SITES_SCRIPT, routes=routes, url="", **page)
    else:
        async with serve(routes) as server:
            answer = await in_browser(name, SITES_SCRIPT, url=f"http://{OWN_HOST}:{server.port}", **page)
    sent = {way: {cookie: cookie in answer.value["sent"][way] for cookie in COOKIES} for way in WAYS}
    published = {guard: guard in answer.value["published"] for guard in guards}
    return FromPlace(place, answer.browser, sent, published, answer.recorded_on)


def _routes(guards: Mapping[str, Guard]) -> Routes:
    settings = {"notes": _Notes(), "guards": guards}
    handlers = {"/sign-in": _SignIn, "/ask": _Ask, "/say": _Say, "/token": _Token, "/noted": _Noted}
    return {path: (handler, settings) for path, handler in handlers.items()}


def _name(cookie: str) -> str:
    return f"session-{cookie.replace(' ', '-').lower()}"
