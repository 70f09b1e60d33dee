"""Starts an nginx or a HAProxy: a real one if it is installed, and the lab's relay in its place otherwise."""

from __future__ import annotations

from labkit.proxy.embedded import EmbeddedProxy
from labkit.proxy.haproxy import HAProxy, find_haproxy, haproxy, haproxy_name
from labkit.proxy.nginx import Nginx, find_nginx, nginx, nginx_name
from labkit.proxy.program import RunningProxy

Front = RunningProxy | EmbeddedProxy

_proxies: dict[str, Front] = {}  # the registry of named ones: they outlive the cell that started them


def front(origin: str, setup: Nginx | HAProxy | None = None, *, name: str = "") -> Front:
    """Starts a proxy in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block. The proxy's `name` says whether it is a real one.

    Args:
        origin: the URL that it passes requests on to.
        setup: the settings of an nginx or a HAProxy; nginx's defaults unless given.
        name: with a name, the cell run again replaces the proxy of that name, on the same port.

    Raises:
        LabError: it did not start, or there is no real one and the relay cannot do what is asked.
    """
    previous = _proxies.pop(name, None) if name else None
    port = 0
    if previous is not None:
        port = previous.port
        previous.stop()
    proxy = _start(origin, setup or Nginx(), port)
    if name:
        _proxies[name] = proxy
    return proxy


def which_proxies() -> dict[str, str]:
    """What front() starts on this machine for nginx and HAProxy: a real one with its version, or the lab's relay."""
    nginx_path, haproxy_path = find_nginx(), find_haproxy()
    return {
        "nginx": nginx_name(nginx_path) if nginx_path else "the lab's relay, set to group events as nginx 1.22 does",
        "HAProxy": haproxy_name(haproxy_path)
        if haproxy_path
        else "the lab's relay, set to group events as HAProxy 2.6 does",
    }


def _start(origin: str, setup: Nginx | HAProxy, port: int) -> Front:
    if isinstance(setup, HAProxy):
        return haproxy(origin, setup, port=port) if find_haproxy() else EmbeddedProxy(origin, setup, port)
    return nginx(origin, setup, port=port) if find_nginx() else EmbeddedProxy(origin, setup, port)
