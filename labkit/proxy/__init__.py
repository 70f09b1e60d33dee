"""Between a server and a client: the relay that puts faults on real sockets, and real proxies."""

from labkit.proxy.apache import Apache, apache, find_apache
from labkit.proxy.caddy import Caddy, caddy, find_caddy
from labkit.proxy.embedded import EmbeddedProxy, as_nginx
from labkit.proxy.envoy import Envoy, envoy, find_envoy
from labkit.proxy.front import Front, front, which_proxies
from labkit.proxy.haproxy import HAProxy, find_haproxy, haproxy
from labkit.proxy.launch_relay import LabRelay, launch_relay, relay_at
from labkit.proxy.nginx import Nginx, find_nginx, nginx
from labkit.proxy.passage import Passage
from labkit.proxy.pipe import Pipe, pipe
from labkit.proxy.products import PRODUCTS, ProxyProduct, ProxySetup
from labkit.proxy.program import RunningProxy
from labkit.proxy.relay import Relay, relay
from labkit.proxy.varnish import Varnish, find_varnish, varnish

__all__ = [
    "PRODUCTS", "Apache", "Caddy", "EmbeddedProxy", "Envoy", "Front", "HAProxy", "LabRelay", "Nginx", "Passage",
    "Pipe", "ProxyProduct", "ProxySetup", "Relay", "RunningProxy", "Varnish", "apache", "as_nginx", "caddy",
    "envoy", "find_apache", "find_caddy", "find_envoy", "find_haproxy", "find_nginx", "find_varnish", "front",
    "haproxy", "launch_relay", "nginx", "pipe", "relay", "relay_at", "varnish", "which_proxies",
]  # fmt: skip
