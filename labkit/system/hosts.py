"""Which names a server of this machine answers to."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

#: JupyterHub sets it for each of its servers.
HUB_VARIABLE = "JUPYTERHUB_SERVICE_PREFIX"
#: The origins whose pages may use every server of labkit, such as a hub's: with commas between them.
ORIGINS_VARIABLE = "LABKIT_ORIGINS"


def is_own_host(host: str | None, allowed_names: Collection[str] = ()) -> bool:
    """Whether a request with this Host header was meant for this machine.

    Every site can let its own name lead to 127.0.0.1 ("DNS rebinding"). To the browser its page and this server are
    then one origin, and the page reads whatever is served here; only the Host header still says the name. So a name has
    to be known: localhost and what ends in .localhost (which browsers do not look up), or one of the `allowed_names`.
    LABKIT_ORIGINS may name more. Under a numeric address there is nothing to rebind. A client that sends no Host is no
    browser.

    On a JupyterHub each request comes through the hub, under the hub's name, from a machine whose 127.0.0.1 is another
    one: there every host is taken.

    Args:
        host: the value of the Host header; None if there is none.
        allowed_names: more names, in lower case, without a port.

    >>> [is_own_host(host) for host in ("127.0.0.1:8000", "[::1]:8000", "LOCALHOST", "evil.example:8000", "")]
    [True, True, True, False, False]

    Source: RFC 9112, 3.2; RFC 6761, 6.3.
    """
    if host is None or HUB_VARIABLE in os.environ:
        return True
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost") or name in allowed_names or _is_address(name):
        return True
    return any(name == host_name(urlsplit(origin).netloc) for origin in named_origins())


def named_origins() -> frozenset[str]:
    """The origins that the environment names in LABKIT_ORIGINS, as browsers write them: in lower case, without a slash.

    What is no origin there matches none, and does no harm.
    """
    return _split(os.environ.get(ORIGINS_VARIABLE, ""))


@lru_cache(maxsize=4)  # it is asked with each request
def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip().rstrip("/").lower() for part in text.split(",")) - {""}


def host_name(host: str) -> str:
    """The name or address in a Host header: in lower case, without port, brackets, or a dot at its end.

    >>> host_name("Example.org.:8000"), host_name("[::1]:80")
    ('example.org', '::1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().removesuffix(".")


def address(host: str, port: int) -> str:
    """The host and port as they stand in a URL: an IPv6 address in brackets.

    >>> address("::1", 80), address("localhost", 80)
    ('[::1]:80', 'localhost:80')

    Source: RFC 3986, 3.2.2.
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def refusal(host: str | None) -> str:
    """What a server says to a request that was meant for another name."""
    return (
        f"This server answers to localhost and to numeric addresses, and not to {(host or '')[:100]!r}: a page under "
        "that name could be anybody's. If it is yours, start the server with hosts=[the name], or labkit serve with "
        "--origin, or name its origin in LABKIT_ORIGINS.\n"
    )


def _is_address(name: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    return False
