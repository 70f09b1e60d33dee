"""Lets a page find out whether it can reach this kernel's own ports, or has to go through Jupyter's proxy."""

from __future__ import annotations

import secrets
import threading

from tornado.web import RequestHandler

from labkit.server.handlers import allow_loopback
from labkit.server.launch import LabServer
from labkit.server.site import LOOPBACK

_starting = threading.Lock()
_answering: list[tuple[LabServer, str]] = []


class HereHandler(RequestHandler):
    """Answers that the kernel is here, to pages of a loopback name, whichever machine they came from."""

    def get(self) -> None:
        allow_loopback(self)
        self.set_header("Cache-Control", "no-store")
        self.finish("here\n")


def reach_url() -> str:
    """The URL that a page can read if it reaches this kernel's ports, and only then.

    A page at localhost may have come through a forwarded port (a container, ssh -L): then 127.0.0.1 is another machine
    to it than to the kernel. So it asks here first, and not at the stream, where each request counts. A path that
    nobody can guess tells this kernel from a stranger at the same port.
    """
    with _starting:
        if not _answering or not _answering[0][0].running:
            path = f"/here-{secrets.token_urlsafe(12)}"
            server = LabServer("whether a page reaches this kernel", {path: HereHandler}, 0, LOOPBACK)
            _answering[:] = [(server, server.url + path)]
        return _answering[0][1]
