"""The same streams over HTTP/1.1, HTTP/2 and HTTP/3: the versions that a browser speaks."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.lab.engines import Trust
from labkit.proxy import Nginx, nginx
from labkit.proxy.nginx import find_nginx
from labkit.server import Channel, serve
from labkit.server.handlers import allow_loopback
from labkit.server.site import Routes
from labkit.system.child import Child

#: What is tried, and what serves it.
PROTOCOLS = {
    "HTTP/1.1": "labkit's own server (tornado)",
    "HTTP/2": "hypercorn",
    "HTTP/3": "hypercorn and aioquic",
    "HTTP/2 at nginx": "nginx, which asks labkit's own server over HTTP/1.1",
}
#: As long as a cold start may take on a busy machine.
START_TIMEOUT_S = 20.0
#: What makes certificates, what serves HTTP/2, and what it needs for HTTP/3.
PACKAGES = ("trustme", "hypercorn", "aioquic")
ADVICE = 'pip install "hypercorn[h3]" trustme'


@dataclass(frozen=True, slots=True)
class Front:
    """Where the streams are, and how a browser is told to trust the server; None where it need not."""

    url: str
    trust: Trust | None = None


class SmallPage(RequestHandler):
    """What a page may ask for beside its streams. It may read, too, how the answer came."""

    def get(self) -> None:
        allow_loopback(self)
        self.set_header("Timing-Allow-Origin", "*")
        self.set_header("Cache-Control", "no-store")
        self.finish("here I am")


def front_routes() -> Routes:
    """What each of them serves."""
    return {"/events": Channel(), "/page": SmallPage}


def is_spoken_here(protocol: str) -> bool:
    """Whether what serves this one of PROTOCOLS is installed."""
    packages = {"HTTP/1.1": (), "HTTP/2": PACKAGES[:2], "HTTP/3": PACKAGES}.get(protocol, PACKAGES[:1])
    there = all(importlib.util.find_spec(name) is not None for name in packages)
    return there and (protocol in ("HTTP/1.1", "HTTP/2", "HTTP/3") or find_nginx() is not None)


@contextlib.asynccontextmanager
async def speaking(protocol: str) -> AsyncIterator[Front]:
    """A server of /events and /page that speaks one of PROTOCOLS.

    Raises:
        LabError: what serves it is not installed.
    """
    if not is_spoken_here(protocol):
        raise LabError(f"nothing here speaks {protocol}. It takes {PROTOCOLS[protocol]}: {ADVICE}")
    if protocol in ("HTTP/2", "HTTP/3"):
        async with _hypercorn(over_quic=protocol == "HTTP/3") as trust:
            yield Front(trust.url, trust)
        return
    async with serve(front_routes()) as server:
        if protocol == "HTTP/1.1":
            yield Front(server.base_url)
            return
        front = await asyncio.to_thread(nginx, server.base_url, Nginx(tls=True, http2=True))
        with front:
            assert front.certificate is not None
            url = front.url.removesuffix("/")
            yield Front(url, Trust(url, front.certificate))


@contextlib.asynccontextmanager
async def _hypercorn(over_quic: bool) -> AsyncIterator[Trust]:
    import trustme

    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        file = Path(folder) / "certificate.pem"
        certificate = trustme.CA().issue_cert("127.0.0.1", "localhost")
        file.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        module = "labkit.lab.lesson_10.front_program"
        # A process of its own: what a server says about browsers that leave would stand in a cell otherwise.
        with Child([sys.executable, "-m", module, str(port), str(file), "quic" if over_quic else ""]) as child:
            await _listening(port, child)
            yield Trust(f"https://127.0.0.1:{port}", file, over_quic)


async def _listening(port: int, child: Child) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while child.running:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
    raise LabError(f"hypercorn ended at its start. Was port {port} taken meanwhile? Run the cell again")
