"""The libraries with which pages show Markdown, for a page of an experiment."""

from __future__ import annotations

from labkit.pages.ask import VENDORED
from labkit.pages.file import File
from labkit.server.site import Routes

#: /marked.js makes HTML of Markdown; /purify.js is DOMPurify, which cleans HTML. labkit/pages/ask/vendor has both.
MARKDOWN_LIBRARIES: Routes = {
    f"/{name}.js": (File, {"path": path})
    for name in ("marked", "purify")
    for place, path in VENDORED.items()
    if place.startswith(f"/{name}-")
}
