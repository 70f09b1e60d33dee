"""The exercise cors_headers: which pages may read a stream that needs a cookie."""

from __future__ import annotations

from random import Random

from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable
from labkit.check.read import kind, text

STUB = '''\
def cors_headers(origin: str, allowed: list[str]) -> dict[str, str]:
    """The headers that let pages of the allowed origins read, cookies and all. origin: what the request says, or ""."""
    ...
'''


def cors_headers(origin: str, allowed: list[str]) -> dict[str, str]:
    """The headers that let pages of the allowed origins read, cookies and all. origin: what the request says, or ""."""
    headers = {"Vary": "Origin"}  # or a cache gives one page the answer that was meant for another
    if origin in allowed:
        headers["Access-Control-Allow-Origin"] = origin  # exactly: with cookies, browsers refuse *
        headers["Access-Control-Allow-Credentials"] = "true"
    return headers


_HOSTS = ("app.example.com", "example.org", "lab.example.net", "shop.example.com")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(30):
        allowed = [f"https://{host}" for host in rng.sample(_HOSTS, rng.randrange(1, 4))]
        if rng.random() < 0.3:
            allowed.append("http://localhost:8888")
        samples.append(_sample(_origin(rng, ask, allowed), allowed))
    return samples


def _origin(rng: Random, ask: str, allowed: list[str]) -> str:
    known_origin = rng.choice(allowed)
    if rng.random() < 0.3:
        return known_origin
    if ask == "plain":
        return rng.choice(("", "https://evil.example", "https://other.test"))
    host = known_origin.partition("://")[2]
    alike = [f"https://evil-{host}", f"https://{host}.evil.example", f"https://{host}:8443",
             known_origin.replace("https", "http"), f"https://evil.example/{host}", known_origin.rstrip("m"),
             known_origin.upper()]  # fmt: skip
    if ask == "look-alikes":
        return rng.choice([origin for origin in alike if origin not in allowed])
    return rng.choice(("", "null", "*", "https://", known_origin[:8], *alike[:2]))


def _sample(origin: str, allowed: list[str]) -> Sample:
    expected = {"vary": "origin"}
    if any(origin == entry for entry in allowed):
        expected |= {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    return Sample((origin, allowed), expected)


def _read(returned: object, sample: Sample) -> dict[str, str]:
    if not isinstance(returned, dict):
        raise Unreadable(f"It returned {kind(returned)}, not a dict of headers.")
    headers = {
        text(name, "A header's name").lower(): text(value, "A header's value") for name, value in returned.items()
    }
    for name in ("vary", "access-control-allow-credentials"):
        if name in headers:
            headers[name] = headers[name].lower()
    return headers


def _headers_for(origin: str, may: bool) -> dict[str, str]:
    return cors_headers(origin, [origin] if may else [])


def _star(origin: str, allowed: list[str]) -> dict[str, str]:
    return {**_headers_for(origin, True), "Access-Control-Allow-Origin": "*"}


def _star_for_allowed(origin: str, allowed: list[str]) -> dict[str, str]:
    return _star(origin, allowed) if origin in allowed else _headers_for(origin, False)


def _echo(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, True)


def _list(origin: str, allowed: list[str]) -> dict[str, str]:
    return {**_headers_for(origin, True), "Access-Control-Allow-Origin": ", ".join(allowed)}


def _no_vary(origin: str, allowed: list[str]) -> dict[str, str]:
    return {name: value for name, value in cors_headers(origin, allowed).items() if name != "Vary"}


def _vary_for_allowed(origin: str, allowed: list[str]) -> dict[str, str]:
    return cors_headers(origin, allowed) if origin in allowed else {}


def _no_credentials(origin: str, allowed: list[str]) -> dict[str, str]:
    headers = cors_headers(origin, allowed)
    return {name: value for name, value in headers.items() if not name.endswith("Credentials")}


def _starts_alike(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, any(origin.startswith(entry) for entry in allowed))


def _ends_alike(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, any(origin.endswith(entry.partition("://")[2]) for entry in allowed))


def _contains(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, any(entry.partition("://")[2] in origin for entry in allowed))


def _any_case(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, origin.lower() in allowed)


def _null_too(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, origin in (*allowed, "null"))


def _in_text(origin: str, allowed: list[str]) -> dict[str, str]:
    return _headers_for(origin, origin in " ".join(allowed))


LEVELS = (
    Level(
        "those on the list, and nobody else",
        "An allowed origin gets Access-Control-Allow-Origin with just that origin, and "
        "Access-Control-Allow-Credentials: true. Nobody else gets either. Vary: Origin goes to all.",
        lambda: _samples("cors_headers/1", "plain"),
    ),
    Level(
        "look-alikes",
        "Scheme, host and port must all be the same. Compare whole texts.",
        lambda: _samples("cors_headers/2", "look-alikes"),
    ),
    Level(
        "strange origins",
        "A request may have no origin, or `null`, or anything. What is not on the list gets nothing.",
        lambda: _samples("cors_headers/3", "strange"),
    ),
)

TRAPS = (
    Trap(
        "star",
        _star,
        "It allows everybody with *. Where cookies are sent browsers refuse that answer, even for the page that you "
        "meant: name the origin.",
    ),
    Trap(
        "star for the allowed",
        _star_for_allowed,
        "It answers *. With cookies a browser refuses that: name the one origin that asked.",
    ),
    Trap(
        "echo",
        _echo,
        "It repeats whatever origin asks. Then every site on the web may read, with your user's cookies: look at "
        "the list first.",
    ),
    Trap(
        "whole list",
        _list,
        "It sends the whole list. The header takes one origin: the one that asked, if it is allowed.",
    ),
    Trap(
        "no vary",
        _no_vary,
        "Vary: Origin is missing. The answer depends on the origin; a cache that does not know gives it to the "
        "wrong page.",
    ),
    Trap(
        "vary for the allowed",
        _vary_for_allowed,
        "Vary: Origin is missing where the answer is no. A cache may keep that answer too, and give it to a page "
        "that is allowed.",
    ),
    Trap(
        "no credentials",
        _no_credentials,
        "Access-Control-Allow-Credentials: true is missing. Without it no page that sends cookies may read the answer.",
    ),
    Trap(
        "starts alike", _starts_alike, "https://example.com.evil.example starts like a friend. Compare the whole text."
    ),
    Trap(
        "ends alike",
        _ends_alike,
        "https://evil-example.com ends like a friend, and http:// is not https://. Compare the whole text.",
    ),
    Trap(
        "contains",
        _contains,
        "The friend's name somewhere in the origin proves nothing: anybody can put it into their own. Compare the "
        "whole text.",
    ),
    Trap(
        "any case",
        _any_case,
        "Browsers write an origin in lower case. What comes in capitals does not come from a page that you know.",
    ),
    Trap(
        "null",
        _null_too,
        "It lets `null` in. That is the origin of any sandboxed frame, of anybody's: it is nobody in particular.",
    ),
    Trap(
        "in a text",
        _in_text,
        '`in` looks for a part of a text, so "https://" and the empty text are found as well. Ask a list, not a text.',
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=cors_headers,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Two answers are possible: one for an origin that is on the list, one for all others. Which header is in both?",
        "`origin in allowed` asks a list for the whole text. That is all the comparing there is.",
        'Start with {"Vary": "Origin"}. If the origin is allowed, add the other two: the origin itself, and "true".',
    ),
    praise="Your stream is read by the pages that you chose, and by no others.",
    read=_read,
)
