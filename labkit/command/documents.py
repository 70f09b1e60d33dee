"""The pages and pictures that lessons link to, for those who have labkit from a wheel: they go beside their copies.

In a checkout work/ lies beside docs/, and every link leads there. A wheel has both inside the package, and the copies
are elsewhere: what they link to is copied too, and the links are changed.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

#: In the folder of the copies.
FOLDER = "docs"
_CODE_FOLDER = f"{FOLDER}/code"
#: A link of Markdown, or a picture, to a file of the project. (Between quotes of JSON it looks the same.)
_LINK = re.compile(
    r"(?P<text>!?\[[^\[\]]*\])\((?![a-z]+:|/|#)(?P<path>[^)#\s\\\"]+)(?P<rest>#[^)\s\\\"]*)?\)", re.IGNORECASE
)


def linked_to_copies(text: str, page: str, package: Path) -> str:
    """The text of a lesson or page whose links lead to the copies. A link to what is not copied becomes its text.

    Args:
        text: as it is in the file.
        page: where in the project that file is, such as "notebooks/00_start_here.ipynb".
        package: the folder of the package labkit, which holds docs/ and notebooks/.
    """

    def change(found: re.Match[str]) -> str:
        linked = _linked(page, found["path"])
        target, here = _target(linked), _target(page)
        if target is None or here is None or not _source(linked, package).is_file():
            # Without the two dots it may be code that only looks like a link.
            return found["text"].lstrip("!")[1:-1] if found["path"].startswith("../") else found[0]
        return f"{found['text']}({posixpath.relpath(target, posixpath.dirname(here) or '.')}{found['rest'] or ''})"

    return _LINK.sub(change, text)


def copy_documents(lessons: list[Path], package: Path, folder: Path) -> list[str]:
    """Copies what the lessons link to, and what those pages link to in turn. Returns the names of what was written.

    Args:
        lessons: the originals.
        package: the folder of the package labkit, which holds docs/ and notebooks/.
        folder: where the copies of the lessons are.

    They are the package's: what was changed in them is written over.
    """
    waiting = [path for lesson in lessons for path in _links(lesson.read_text("utf-8"), f"notebooks/{lesson.name}")]
    done: set[str] = set()
    written = []
    while waiting:
        path = waiting.pop()
        place, source = _target(path), _source(path, package)
        if place is None or path.startswith("notebooks/") or path in done or not source.is_file():
            continue
        done.add(path)
        content = source.read_bytes()
        if source.suffix == ".md":
            text = content.decode()
            waiting += _links(text, path)
            content = linked_to_copies(text, path, package).encode()
        target = folder / place
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            written.append(place)
    return sorted(written)


def _links(text: str, page: str) -> list[str]:
    return [_linked(page, found["path"]) for found in _LINK.finditer(text)]


def _linked(page: str, path: str) -> str:
    """Where in the project a link of this page leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def _target(path: str) -> str | None:
    """Where in the learner's folder a file of the project is; None for what is not handed out."""
    room, _, rest = path.partition("/")
    if room == "labkit":
        return f"{_CODE_FOLDER}/{rest}"
    return {"notebooks": rest, FOLDER: path}.get(room)


def _source(path: str, package: Path) -> Path:
    return package / path.removeprefix("labkit/")  # docs/ and notebooks/ are folders of the package, in a wheel
