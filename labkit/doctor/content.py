"""Findings about the body: line ends, cut texts, encodings, ids and reconnection times."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator

from labkit.doctor.body import MAX_BODY_BYTES, Content
from labkit.doctor.diagnosis import Finding
from labkit.errors import counted
from labkit.recording import Recording
from labkit.wire.explain import BOM
from labkit.wire.session import FLOOR_MS
from labkit.wire.values import MAX_RECONNECTION_MS

LONGEST_ID_BYTES = 8000  # from 8 to 9 KB on, nginx, Apache, Varnish and lighttpd answer 400 or 431
LONGEST_RETRY_MS = 300_000
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def look_at_content(content: Content, readable: Recording) -> Iterator[Finding]:
    """The findings about the lines of the body: framing, ignored lines, encoding and retry.

    Source: WHATWG HTML 9.2.5 and 9.2.6.
    """
    yield from _framing(content, readable)
    yield from _lost_lines(content)
    yield from _encoding(content)
    yield from _retry(content)


def look_at_ids(content: Content) -> Iterator[Finding]:
    """The findings about ids: missing, used for different events, or such that no request can carry them."""
    if not content.blocks:
        return
    if all(block.event.last_event_id == "" for block in content.blocks):
        yield Finding("ids-missing", f"{counted(len(content.blocks), 'event')}, none with an id")
        return
    texts = defaultdict(set)
    for block in content.blocks:
        if block.own_id:
            texts[block.own_id].add((block.event.type, block.event.data))
    repeated_ids = [id for id, events in texts.items() if len(events) > 1]
    if repeated_ids:
        yield Finding(
            "ids-repeat", f"the id {_shorten(repeated_ids[0])} stands on {len(texts[repeated_ids[0]])} different events"
        )
    for id in texts:
        if _CONTROLS.search(id):
            yield Finding("id-poison", f"the id {_shorten(id)} has a control character")
        elif len(id.encode()) > LONGEST_ID_BYTES:
            yield Finding("id-poison", f"the id {_shorten(id)} has {len(id.encode()):,} bytes")


def _framing(content: Content, readable: Recording) -> Iterator[Finding]:
    data = content.values("data")
    # Text may well end with an escaped line break. Two of them are an event's end that was escaped.
    escaped = [value for value in data if value.endswith("\\n\\n" if content.blocks else "\\n")]
    if escaped:
        yield Finding("backslash-n", f"the line 'data: {_plain(escaped[0])}' ends with a backslash and an n")
    elif b"\r\r\n" in content.body:
        times = counted(content.body.count(b"\r\r\n"), "time")
        yield Finding("cr-cr-lf", f"CR CR LF stands {times} in the body")
    elif data and not readable.events and (len(data) > 1 or content.steps[-1].role != "unfinished"):
        yield Finding("never-ends", f"{counted(len(data), 'data line')}, and no blank line that ends an event")
    wrapped = [value for value in data if re.match(r"data: ?\S", value)]
    if wrapped and len(wrapped) * 2 >= len(data):
        yield Finding("double-data", f"the line 'data: {_plain(wrapped[0])}', and {len(wrapped) - 1} more like it")


def _lost_lines(content: Content) -> Iterator[Finding]:
    """The findings about ignored lines: an unknown field, or the rest of a text that was cut."""
    behind_data = False
    cut_lines: list[str] = []
    for step in content.steps:
        if step.role == "ignored" and not step.line.startswith(("retry", "id", "\ufeff")):
            name, colon, _ = step.line.partition(":")
            if colon and _FIELD_NAME.fullmatch(name) and not behind_data:
                yield Finding("unknown-field", f"the line {_shorten(step.line)}")
            elif behind_data:
                cut_lines.append(step.line)
        behind_data = step.role == "data" or (behind_data and step.role != "blank")
    if cut_lines:
        cut_texts = [block.event.data for block in content.blocks if _is_cut_json(block.event.data)]
        if cut_texts:
            yield Finding(
                "json-cut",
                f"the data {_shorten(cut_texts[0])} is no JSON; the line {_shorten(cut_lines[0])} was ignored",
            )
        else:
            yield Finding(
                "text-cut", f"ignored behind data: {counted(len(cut_lines), 'line')}, such as {_shorten(cut_lines[0])}"
            )


def _encoding(content: Content) -> Iterator[Finding]:
    marked_steps = [step for step in content.steps if step.line.startswith("\ufeff") and step.role != "bom"]
    if marked_steps:
        yield Finding(
            "bom", f"the line {_shorten(marked_steps[0].line)} begins with a byte order mark, and was ignored"
        )
    elif content.body.startswith(BOM):
        yield Finding("bom", "the body begins with a byte order mark, which is allowed, and which Chromium trips over "
                      "where it stands alone on a line", "note")  # fmt: skip
    try:
        content.body.decode("utf-8")
    except UnicodeDecodeError as problem:
        end = len(content.body)
        if problem.start < end - 3 or (end < MAX_BODY_BYTES and problem.reason != "unexpected end of data"):
            bad_bytes = content.body[problem.start : problem.start + 4]
            yield Finding("not-utf8", f"at byte {problem.start:,}: {bad_bytes!r}")


def _retry(content: Content) -> Iterator[Finding]:
    digits = [value for value in content.values("retry") if value.isascii() and value.isdigit()]
    times = [int(value) if len(value) < 12 else MAX_RECONNECTION_MS for value in digits]
    unreadable = [step.line for step in content.steps if step.role == "ignored" and step.line.startswith("retry")]
    if unreadable:
        yield Finding("retry-unreadable", f"the line {_shorten(unreadable[0])}")
    if any(ms < FLOOR_MS for ms in times):
        yield Finding("retry-too-short", f"retry: {min(times)}, in milliseconds")
    elif any(ms > LONGEST_RETRY_MS for ms in times):
        yield Finding("retry-too-long", f"retry: {max(times)}, which is {max(times) / 60000:.0f} minutes")
    if not times and not unreadable and content.blocks:
        yield Finding("retry-missing", "no retry line")


def _is_cut_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except RecursionError:
        return False  # nobody can tell
    except ValueError:
        return True
    return False


def _shorten(text: str) -> str:
    escaped = ascii(text)
    return escaped if len(escaped) <= 50 else f"{escaped[:47]}..."


def _plain(text: str) -> str:
    return _shorten(text)[1:-1].replace("\\\\", "\\")
