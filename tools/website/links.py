"""Looks at every link of the website that was built: does it lead somewhere, and is nothing loaded from elsewhere?"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: What a browser loads by itself: an element, and its attribute.
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src"), ("video", "src")}
OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


class Page(HTMLParser):
    """What a page links to and loads, and the places in it that a link can name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places = {""}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value or "")
            elif (tag, name) in LOADED and ("rel", "canonical") not in attrs:
                self.loaded.append(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.append(value or "")


def faults_of(site: Path) -> tuple[int, list[str]]:
    """How many links lead to a page or a file of the website, and a sentence for each that should and does not."""
    site = site.resolve()
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    count, faults = 0, []
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in [*page.links, *page.loaded]:
            parts = urlsplit(target)
            if parts.hostname in OWN_MACHINE:
                faults.append(f"{name} links to a server that is gone: {target}")
            elif parts.scheme in ("data", "mailto"):
                continue
            elif parts.netloc:
                if target in page.loaded:
                    faults.append(f"{name} loads from elsewhere: {target}")
            else:
                count += 1
                file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                fragment = unquote(parts.fragment)
                if not file.is_file():
                    faults.append(f"{name} links to {target}, and there is no such page")
                elif file in pages and fragment not in pages[file].places:
                    faults.append(f"{name} links to {target}, and the page has no such place")
    return count, faults
