"""A proxy that behaves as an nginx or a HAProxy: a real one where there is one, the lab's relay otherwise."""

from __future__ import annotations

from labkit.proxy.embedded import EmbeddedProxy
from labkit.proxy.haproxy import HAProxy, find_haproxy, haproxy, haproxy_name
from labkit.proxy.nginx import Nginx, find_nginx, nginx, nginx_name
from labkit.proxy.program import RunningProxy

Front = RunningProxy | EmbeddedProxy

_proxies: dict[str, Front] = {}  # the registry of named ones: they outlive the cell that started them


def front(origin: str, setup: Nginx | HAProxy | None = None, *, name: str = "") -> Front:
    """A proxy with this setup in front of the origin, when this returns; its `name` says whether it is a real one.

    It is for a `with` block, or until its stop(). With a name, the cell run again gives it anew on the same port.

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
    """What front() starts here for an nginx and for a HAProxy: the real one with its version, or the lab's relay."""
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
