"""The products that can stand in front of a server here: how each is found, named and started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.proxy.apache import APACHE_ADVICE, Apache, apache, apache_name, find_apache
from labkit.proxy.caddy import CADDY_ADVICE, Caddy, caddy, caddy_name, find_caddy
from labkit.proxy.envoy import ENVOY_ADVICE, Envoy, envoy, envoy_name, find_envoy
from labkit.proxy.haproxy import HAPROXY_ADVICE, HAProxy, find_haproxy, haproxy, haproxy_name
from labkit.proxy.nginx import NGINX_ADVICE, Nginx, find_nginx, nginx, nginx_name
from labkit.proxy.program import RunningProxy
from labkit.proxy.varnish import VARNISH_ADVICE, Varnish, find_varnish, varnish, varnish_name

#: The settings of any of them; the class says which product it is.
ProxySetup = Nginx | HAProxy | Apache | Caddy | Varnish | Envoy


@dataclass(frozen=True, slots=True)
class ProxyProduct:
    """A proxy that can be run here.

    `find` gives its path, or None; `full_name` the name and version of what is at a path; `start` is called with the
    origin, the settings, and `port=`. `advice` says how to get it. `stand_in` is what the lab's relay does in its
    place; "" where nothing can stand in.
    """

    name: str
    find: Callable[[], str | None]
    full_name: Callable[[str], str]
    start: Callable[..., RunningProxy]
    advice: str
    stand_in: str = ""

    def here(self) -> str | None:
        """Its name and version, if it is on this machine."""
        path = self.find()
        return self.full_name(path) if path else None


#: By the class of their settings.
PRODUCTS: Mapping[type[Any], ProxyProduct] = {
    Nginx: ProxyProduct(
        "nginx", find_nginx, nginx_name, nginx, NGINX_ADVICE, "the lab's relay, set to group events as nginx 1.22 does"
    ),
    HAProxy: ProxyProduct(
        "HAProxy",
        find_haproxy,
        haproxy_name,
        haproxy,
        HAPROXY_ADVICE,
        "the lab's relay, set to group events as HAProxy 2.6 does",
    ),
    Apache: ProxyProduct("Apache", find_apache, apache_name, apache, APACHE_ADVICE),
    Caddy: ProxyProduct("Caddy", find_caddy, caddy_name, caddy, CADDY_ADVICE),
    Varnish: ProxyProduct("Varnish", find_varnish, varnish_name, varnish, VARNISH_ADVICE),
    Envoy: ProxyProduct("Envoy", find_envoy, envoy_name, envoy, ENVOY_ADVICE),
}
