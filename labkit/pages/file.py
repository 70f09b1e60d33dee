"""One file of a page that needs nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from tornado.web import RequestHandler

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class File(RequestHandler):
    """One file, at `path`. `inline` lets a page run the script and use the style that stand in it; otherwise only those
    of this server."""

    def initialize(self, path: Path, inline: bool = False) -> None:
        self.path, self.inline = path, inline

    def get(self) -> None:
        own = "'unsafe-inline'" if self.inline else "'self'"
        self.set_header("Content-Type", f"{TYPES[self.path.suffix]}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src {own}; style-src {own}; img-src data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.finish(self.path.read_text("utf-8"))
