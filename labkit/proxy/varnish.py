"""Starts a real Varnish, configured by a few typed settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.program import Plan, ProxyPlace, RunningProxy, find_program, version_of

VARNISH_ADVICE = "no Varnish here (Debian: apt install varnish)"


@dataclass(frozen=True)
class Varnish:
    """The settings of a Varnish. None leaves a setting to Varnish's own default.

    Args:
        way: "pass" fetches anew for each client, and "pipe" only copies bytes from then on; None: Varnish may answer
            from its cache, and several clients of one URL share one stream.
        stream: whether what arrives is passed on before all has come (beresp.do_stream).
        gzip: compresses event streams (beresp.do_gzip).
        first_byte_timeout_s, between_bytes_timeout_s: how long the origin may be silent, before the head and after it
            (60 each by default).
        pipe_timeout_s: how long a pipe may be silent (60 by default).
        response_lines: more lines for vcl_backend_response, as they stand in VCL.
    """

    way: Literal["pass", "pipe"] | None = None
    stream: bool | None = None
    gzip: bool = False
    first_byte_timeout_s: float | None = None
    between_bytes_timeout_s: float | None = None
    pipe_timeout_s: float | None = None
    response_lines: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The lines that the settings add to the VCL, without the origin."""
        if self.way is not None:
            yield f"sub vcl_recv {{ return ({self.way}); }}"
        yield from (f"sub vcl_backend_response {{ {line} }}" for line in self._response_lines())

    def _response_lines(self) -> Iterator[str]:
        if self.stream is not None:
            yield f"set beresp.do_stream = {str(self.stream).lower()};"
        if self.gzip:
            yield "set beresp.do_gzip = true;"
        yield from self.response_lines

    def config(self, origin: str) -> str:
        """The whole text of the VCL, for this origin."""
        parts = urlsplit(origin)
        settings = [f'.host = "{parts.hostname}";', f'.port = "{parts.port or 80}";']
        for name, seconds in (
            ("first_byte_timeout", self.first_byte_timeout_s),
            ("between_bytes_timeout", self.between_bytes_timeout_s),
        ):
            if seconds is not None:
                settings.append(f".{name} = {round(seconds * 1000)}ms;")
        backend = "".join(f"  {line}\n" for line in settings)
        lines = "".join(f"{line}\n" for line in self.lines())
        return f"vcl 4.1;\n\nbackend origin {{\n{backend}}}\n\n{lines}"


def varnish(origin: str, setup: Varnish | None = None, *, port: int = 0) -> RunningProxy:
    """Starts a real Varnish in front of the origin. It accepts connections when this returns.

    It compiles its VCL first, which takes about a second. It runs until its stop(), or to the end of its `with` block.

    Args:
        origin: the URL that it passes requests on to.
        setup: its settings.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: there is no Varnish, it did not start (with what it says), or the origin is no http:// URL.
    """
    path = find_varnish()
    if path is None:
        raise LabError(VARNISH_ADVICE)
    settings = setup or Varnish()

    def command(place: ProxyPlace, file: Path) -> list[str]:
        # -F: in the foreground. -j none: the default jail wants users and folders that only a package makes. -T none:
        # nobody steers it.
        options = ["-F", "-j", "none", "-T", "none", "-n", str(place.folder / "varnish"), "-s", "malloc,64m"]
        if settings.pipe_timeout_s is not None:
            options += ["-p", f"pipe_timeout={settings.pipe_timeout_s:g}"]
        return [path, *options, "-p", "thread_pools=1", "-a", f"127.0.0.1:{place.port}", "-f", str(file)]

    return RunningProxy(Plan(varnish_name(path), lambda place: settings.config(origin), command), origin, port)


def find_varnish() -> str | None:
    """The path of a Varnish: LABKIT_VARNISH, or the PATH; None if there is none."""
    return find_program("LABKIT_VARNISH", "varnishd", "/usr/sbin/varnishd")


def varnish_name(path: str) -> str:
    """The name and version of the Varnish at this path, as "Varnish 7.1.1".

    Raises:
        LabError: the program does not say that it is Varnish.
    """
    return f"Varnish {version_of(path, 'Varnish', 'varnish-', '-V')}"
