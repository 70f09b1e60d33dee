"""The reason that the body of an answer gives: the message in its JSON, the title of its page, its first line."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from labkit.recording import Recording

LONGEST_REASON = 120  # characters
READ_BYTES = 16 * 1024
TITLE_WITHIN = 4096  # characters: further down no page has its title
_TITLE = re.compile(r"<(title|h1|pre)\b[^>]*>(.*?)</\1>", re.I | re.S)
#: A title that says nothing, as Express gives it: what stands in the page says more.
_EMPTY_TITLES = ("", "error")
_TAG = re.compile(r"<[^>]*>")
#: Where servers put it. Source: RFC 9457 (title, detail), and the documentation of FastAPI, OpenAI, Spring.
_KEYS = ("message", "detail", "error_description", "msg", "error", "errors", "reason", "title", "description")


def reason_of(recording: Recording) -> str:
    """The reason as one line of plain text, "" if the body gives none or cannot be read."""
    text = readable_beginning(recording).decode("utf-8", "replace").strip()
    if not text:
        return ""
    if text.startswith(("{", "[")):
        try:
            found = _in_json(json.loads(text), 0)
        except (ValueError, RecursionError):
            found = ""
        return _one_line(found or text)
    if text.startswith("<"):
        titles = [_one_line(html.unescape(_TAG.sub(" ", match[2]))) for match in _TITLE.finditer(text[:TITLE_WITHIN])]
        return next((title for title in titles if title.lower() not in _EMPTY_TITLES), next(iter(titles), ""))
    return _one_line(text)


def readable_beginning(recording: Recording) -> bytes:
    """The first READ_BYTES bytes of the body, decompressed where that can be done; b"" where it cannot."""
    try:
        return recording.decompressed.body[:READ_BYTES]
    except ValueError:
        return b""


def _in_json(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth > 4:
        return ""
    if isinstance(value, list):
        return next((found for found in (_in_json(item, depth + 1) for item in value[:3]) if found), "")
    if isinstance(value, dict):
        return next((found for key in _KEYS if (found := _in_json(value.get(key), depth + 1))), "")
    return ""


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_REASON else f"{words[: LONGEST_REASON - 3]}..."
