"""The exercise cors_headers: which pages may read a stream that needs a cookie."""

from __future__ import annotations

from random import Random

from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.cors_headers_traps import TRAPS
from labkit.check.read import no_coroutine, text
from labkit.check.values import Unreadable, shape

STUB = '''\
def cors_headers(origin: str, allowed: list[str]) -> dict[str, str]:
    """The headers that let the pages of the allowed origins read a stream that needs a cookie.

    origin is what the request says, or "" if it says nothing. If it is one of the allowed, the headers are
    Access-Control-Allow-Origin with just this origin, and Access-Control-Allow-Credentials: true. All others get
    neither of them. Vary: Origin goes to everybody, because the answer depends on the origin.
    Example:
    cors_headers("https://other.test", ["https://app.example.com"]) -> {"Vary": "Origin"}
    """
    ...
'''


def cors_headers(origin: str, allowed: list[str]) -> dict[str, str]:
    """The headers that let the pages of the allowed origins read a stream that needs a cookie."""
    headers = {"Vary": "Origin"}  # or a cache gives one page the answer that was meant for another
    if origin in allowed:
        headers["Access-Control-Allow-Origin"] = origin  # exactly: with cookies, browsers refuse *
        headers["Access-Control-Allow-Credentials"] = "true"
    return headers


_HOSTS = ("app.example.com", "example.org", "lab.example.net", "shop.example.com")
#: As a browser compares them: the names in any case, and the value of Vary too.
_NAMES = ("Vary", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(40):
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
    alike = [f"https://evil-{host}", f"https://{host}.evil.example", f"https://{host}:8443", f"https://www.{host}",
             known_origin.replace("https", "http"), f"https://evil.example/{host}", known_origin.rstrip("m"),
             known_origin.upper(), f"{known_origin}/", known_origin.replace(".", "x", 1)]  # fmt: skip
    if ask == "look-alikes":
        return rng.choice([origin for origin in alike if origin not in allowed])
    return rng.choice(("", "null", "*", "https://", known_origin[:8], *alike[:2]))


def _sample(origin: str, allowed: list[str]) -> Sample:
    expected = {"Vary": "origin"}
    if any(origin == entry for entry in allowed):
        expected |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    return Sample((origin, allowed), expected)


def _read(returned: object, sample: Sample) -> dict[str, str]:
    no_coroutine(returned)
    if not isinstance(returned, dict):
        raise Unreadable(f"It returned {shape(returned)}; the check expects a dict of headers.")
    names = {name.lower(): name for name in _NAMES}
    headers = {}
    for key, value in returned.items():
        name = text(key, "A header's name is")
        name = names.get(name.lower(), name)
        value = text(value, f"The value of {name[:40]} is")
        headers[name] = value.lower() if name == "Vary" else value
    return headers


def _show_expected(headers: object) -> str:
    return repr({name: "Origin" if name == "Vary" else value for name, value in dict(headers).items()})  # type: ignore[call-overload]


EXERCISE = Exercise(
    stub=STUB,
    solution=cors_headers,
    levels=(
        Level(
            "those on the list, and nobody else",
            "An allowed origin gets `Access-Control-Allow-Origin` with just that origin, and "
            "`Access-Control-Allow-Credentials: true`. Nobody else gets either. `Vary: Origin` goes to all.",
            lambda: _samples("cors_headers/1", "plain"),
        ),
        Level(
            "look-alikes",
            "Scheme, host and port all have to be the same. Compare whole texts.",
            lambda: _samples("cors_headers/2", "look-alikes"),
        ),
        Level(
            "strange origins",
            "A request may have no origin, or `null`, or anything else. An origin that is not on the list gets nothing "
            "but Vary.",
            lambda: _samples("cors_headers/3", "strange"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "Two answers are possible: one for an origin that is on the list, one for all others. Which header is in both?",
        "`origin in allowed` asks a list for the whole text. No other comparison is needed.",
        'Start with `{"Vary": "Origin"}`. If the origin is allowed, add the other two: the origin itself, and "true".',
    ),
    praise="Your stream is read by the pages that you chose, and by no others.",
    read=_read,
    show_expected=_show_expected,
)
