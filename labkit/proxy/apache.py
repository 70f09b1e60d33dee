"""Starts a real Apache httpd, configured by a few typed settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of
from labkit.system.hosts import address

APACHE_ADVICE = "no Apache here (Debian: apt install apache2-bin, which starts no service)"

#: Where distributions keep the modules, seen from the folder above the program's own.
_MODULES = ("lib/apache2/modules", "lib64/httpd/modules", "lib/httpd/modules", "libexec/apache2", "modules")


@dataclass(frozen=True)
class Apache:
    """The settings of an Apache httpd with mod_proxy_http. None leaves a setting to Apache's own default.

    Args:
        flush_packets: whether each piece is flushed to the client (ProxyPass's `flushpackets`, off by default).
        deflate: compresses event streams with mod_deflate.
        timeout_s: ends a connection on which the origin is silent for so many seconds (ProxyTimeout; 60 by default).
        tls, http2: towards the client.
        directives: more lines for the virtual host, as they stand in httpd.conf.
        modules: more modules to load, as "buffer" for mod_buffer.
    """

    flush_packets: bool | None = None
    deflate: bool = False
    timeout_s: int | None = None
    tls: bool = False
    http2: bool = False
    directives: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The lines of the virtual host in httpd.conf, without the origin."""
        if self.deflate:
            yield "AddOutputFilterByType DEFLATE text/event-stream"
        if self.timeout_s is not None:
            yield f"ProxyTimeout {self.timeout_s}"
        if self.http2:
            yield "Protocols h2 h2c http/1.1"
        yield from self.directives

    def needed_modules(self) -> Iterator[str]:
        """The modules that these settings need, without "mod_"."""
        yield from ("mpm_event", "authz_core", "proxy", "proxy_http")
        if self.deflate:
            yield from ("filter", "deflate")
        if self.tls:
            yield "ssl"
        if self.http2:
            yield "http2"
        yield from self.modules

    def config(self, origin: str, place: ProxyPlace, modules: Path) -> str:
        """The whole text of httpd.conf.

        Args:
            origin: the URL that it passes requests on to.
            place: its port and folder, and its certificate with `tls`.
            modules: the folder of Apache's modules.
        """
        parts = urlsplit(origin)
        flush = "" if self.flush_packets is None else f" flushpackets={'on' if self.flush_packets else 'off'}"
        target = f"http://{address(parts.hostname or '', parts.port or 80)}/{flush}"
        host = [f"ProxyPass / {target}", *self.lines()]
        if place.certificate is not None:
            host += ["SSLEngine on", f'SSLCertificateFile "{place.certificate}"']
        loaded = [
            # What is compiled in, as some of these are at Debian, cannot be loaded.
            f"<IfModule !{name}_module>\n  LoadModule {name}_module {modules}/mod_{name}.so\n</IfModule>"
            for name in ("unixd", *self.needed_modules())
        ]
        more = ["SSLSessionCache none"] if self.tls else []
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # it refuses to answer as root; this is nobody, everywhere
            more += ["User #65534", "Group #65534"]
        return _CONFIG.format(
            folder=place.folder,
            port=place.port,
            more="\n".join([*loaded, *more]),
            host="\n".join(f"  {line}" for line in host),
        )


_CONFIG = """\
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/httpd.pid"
DefaultRuntimeDir "{folder}"
ErrorLog /dev/stderr
{more}
StartServers 1
ThreadsPerChild 25
<VirtualHost *>
{host}
</VirtualHost>
"""


def apache(origin: str, setup: Apache | None = None, *, port: int = 0) -> RunningProxy:
    """Starts a real Apache httpd in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no Apache, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = find_apache()
    if path is None:
        raise LabError(APACHE_ADVICE)
    settings, modules = setup or Apache(), _modules_of(path)

    def command(place: ProxyPlace, file: Path) -> list[str]:
        return [path, "-d", str(place.folder), "-f", str(file), "-D", "FOREGROUND"]

    plan = Plan(
        apache_name(path),
        lambda place: settings.config(origin, place, modules),
        command,
        settings.tls,
        patience_s=0.5,  # asked to end, it waits for each stream's next event
    )
    return RunningProxy(plan, origin, port)


def find_apache() -> str | None:
    """The path of an Apache httpd: LABKIT_APACHE, or the PATH; None if there is none."""
    return find_program("LABKIT_APACHE", "apache2", "httpd", "/usr/sbin/apache2", "/usr/sbin/httpd")


def apache_name(path: str) -> str:
    """The name and version of the Apache httpd at this path, as "Apache 2.4.71".

    Raises:
        LabError: the program does not say that it is Apache.
    """
    return f"Apache {version_of(path, 'Apache', 'Apache/')}"


def _modules_of(path: str) -> Path:
    above = Path(path).resolve().parent.parent
    folders = [above / place for place in _MODULES]
    found = next((folder for folder in folders if (folder / "mod_proxy_http.so").exists()), None)
    if found is None:
        raise LabError(f"the Apache at {path} has no mod_proxy_http.so in any of {', '.join(map(str, folders))}")
    return found
