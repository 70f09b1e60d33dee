"""Starts a real proxy; for an nginx or a HAProxy that is not installed, the lab's relay in its place."""

from __future__ import annotations

from labkit.proxy.embedded import EmbeddedProxy
from labkit.proxy.haproxy import HAProxy
from labkit.proxy.nginx import Nginx
from labkit.proxy.products import PRODUCTS, ProxySetup
from labkit.proxy.program import RunningProxy

Front = RunningProxy | EmbeddedProxy

_proxies: dict[str, Front] = {}  # the registry of named ones: they outlive the cell that started them


def front(origin: str, setup: ProxySetup | None = None, *, name: str = "") -> Front:
    """Starts a proxy in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block. The proxy's `name` says whether it is a real one.

    Args:
        origin: the URL that it passes requests on to.
        setup: the settings of an nginx, a HAProxy, an Apache, a Caddy, a Varnish or an Envoy; nginx's defaults unless
            given.
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
    """What front() starts on this machine, by product: a real one with its version, or the lab's relay; or what is
    missing, and how to get it."""
    return {product.name: product.here() or product.stand_in or product.advice for product in PRODUCTS.values()}


def _start(origin: str, setup: ProxySetup, port: int) -> Front:
    product = PRODUCTS[type(setup)]
    if isinstance(setup, Nginx | HAProxy) and product.find() is None:
        return EmbeddedProxy(origin, setup, port)
    return product.start(origin, setup, port=port)
