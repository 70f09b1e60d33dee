"""The folder that Sphinx reads: the repository's own pages, where they are, and pages made from data beside them."""

from __future__ import annotations

import functools
import posixpath
import re
import shutil
from pathlib import Path

from website import causes, lessons, reference, start

#: Code, which stays as it is; or a link or a picture in Markdown: what stands before its target, and the target.
LINK = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)|(?<!`)`[^`\n]+`(?!`)|(\]\()([^)\s]+)", re.S | re.M)
ROOT_PAGES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
#: By the ending of its name: the language of a file's page. Others are shown as plain text.
LANGUAGES = {
    ".py": "python",
    ".toml": "toml",
    ".html": "html",
    ".js": "javascript",
    ".mjs": "javascript",
    ".yml": "yaml",
    ".sh": "bash",
}


class Links:
    """Where the links of the repository's pages lead on the website. `shown` are the files that got a page so."""

    def __init__(self, root: Path, pages: set[str]) -> None:
        self._root = root
        self._pages = pages
        self.shown: set[str] = set()

    def mended(self, page: str, text: str) -> str:
        """The text, with each link to a file of code made one to its page, and to a folder one to its index."""
        return LINK.sub(lambda found: found[1] + self._target(page, found[2]) if found[1] else found[0], text)

    def _target(self, page: str, target: str) -> str:
        path, _, anchor = target.partition("#")
        if not path or ":" in path:
            return target
        here = posixpath.dirname(page)
        file = posixpath.normpath(posixpath.join(here, path))
        if file == "docs/doctor.md" and anchor in causes.names():
            file, anchor = f"causes/{anchor}.md", ""  # here each cause has a page of its own
        elif (self._root / file).is_dir():
            file = posixpath.join(file, "index.md")
        elif file in self._pages and posixpath.basename(file) == "README.md":
            file = posixpath.join(posixpath.dirname(file), "index.md")
        elif file not in self._pages and not file.endswith((".png", ".svg")):
            if not (self._root / file).is_file():
                raise SystemExit(f"{page} links to {target}, and there is no such file")
            self.shown.add(file)
            file, anchor = code_page(file), ""
        return posixpath.relpath(file, here or ".") + (f"#{anchor}" if anchor else "")


def write_sources(root: Path, folder: Path) -> None:
    """Fills the folder with all that the website is built from."""
    documents = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md"))
    books = sorted(path.relative_to(root).as_posix() for path in (root / "notebooks").glob("[0-9]*.ipynb"))
    links = Links(root, {*documents, *books, *ROOT_PAGES})
    shutil.copytree(root / "docs" / "images", folder / "docs" / "images")

    def write(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    for name in [*documents, *ROOT_PAGES]:
        if posixpath.basename(name) == "README.md":
            continue  # it becomes the index of its folder
        write(name, links.mended(name, (root / name).read_text("utf-8")))
    for name in books:
        write(name, lessons.for_reading(root / name, functools.partial(links.mended, name)))
    write("docs/claims.md", start.ledger((folder / "docs/claims.md").read_text("utf-8"), books))
    for made in (causes.pages(root), reference.pages(), start.pages(root, documents, books, links)):
        for name, text in made.items():
            write(name, text)
    for name in sorted(links.shown):
        write(code_page(name), _code(root, name))


def code_page(file: str) -> str:
    """The page of a file of code."""
    return f"source/{file}.md"


def _code(root: Path, name: str) -> str:
    text = (root / name).read_text("utf-8")
    fence = "`" * max(4, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    language = LANGUAGES.get(Path(name).suffix, "text")
    # A search for words of prose should not end in the code; what is written to be copied is to be found.
    head = "---\norphan: true\n" + ("" if name.startswith("docs/") else "nosearch: true\n") + "---\n"
    return f"{head}# {name}\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"
