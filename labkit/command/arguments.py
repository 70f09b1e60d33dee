"""The arguments that several commands take: URLs, headers and bodies, checked before anything is sent."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from labkit.command.terminal import Failure
from labkit.system.secrets import HIDDEN, shown_url

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header's name. Source: RFC 9110, 5.6.2
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def read_body_argument(post: str | None) -> str | None:
    """The body of a POST as `--post` gives it: the text itself, or what the file behind an @ holds."""
    if post is None or not post.startswith("@"):
        return post
    try:
        return Path(post[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Failure(f"{post[1:]} cannot be read: {problem}") from None


def check_url(text: str) -> str:
    """The text, which is a URL that can be opened.

    Raises:
        Failure: it is none; with a suggestion.
    """
    scheme, colon_slashes, address = text.partition("://")
    if scheme.lower() not in ("http", "https") or not colon_slashes:
        suggestion = "http://" + (address if colon_slashes else re.sub(r"^(https?:)?/*", "", text, flags=re.I))
        wrong = shown_url(text)
        raise Failure(f"{wrong!r} does not start with http:// or https://. Did you mean {shown_url(suggestion)} ?")
    try:
        is_complete = bool(urlsplit(text).hostname) and urlsplit(text).port != 0 and has_utf8(text)
    except ValueError:
        is_complete = False
    if not is_complete or _CONTROLS.search(text):
        raise Failure(
            f"{shown_url(text)!r} is not a URL that can be opened. One looks like http://localhost:8080/events"
        )
    return text


def check_header(text: str) -> tuple[str, str]:
    """The name and the value in the text of a `--header`.

    Raises:
        Failure: it is no header.
    """
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name) or _CONTROLS.search(value) or not has_utf8(value):
        named = repr(f"{name}: {HIDDEN}") if colon and _TOKEN.fullmatch(name) else "what follows --header"
        raise Failure(f"{named} is not a header. Write --header 'Name: value'")
    # EventSource sends these two itself; under another spelling they would go out twice.
    return (name.title() if name.title() in ("Accept", "Cache-Control") else name), value.strip()


def has_utf8(text: str) -> bool:
    """False for an argument whose bytes were no UTF-8: Python keeps them as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_id(text: str) -> str:
    """The text, which can be sent as a Last-Event-ID.

    Raises:
        Failure: it cannot.
    """
    if _CONTROLS.search(text) or not has_utf8(text):
        raise Failure("an id with control characters or broken UTF-8 cannot be sent; take it from labkit listen --json")
    return text
