"""The media type of a response, out of one Content-Type, several, or a list of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BLANKS = " \t\n\r"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type: `essence` is type and subtype in small letters, `charset` the charset in small letters, or ""."""

    essence: str
    charset: str = ""


def extract_media_type(content_type: str | None) -> MediaType | None:
    """The media type that a browser takes from Content-Type; None if no part of it can be read.

    Of several the last one counts that is not */*. One without a charset takes that of the one before it, if the two
    are of one type.

    Args:
        content_type: the value of the header; where there are several, all of them with commas between.

    Source: WHATWG Fetch, "extract a MIME type"; MIME Sniffing, "parse a MIME type".

    >>> extract_media_type("text/html, text/event-stream; charset=UTF-8")
    MediaType(essence='text/event-stream', charset='utf-8')
    """
    found: MediaType | None = None
    for value in _split_values(content_type or ""):
        parsed = _parse_media_type(value)
        if parsed is None or parsed.essence == "*/*":
            continue
        if found is not None and parsed.essence == found.essence and not parsed.charset:
            parsed = MediaType(parsed.essence, found.charset)
        found = parsed
    return found


def _split_values(text: str) -> list[str]:
    """The text at its commas, but for those between quotes. Source: Fetch, "get, decode, and split"."""
    values, value, quoted, escaped = [], "", False, False
    for character in text:
        if character == "," and not quoted:
            values.append(value)
            value = ""
            continue
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = quoted and character == "\\" and not escaped
        value += character
    return [each.strip(" \t") for each in [*values, value]]


def _parse_media_type(text: str) -> MediaType | None:
    essence, *parameters = _split_parameters(text.strip(_BLANKS))
    kind, slash, subtype = essence.rstrip(_BLANKS).partition("/")
    if not slash or not _TOKEN.fullmatch(kind) or not _TOKEN.fullmatch(subtype):
        return None
    for parameter in parameters:
        name, equals, value = parameter.lstrip(_BLANKS).partition("=")
        if name.lower() == "charset" and equals and (charset := _unquoted(value)):
            return MediaType(f"{kind}/{subtype}".lower(), charset.lower())  # the first one counts
    return MediaType(f"{kind}/{subtype}".lower())


def _split_parameters(text: str) -> list[str]:
    return re.findall(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+', text) or [""]


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.rstrip(_BLANKS)
    inside = re.match(r'"((?:[^"\\]|\\.)*)', value)
    return re.sub(r"\\(.)", r"\1", inside[1]) if inside else ""
