"""The balancer in front of the nodes: a real HAProxy or nginx where there is one, and a small one of ours otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from labkit.cluster.node import Node
from labkit.cluster.small_balancer import SmallBalancer
from labkit.errors import LabError
from labkit.proxy.haproxy import HAPROXY_ADVICE, find_haproxy, haproxy_name
from labkit.proxy.nginx import NGINX_ADVICE, find_nginx, nginx_name
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy

BalancerKind = Literal["", "haproxy", "nginx", "small"]
Balancer = RunningProxy | SmallBalancer


def start_balancer(nodes: Sequence[Node], kind: BalancerKind = "", sticky: bool = False) -> Balancer:
    """Starts a balancer in front of the nodes. Each new connection goes to the node with the fewest of them.

    Args:
        nodes: the nodes; they may be down now, and come back.
        kind: which program; "" takes HAProxy, else nginx, else the lab's own.
        sticky: a cookie leads a client back to the node that served it first (not nginx).

    Raises:
        LabError: that program is not here, it did not start, or it cannot be sticky.
    """
    haproxy_path, nginx_path = find_haproxy(), find_nginx()
    chosen = kind or ("haproxy" if haproxy_path else "nginx" if nginx_path and not sticky else "small")
    if sticky and chosen == "nginx":
        raise LabError("a cluster sets no sticky cookies in nginx, which has them only since 1.29.6. " + HAPROXY_ADVICE)
    origin = f"{nodes[0].url}/events"
    if chosen == "haproxy":
        if haproxy_path is None:
            raise LabError(HAPROXY_ADVICE)
        path = haproxy_path

        def haproxy_command(place: ProxyPlace, file: Path) -> list[str]:
            return [path, "-db", "-f", str(file)]

        return RunningProxy(
            Plan(haproxy_name(path), lambda place: haproxy_config(nodes, place.port, sticky), haproxy_command), origin
        )
    if chosen == "nginx":
        if nginx_path is None:
            raise LabError(NGINX_ADVICE)
        program = nginx_path

        def nginx_command(place: ProxyPlace, file: Path) -> list[str]:
            return [program, "-p", str(place.folder), "-c", str(file), "-e", "stderr"]

        return RunningProxy(
            Plan(nginx_name(program), lambda place: nginx_config(nodes, place.port), nginx_command), origin
        )
    return SmallBalancer(nodes, sticky)


def haproxy_config(nodes: Sequence[Node], port: int, sticky: bool) -> str:
    """The text of haproxy.cfg: `leastconn`, because streams stay; a check asks each node five times a second."""
    servers = [
        f"  server {node.name} 127.0.0.1:{node.port} check inter 200ms fall 1 rise 1"
        + (f" cookie {node.name}" if sticky else "")
        for node in nodes
    ]
    cookie = ["  cookie NODE insert indirect nocache"] if sticky else []
    lines = [
        "global", "  log stderr format raw local0", "",
        "defaults", "  mode http", "  timeout connect 1s", "  timeout client 60s", "  timeout server 60s",
        "  option http-no-delay",  # or each event waits 0.2 s
        "  option abortonclose", "  option redispatch", "  retries 3", "  retry-on conn-failure empty-response", "",
        "frontend clients", f"  bind 127.0.0.1:{port}", "  default_backend nodes", "",
        "backend nodes", "  balance leastconn", "  option httpchk GET /node", *cookie, *servers, "",
    ]  # fmt: skip
    return "\n".join(lines)


def nginx_config(nodes: Sequence[Node], port: int) -> str:
    """The text of nginx.conf. It notices a node that is down when it asks it, and takes the next one."""
    servers = "\n".join(f"    server 127.0.0.1:{node.port} max_fails=1 fail_timeout=1s;" for node in nodes)
    return f"""\
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections 8192; }}
http {{
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  access_log off;
  upstream nodes {{
    least_conn;
{servers}
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_buffering off;
      proxy_next_upstream error timeout non_idempotent;
    }}
  }}
}}
"""
