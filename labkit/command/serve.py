"""`labkit serve`: a page that asks a model, and a page of live events, on one port."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from labkit.command.terminal import until_interrupted
from labkit.llm import Studio, model_routes
from labkit.pages import ask, live
from labkit.server import Channel, LabServer, launch
from labkit.server.site import Routes
from labkit.system.hosts import HUB_VARIABLE, host_name
from labkit.system.sockets import is_loopback

WORDS_EVERY_S = 0.2


def routes(studio: Studio, words: Channel) -> Routes:
    """The routes: the page that asks a model at /, the APIs of the model, and the page of live events at /live."""
    return {**ask.routes(), **model_routes(studio), **live.routes(words, studio.allowed)}


def start(host: str, port: int, studio: Studio) -> LabServer:
    """Starts the server of both pages. Port 0 takes a free one.

    Raises:
        PortInUse: another program listens on that port.
    """
    words = Channel(retry_ms=live.RETRY_MS)
    names = [host_name(urlsplit(origin).netloc) for origin in studio.allowed]  # as a hub's proxy passes them on
    server = launch(routes(studio, words), name="serve", port=port, host=host, hosts=names)
    server.play(words, itertools.cycle(live.TEXT.split()), every_s=WORDS_EVERY_S)
    return server


def run_serve(host: str, port: int, studio: Studio, say: Callable[[str], object]) -> None:
    """Serves both pages until Ctrl-C. `say` is called with each line for the terminal.

    Raises:
        PortInUse: another program listens on that port.
    """
    server = start(host, port, studio)
    local = is_loopback(host)
    address = "localhost" if local or host in ("0.0.0.0", "::", "") else _numeric(host)
    with until_interrupted(server.stop, say, "stopped"):
        say(f"Ask a model on http://{address}:{server.port}")
        say(f"Live events on http://{address}:{server.port}/live")
        for line in proxy_lines(server.port, studio.allowed, os.environ):
            say(line)
        if studio.upstream is not None:
            say(f"Answers come from {studio.upstream.base_url}.")
        if not local:
            may = "read these streams and press Cut" + (", and ask the model at your cost" if studio.upstream else "")
            say(f"Warning: on {host}, whoever reaches this machine can {may}.")
        say("Ctrl-C stops it.")


def proxy_lines(
    port: int,
    allowed: Collection[str],
    environment: Mapping[str, str],
    command: str = "serve",
    other_page: str = " (and .../live)",
) -> list[str]:
    """Where a command's pages are behind Jupyter's proxy, and what lets them ask there; none without such a proxy.

    On a hub that was not named by --origin the page shows, and its questions are refused: where all users share the
    hub's origin, a page of another user could ask too, at your cost. So that is for you to say.

    Source: JupyterHub's reference, "Environment variables": JUPYTERHUB_SERVICE_PREFIX is always there; a hub that knows
    its own public URL gives each server its own as JUPYTERHUB_PUBLIC_URL.
    """
    path = f"{environment.get(HUB_VARIABLE, '/').rstrip('/')}/proxy/{port}/"
    if allowed or HUB_VARIABLE not in environment:
        return [f"Through Jupyter's own proxy: {origin}{path}{other_page}" for origin in sorted(allowed)]
    hub = urlsplit(environment.get("JUPYTERHUB_PUBLIC_URL", ""))
    origin = f"{hub.scheme}://{hub.netloc}" if hub.scheme in ("http", "https") and hub.hostname else "https://your.hub"
    return [
        f"On this hub: {origin}{path}{other_page}",
        f"There the page shows, and may not ask. To let it: labkit {command} --origin {origin}",
    ]


def _numeric(host: str) -> str:
    """The host's address, for a URL: a page under a name could be anybody's, and may not ask (DNS rebinding)."""
    address = str(socket.getaddrinfo(host, None)[0][4][0])
    return f"[{address}]" if ":" in address else address
