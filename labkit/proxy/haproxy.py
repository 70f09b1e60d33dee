"""Starts a real HAProxy, configured by a few typed settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of
from labkit.system.hosts import address

HAPROXY_ADVICE = "no HAProxy here (Debian: apt install haproxy)"


@dataclass(frozen=True)
class HAProxy:
    """The settings of a HAProxy.

    Args:
        no_delay: sets its option http-no-delay.
        server_timeout_s, client_timeout_s: how long either side may be silent; the defaults are Debian's.
        compression: compresses event streams.
        directives: more lines for its defaults, as they stand in haproxy.cfg.
    """

    no_delay: bool = False
    server_timeout_s: float = 50.0
    client_timeout_s: float = 50.0
    compression: bool = False
    directives: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The lines of the section `defaults` in haproxy.cfg."""
        yield "mode http"
        yield "timeout connect 5s"
        yield f"timeout client {round(self.client_timeout_s * 1000)}ms"
        yield f"timeout server {round(self.server_timeout_s * 1000)}ms"
        if self.no_delay:
            yield "option http-no-delay"
        if self.compression:
            yield "compression algo gzip"
            yield "compression type text/event-stream"
        yield from self.directives

    def config(self, origin: str, place: ProxyPlace) -> str:
        """The whole text of haproxy.cfg, for this origin and port."""
        parts = urlsplit(origin)
        lines = "\n".join(f"  {line}" for line in self.lines())
        return (
            f"global\n  log stderr format raw local0\n\ndefaults\n{lines}\n\n"
            f"frontend clients\n  bind 127.0.0.1:{place.port}\n  default_backend origin\n\n"
            f"backend origin\n  server origin {address(parts.hostname or '', parts.port or 80)}\n"
        )


def haproxy(origin: str, setup: HAProxy | None = None, *, port: int = 0) -> RunningProxy:
    """Starts a real HAProxy in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no HAProxy, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = find_haproxy()
    if path is None:
        raise LabError(HAPROXY_ADVICE)
    settings = setup or HAProxy()

    def command(place: ProxyPlace, file: Path) -> list[str]:
        return [path, "-db", "-f", str(file)]  # -db: in the foreground

    return RunningProxy(Plan(haproxy_name(path), lambda place: settings.config(origin, place), command), origin, port)


def find_haproxy() -> str | None:
    """The path of an HAProxy: LABKIT_HAPROXY, or the PATH; None if there is none."""
    return find_program("LABKIT_HAPROXY", "haproxy", "/usr/sbin/haproxy")


def haproxy_name(path: str) -> str:
    """The name and version of the HAProxy at this path, as "HAProxy 2.6.12".

    Raises:
        LabError: the program does not say that it is HAProxy.
    """
    return f"HAProxy {version_of(path, 'HAProxy', 'version ')}"
