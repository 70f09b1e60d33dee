"""The verdicts of lesson 09: each is computed from what was recorded, and turns when the client does the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.errors import counted
from labkit.lab.verdict import Verdict

#: Client -> what a Mirror heard from it.
Noted = Mapping[str, Mapping[str, Any]]


def c21_who_sends_headers(heard: Noted, header: str = "authorization") -> Verdict:
    """EventSource cannot set request headers; fetch and httpx can."""
    sent = {name: header in what["headers"] for name, what in heard.items() if name != "WebSocket"}
    able = [name for name, did in sent.items() if did]
    unable = [name for name, did in sent.items() if not did]
    because = f"the header of {_list(able)} arrived; that of {_list(unable)} did not, and no error said so"
    return Verdict("C21", unable == ["EventSource"] and bool(able), because)


def c64_websocket_sends_none(heard: Noted, header: str = "authorization") -> Verdict:
    """A WebSocket in a browser cannot set headers either."""
    headers = heard["WebSocket"]["headers"]
    own = [name for name in headers if name.startswith("sec-websocket")]
    because = f"{header} {'arrived' if header in headers else 'did not arrive'}; the browser's own {len(own)} did"
    return Verdict("C64", header not in headers and bool(own), because)


def c22_cookies_and_cors(cookie_heard: Mapping[str, bool], read: Mapping[str, bool]) -> Verdict:
    """Cookies are sent; across origins only when asked for, and CORS decides who may read."""
    cases = ("same origin", "other origin", "other origin, withCredentials", "the same, server says *")
    expected = {cases[0]: (True, True), cases[1]: (False, True), cases[2]: (True, True), cases[3]: (True, False)}
    found = {case: (cookie_heard.get(case), read.get(case)) for case in cases}
    sent = [case for case in cases if cookie_heard.get(case)]
    refused = [case for case in cases if not read.get(case)]
    because = f"the cookie went out for {_list(sent, '; ')}. The page could not read: {_list(refused, '; ')}"
    return Verdict("C22", found == expected, because)


def c23_token_in_the_log(token: str, opened: bool, log: Sequence[str]) -> Verdict:
    """A token in the query string works, and ends up in the access log."""
    lines = sum(token in line for line in log)
    worked = "the stream opened" if opened else "the stream did not open"
    share = f"{lines} of {counted(len(log), 'log line')} {'holds' if lines == 1 else 'hold'} the token"
    return Verdict("C23", opened and lines > 0, f"{worked}, and {share}")


def c24_get_only(methods: Mapping[str, str], asked: Mapping[str, int]) -> Verdict:
    """EventSource is GET only; a POST stream needs fetch (or httpx) and your own reconnecting.

    `methods` is what the server heard of clients that were told to POST; `asked` is how often each came back.
    """
    posted = [name for name, method in methods.items() if method == "POST"]
    by_get = [name for name, method in methods.items() if method == "GET"]
    returned = [name for name, count in asked.items() if count > 1]
    because = (
        f"{_list(posted)} sent POST, {_list(by_get)} sent GET; {_list(returned)} came back after the end by itself"
    )
    return Verdict("C24", by_get == ["EventSource"] and bool(posted) and returned == ["EventSource"], because)


def c25_inner_html_runs_it(ran: Mapping[str, bool]) -> Verdict:
    """Writing event data into innerHTML is a cross-site scripting hole; textContent is none."""
    did = [how for how, happened in ran.items() if happened]
    did_not = [how for how, happened in ran.items() if not happened]
    holds = bool(did) and all("innerHTML" in how for how in did) and any("textContent" in how for how in did_not)
    return Verdict("C25", holds, f"code from an event ran with {_list(did)}; it did not with {_list(did_not)}")


def _list(names: Sequence[str], between: str = ", ") -> str:
    return between.join(names) if names else "nobody"
