"""`labkit serve`: a page that asks a model, and a page of live events, on one port."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from labkit.llm import Studio, model_routes
from labkit.pages import ask, live
from labkit.server import Channel, LabServer, launch
from labkit.server.site import Routes
from labkit.system.hosts import host_name
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
    try:
        say(f"Ask a model on http://{address}:{server.port}")
        say(f"Live events on http://{address}:{server.port}/live")
        prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/")
        for origin in sorted(studio.allowed):
            say(f"Through Jupyter's own proxy: {origin}{prefix}proxy/{server.port}/ (and .../live)")
        if studio.upstream is not None:
            say(f"Answers come from {studio.upstream.base_url}.")
        if not local:
            may = "read these streams and press Cut" + (", and ask the model at your cost" if studio.upstream else "")
            say(f"Warning: on {host}, whoever reaches this machine can {may}.")
        say("Ctrl-C stops it.")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("stopped")
    finally:
        server.stop()


def _numeric(host: str) -> str:
    """The host's address, for a URL: a page under a name could be anybody's, and may not ask (DNS rebinding)."""
    address = str(socket.getaddrinfo(host, None)[0][4][0])
    return f"[{address}]" if ":" in address else address
