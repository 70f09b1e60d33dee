"""Stand-ins for nginx and HAProxy, for machines without them: the lab's relay does to a stream what they do.

Tests hold it against real ones in grouping (which events arrive together), benchmarks/proxies.py in lag.
"""

from __future__ import annotations

from labkit.errors import LabError
from labkit.faults.breaking import IdleTimeout
from labkit.faults.changing import Gzip
from labkit.faults.fault import Fault
from labkit.faults.holding import PAGE_BYTES, PASS, FillBuffers, HoldHead, Unless
from labkit.faults.timing import HoldBytes, HoldTime
from labkit.proxy.haproxy import HAPROXY_ADVICE as HAPROXY_ADVICE
from labkit.proxy.haproxy import HAProxy
from labkit.proxy.launch_relay import LabRelay
from labkit.proxy.nginx import NGINX_ADVICE, Nginx
from labkit.system.secrets import shown_url

TLS_BYTES = 16384  # nginx's ssl_buffer_size
CORK_S = 0.205  # measured on Linux: how long the kernel waits behind MSG_MORE


def as_nginx(setup: Nginx) -> tuple[Fault, ...]:
    """The faults that group events as nginx 1.22 does with this setup. TLS is left out, and its buffer is not.

    Raises:
        LabError: the relay cannot do what is asked; a real nginx can.
    """
    if setup.http2 or setup.upgrade or setup.cache_s is not None or setup.directives:
        raise LabError(
            f"the lab's relay knows no HTTP/2, no Upgrade, no cache and no further directives, and {NGINX_ADVICE}"
        )
    timeouts: tuple[Fault, ...] = (IdleTimeout(setup.read_timeout_s),) if setup.read_timeout_s is not None else ()
    flushing_gzip = Gzip(flush=True)
    if not setup.buffering:
        return (*timeouts, flushing_gzip) if setup.gzip else timeouts
    holders: list[tuple[Fault, Fault]] = []  # what holds, and what stands in its place when the origin forbids it
    if setup.to_origin != "1.1":
        holders.append((FillBuffers(setup.buffer_bytes or PAGE_BYTES), PASS))
    if setup.gzip:
        holders += [(Gzip(flush=False), flushing_gzip), (HoldBytes(PAGE_BYTES), PASS)]
    if setup.tls:
        holders.append((HoldBytes(TLS_BYTES), PASS))
    holders.append((HoldHead(), PASS))
    # A machine is told of the headers as the origin sent them: that one removes the header does not blind the next.
    return (*timeouts, *(Unless("x-accel-buffering", "no", *pair, keep_header=setup.keep_accel) for pair in holders))


def as_haproxy(setup: HAProxy) -> tuple[Fault, ...]:
    """The faults that group events as HAProxy 2.6 does on Linux.

    Raises:
        LabError: the relay cannot do what is asked; a real HAProxy can.
    """
    if setup.compression or setup.directives:
        raise LabError(f"the lab's relay does not compress as HAProxy does, and {HAPROXY_ADVICE}")
    cork = () if setup.no_delay else (HoldTime(CORK_S),)
    return (IdleTimeout(setup.server_timeout_s), *cork)


class EmbeddedProxy(LabRelay):
    """The lab's relay in the place of an nginx or a HAProxy. It has the attributes and methods of a RunningProxy.

    Args:
        origin: the URL that it passes requests on to.
        setup: the settings of the proxy that it replaces.
        port: where it listens; 0 takes a free port.

    Raises:
        LabError: the relay cannot do what is asked.
    """

    def __init__(self, origin: str, setup: Nginx | HAProxy, port: int = 0) -> None:
        place = "an nginx" if isinstance(setup, Nginx) else "a HAProxy"
        faults = as_nginx(setup) if isinstance(setup, Nginx) else as_haproxy(setup)
        super().__init__(f"the lab's relay, in the place of {place}", origin, faults, 0, port)

    @property
    def config(self) -> str:
        """The faults that it applies, one in each line."""
        return "\n".join(map(repr, self.faults))

    @property
    def log(self) -> str:
        """One line for each connection: how it ended."""
        return "\n".join(f"connection {passage.n}: {passage.ended or 'open'}" for passage in self.passages)

    def __repr__(self) -> str:
        return f"<{self.name} {'at ' + self.url + ' for ' + shown_url(self.origin) if self.running else 'has ended'}>"
