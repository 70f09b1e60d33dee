"""One file of a page that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from tornado.web import RequestHandler

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class File(RequestHandler):
    """One file, at `path`. A page may run what stands in it, and the scripts of this server; nothing else."""

    def initialize(self, path: Path) -> None:
        self.path = path

    def get(self) -> None:
        text = self.path.read_text("utf-8")
        self.set_header("Content-Type", f"{TYPES[self.path.suffix]}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", content_security_policy(text))
        self.finish(text)


def content_security_policy(page: str) -> str:
    """What a browser lets this page do: run and show the files of this server and what stands between the page's own
    `<script>` and `<style>`, by its hash, and connect to this server. What a stream brings runs nowhere, not even where
    a script of ours would write it as HTML: only DOMPurify's policy may, where the browser knows Trusted Types.

    Source: W3C, Content Security Policy Level 3, 2.3.1 and 8.4; Trusted Types, 4.2.
    """
    return (
        f"default-src 'none'; script-src 'self'{_hashes(page, 'script')}; style-src 'self'{_hashes(page, 'style')}; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types dompurify"
    )


def _hashes(page: str, element: str) -> str:
    inline = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline)
    return "".join(f" 'sha256-{digest}'" for digest in digests)
