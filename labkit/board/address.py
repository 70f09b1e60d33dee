"""The address of a class board, as it stands on the projector: where it is, and the code that lets in."""

from __future__ import annotations

from urllib.parse import urlsplit

from labkit.board.names import CODE_LENGTH, LETTERS, read_code
from labkit.errors import LabError


def split_url(url: str) -> tuple[str, str]:
    """The board's address, with a slash at its end, and the code in it, "" without one.

    >>> split_url("192.168.1.5:8090/kmp-r7t")
    ('http://192.168.1.5:8090/', 'KMPR7T')

    Raises:
        LabError: it is no URL.
    """
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise LabError("this is not the address of a class board. One looks like http://192.168.1.5:8090/KMPR7T")
    path, _, last = parts.path.rpartition("/")
    code = read_code(parts.fragment or last)
    if not (len(code) == CODE_LENGTH and set(code) <= set(LETTERS)):
        path, code = parts.path.rstrip("/"), ""
    elif parts.fragment:
        path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}/", code
