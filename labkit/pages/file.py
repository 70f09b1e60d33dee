"""One file of a page that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from tornado.web import RequestHandler

#: Who may show a page in a frame: a page of this server (behind a hub's proxy all are), and JupyterLab on this machine.
FRAMERS = "'self' http://localhost:* http://127.0.0.1:*"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class File(RequestHandler):
    """One file, at `path`. A page may run what stands in it, and the scripts of this server; nothing else.

    With `framed` a page of this machine, or of this server, may show it in a frame, as a notebook does.
    """

    def initialize(self, path: Path, framed: bool = False) -> None:
        self.path, self.framed = path, framed

    def get(self) -> None:
        text = self.path.read_text("utf-8")
        self.set_header("Content-Type", f"{TYPES[self.path.suffix]}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if self.framed:
            # Browsers give pages of one host one process, whatever their ports: an app's page that draws too much would
            # freeze the notebook around it. With this Chromium gives it a process of its own.
            self.set_header("Origin-Agent-Cluster", "?1")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", content_security_policy(text, FRAMERS if self.framed else "'none'"))
        self.finish(text)


def content_security_policy(page: str, framers: str = "'none'") -> str:
    """What a browser lets this page do: run and show the files of this server and what stands between the page's own
    `<script>` and `<style>`, by its hash, and connect to this server. What a stream brings runs nowhere, not even where
    a script of ours would write it as HTML: only DOMPurify's policy may, where the browser knows Trusted Types.

    Source: W3C, Content Security Policy Level 3, 2.3.1 and 8.4; Trusted Types, 4.2.
    """
    return (
        f"default-src 'none'; script-src 'self'{_hashes(page, 'script')}; style-src 'self'{_hashes(page, 'style')}; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framers}; require-trusted-types-for 'script'; trusted-types dompurify"
    )


def _hashes(page: str, element: str) -> str:
    inline = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline)
    return "".join(f" 'sha256-{digest}'" for digest in digests)
