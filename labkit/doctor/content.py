"""Findings about the body: line ends, cut texts, encodings, ids and reconnection times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from labkit.doctor.body import MAX_BODY_BYTES, Content, Paragraph, shorten, value_of
from labkit.doctor.diagnosis import Finding
from labkit.doctor.lines import look_at_lines
from labkit.doctor.texts import look_at_texts
from labkit.errors import counted
from labkit.recording import Recording
from labkit.wire.explain import BOM
from labkit.wire.session import FLOOR_MS
from labkit.wire.values import MAX_RECONNECTION_MS, Ignored

LONGEST_ID_BYTES = 8000  # from 8 to 9 KB on, nginx, Apache, Varnish and lighttpd answer 400 or 431
LONGEST_RETRY_MS = 300_000
_HEARTBEAT = re.compile(r"ping|pong|heart-?_?beat|keep-?_?alive|noop", re.I)
_IN_QUOTES = re.compile(r"""(['"]).*\1""")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def look_at_content(content: Content, readable: Recording) -> Iterator[Finding]:
    """The findings about the body: framing, ignored lines, what the data says, encoding and retry.

    Source: WHATWG HTML 9.2.5 and 9.2.6.
    """
    if content.body.count(0) * 3 > len(content.body):
        yield Finding("not-utf8", f"every other byte is 0: {content.body[:8]!r} is UTF-16")
        return
    yield from _framing(content, readable)
    yield from look_at_lines(content)
    yield from look_at_texts(content, readable)
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
            "ids-repeat", f"the id {shorten(repeated_ids[0])} stands on {len(texts[repeated_ids[0]])} different events"
        )
    for id in texts:
        if _CONTROLS.search(id):
            yield Finding("id-poison", f"the id {shorten(id)} has a control character")
        elif len(id.encode()) > LONGEST_ID_BYTES:
            yield Finding("id-poison", f"the id {shorten(id)} has {len(id.encode()):,} bytes")


def _framing(content: Content, readable: Recording) -> Iterator[Finding]:
    data = content.values("data")
    if b"\r\r\n" in content.body:
        times = counted(content.body.count(b"\r\r\n"), "time")
        yield Finding("cr-cr-lf", f"CR CR LF stands {times} in the body")
        return
    if data and not readable.events and (len(data) > 1 or content.steps[-1].role != "unfinished"):
        blank = next((step.line for step in content.steps if step.role == "ignored" and not step.line.strip()), "")
        not_blank = f"; the line {blank!a} is not blank" if blank else ""
        yield Finding(
            "never-ends", f"{counted(len(data), 'data line')}, and no blank line that ends an event{not_blank}"
        )
    elif readable.ended and content.whole:
        yield from _lost_end(content, readable)
    yield from _dataless(content)
    yield from _types(content)


def _lost_end(content: Content, readable: Recording) -> Iterator[Finding]:
    """The end of the stream inside an event, which is then discarded."""
    last = content.paragraphs[-1] if content.paragraphs else Paragraph()
    step = next((step for step in last.steps if step.role == "unfinished"), None)
    if last.closed or step is None or not isinstance(step.signal, Ignored):
        return
    cut_line, text = bool(step.raw), step.signal.line
    if not text.strip() or (cut_line and not text.startswith("data") and not last.has("data")):
        return  # nothing that a listener would have got
    length = readable.headers.get("content-length", "")
    if length and (cut_line or not content.body.isascii()):
        where = "inside the line" if cut_line else "before the blank line that would send"
        yield Finding("length-cuts", f"Content-Length: {length} ends the body {where} {shorten(text)}")
        return
    where = "inside the line" if cut_line else "and no blank line came behind the data"
    is_mark = text.removeprefix("data:").strip() == "[DONE]"  # its readers look for it in the text
    yield Finding("ends-inside", f"the stream ended {where} {shorten(text)}", "note" if is_mark else None)


def _dataless(content: Content) -> Iterator[Finding]:
    """Blocks that hold a type or an id and no data: nothing is dispatched, and the type is lost."""
    following = [*content.paragraphs, Paragraph()][1:]
    pairs = [
        (one, after)
        for one, after in zip(content.paragraphs, following, strict=True)
        if one.closed and one.has("event", "id") and not one.has("data", "ignored") and not _is_heartbeat(one)
    ]
    typed = [(one, after) for one, after in pairs if one.has("event")]
    split = [(one, after) for one, after in typed if after.has("data") and not after.has("event")]
    if split and len(split) * 2 >= len(typed):
        one, after = split[0]
        yield Finding("fields-apart", f"a blank line stands between {shorten(one.steps[0].line)} and "
                      f"{shorten(after.steps[0].line)}: {counted(len(split), 'event')} without their type")  # fmt: skip
    elif typed:
        lines = ", ".join(shorten(step.line) for step in typed[0][0].steps[:3])
        yield Finding("event-without-data", f"{counted(len(typed), 'block')} without a data line, such as {lines}")
    elif len(pairs) > 1 and not content.blocks:
        yield Finding(
            "event-without-data", f"{len(pairs)} ids, and no data line, such as {shorten(pairs[0][0].steps[0].line)}"
        )
    elif len(pairs) > 1 and len(pairs) * 2 >= len(content.blocks) and _ids_come_first(content):
        evidence = f"a blank line stands between {shorten(pairs[0][0].steps[0].line)} and the data that it belongs to"
        yield Finding("fields-apart", evidence, "warning")


def _ids_come_first(content: Content) -> bool:
    """Whether each id stands in a block of its own, before the block with the data."""
    first = next((paragraph for paragraph in content.paragraphs if paragraph.has("id", "data")), Paragraph())
    return not first.has("data") and not any(block.own_id for block in content.blocks)


def _is_heartbeat(paragraph: Paragraph) -> bool:
    return any(_HEARTBEAT.fullmatch(value_of(line).strip()) for line in paragraph.lines("event"))


def _types(content: Content) -> Iterator[Finding]:
    odd = [type_ for type_ in content.values("event") if type_ != type_.strip() or _IN_QUOTES.fullmatch(type_)]
    if odd:
        yield Finding(
            "type-odd", f"the type {shorten(odd[0])} has {'quotes' if odd[0].strip() == odd[0] else 'blanks'}"
        )


def _encoding(content: Content) -> Iterator[Finding]:
    marked_steps = [step for step in content.steps if step.line.startswith("\ufeff") and step.role != "bom"]
    if marked_steps:
        yield Finding("bom", f"the line {shorten(marked_steps[0].line)} begins with a byte order mark, and was ignored")
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
        yield Finding("retry-unreadable", f"the line {shorten(unreadable[0])}")
    if any(ms < FLOOR_MS for ms in times):
        yield Finding("retry-too-short", f"retry: {min(times)}, in milliseconds")
    elif any(ms > LONGEST_RETRY_MS for ms in times):
        yield Finding("retry-too-long", f"retry: {max(times)}, which is {max(times) / 60000:.0f} minutes")
    if not times and not unreadable and content.blocks:
        yield Finding("retry-missing", "no retry line")
