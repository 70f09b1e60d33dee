"""How an origin differs from those that are allowed, in words about this very origin."""

from __future__ import annotations

from labkit.check.exercise import Sample


def host_of(origin: str) -> str:
    """The host of an origin, with its port.

    >>> host_of("https://a.example:8443")
    'a.example:8443'
    """
    return origin.partition("://")[2].partition("/")[0]


def name_of(origin: str) -> str:
    """The host of an origin, without its port.

    >>> name_of("https://a.example:8443")
    'a.example'
    """
    return host_of(origin).partition(":")[0]


def difference(sample: Sample) -> str:
    """What makes the origin of this sample another one than those of its list. It names nothing that is not in it.

    >>> difference(Sample(("https://a.example:8443", ["https://a.example"]), {}))
    '`https://a.example:8443` has another port, and there may be another owner.'
    """
    origin, allowed = sample.args
    scheme, between, _ = origin.partition("://")
    friends = [entry for entry in allowed if origin and name_of(entry) == name_of(origin)]
    if not origin:
        return "Here it is empty."
    if not between or not host_of(origin):
        return f"Here it is `{origin}`, and no page has that."
    if origin.lower() in allowed and origin not in allowed:
        return f"Browsers write an origin in lower case, and never `{origin}`."
    if origin.rstrip("/") in allowed:
        return f"Browsers send no slash at the end, so not `{origin}`."
    if friends and not any(entry.startswith(f"{scheme}://") for entry in friends):
        return f"`{scheme}://` is another origin than `{friends[0].partition('://')[0]}://`."
    if friends:
        return f"`{origin}` has another port, and there may be another owner."
    return f"Anybody may own `{name_of(origin)}`."
