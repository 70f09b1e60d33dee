"""The pages and pictures that lessons link to, for those who have labkit from a wheel: they go beside their copies.

In a checkout work/ lies beside docs/, and every link leads there. A wheel has both inside the package, and the copies
are elsewhere: what they link to is copied too, and the links are changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

#: In the folder of the copies.
FOLDER = "docs"
_CODE_FOLDER = "code"
#: A link of Markdown, or a picture, to a file above its own folder. (Between quotes of JSON it looks the same.)
_LINK = re.compile(r"(?P<text>!?\[[^\[\]]*\])\(\.\./(?P<path>[^)#\s\\\"]+)(?P<rest>#[^)\s\\\"]*)?\)")


def linked_to_copies(text: str, package: Path) -> str:
    """The text of a lesson whose links lead to the copies in docs/. A link to what the package lacks becomes its text.

    Args:
        text: the lesson, as it is in the file.
        package: the folder of the package labkit, which holds docs/.
    """
    return _changed(text, package, lambda place: f"{FOLDER}/{place}")


def copy_documents(lessons: list[Path], package: Path, folder: Path) -> list[str]:
    """Copies what the lessons link to, and what those pages link to in turn. Returns the names of what was written.

    Args:
        lessons: the originals.
        package: the folder of the package labkit, which holds docs/.
        folder: where the copies of the lessons are.

    They are the package's: what was changed in them is written over.
    """
    waiting = [path for lesson in lessons for path in _links(lesson.read_text("utf-8"))]
    done: set[str] = set()
    written = []
    while waiting:
        path = waiting.pop()
        place = _place(path)
        source = _source(path, package)
        if place is None or source is None or path in done:
            continue
        done.add(path)
        content = source.read_bytes()
        if source.suffix == ".md":
            text = content.decode()
            waiting += [*_links(text), *(f"docs/{beside}" for beside in _beside(text))]
            content = _changed(text, package, lambda place: place).encode()
        target = folder / FOLDER / place
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            written.append(f"{FOLDER}/{place}")
    return sorted(written)


def _links(text: str) -> list[str]:
    return [found["path"] for found in _LINK.finditer(text)]


def _beside(text: str) -> list[str]:
    """The files that a page of docs/ links to in its own folder, or below it."""
    return re.findall(r"\]\((?!\.|/|#|[a-z]+:)([^)#\s]+)", text)


def _changed(text: str, package: Path, where: Callable[[str], str]) -> str:
    def change(found: re.Match[str]) -> str:
        path = found["path"]
        if path.startswith("notebooks/"):
            return f"{found['text']}(../{path.removeprefix('notebooks/')}{found['rest'] or ''})"
        place = _place(path)
        if place is None or _source(path, package) is None:
            return found["text"].lstrip("!")[1:-1]
        return f"{found['text']}({where(place)}{found['rest'] or ''})"

    return _LINK.sub(change, text)


def _place(path: str) -> str | None:
    """Where in docs/ the copy of a file of the project is; None for what is not copied."""
    if ".." in path.split("/"):
        return None
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"{_CODE_FOLDER}/{path.removeprefix('labkit/')}" if path.startswith("labkit/") else None


def _source(path: str, package: Path) -> Path | None:
    source = package / path.removeprefix("labkit/")  # "docs/..." is a folder of the package, in a wheel
    return source if source.is_file() else None
