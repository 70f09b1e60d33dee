"""Findings about what the data of events says: frames inside frames, printed objects, damaged characters."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from labkit.doctor.body import Block, Content, as_written, shorten, value_of
from labkit.doctor.diagnosis import Finding
from labkit.doctor.json_text import has_no_number, is_python_text, json_problem, reads_as_json
from labkit.doctor.lines import BEATS
from labkit.errors import counted
from labkit.recording import Recording

_FIELD_LINE = re.compile(r"(?:data|event|id|retry): *\S|(?:data|event|id|retry)?:\s*$|: ")
_QUOTED_FRAME = re.compile(r"""b?["'](?:data|event|id|retry): ?""")
#: What was meant as a line end, and was written out: a backslash and an n, a slash and an n, HTML's break.
_WRITTEN_END = re.compile(r"((?:\\r)?\\n|/n/n|<br ?/?>)(?:$|(?:data|id|event): )")
_FRAME_INSIDE = re.compile(r"\\n(?:data|event|id|retry): ?")
#: What languages print for an object that nobody serialised. Source: the documentation of each one's toString.
_PRINTED = re.compile(
    r"""\[object\ \w+\] | <(?:[\w.]+\ )*(?:object|function|generator|coroutine)?\ ?[\w.<>]*\ at\ 0x[0-9a-fA-F]+>
    | (?:[a-z]\w*\.)+[A-Z][\w$]*@[0-9a-f]{4,8} | \#<[A-Z]\w*(?:::\w+)*(?::0x[0-9a-f]+)?.*> | map\[\w+:.*\]
    | &\{.*\} | %!\w\(.*\) | System\.[\w.]+(?:`\d.*)?(?:\[.*\])? | undefined | Array | \{:\w+=>.*\}
    | [A-Z]\w*(?:\(\w+=.*\)|\[\w+=.*\]|\ \{\ \w+(?:=|:\ ).*\})""",
    re.X,
)
#: str() of a model of pydantic. (Logs of key=value pairs quote with ", and know no None.)
_MODEL = re.compile(r"\w+=.*(?<=[\w'\])]) \w+=.*")
_PYTHON_VALUE = re.compile(r"(?:^| )\w+=(?:'[^']*'|datetime\.\w+\(.*\)|Decimal\(.*\)|<\w.*>)(?: |$)")
#: Whose notation each is, as words of causes.toml; Python's own is known by its quotes and constants.
_PRINTERS = (
    ("JavaScript", re.compile(r"\[object \w+\]|^undefined$")),
    ("Java", re.compile(r"^(?:[a-z]\w*\.)+[A-Z][\w$]*@[0-9a-f]{4,8}$")),
    ("Go", re.compile(r"^(?:map\[|&\{|%!)")),
    ("PHP", re.compile(r"^Array$")),
    ("Rails", re.compile(r"^#<[A-Z]|^\{:\w+=>")),
)
#: The whole of a text, or of a value in JSON.
_VALUE = re.compile(r'[:\[,]\s*"(?:\[object \w+\]|<\w+(?:\.\w+)+ object at 0x[0-9a-f]+>)"')
_EMBEDDED = re.compile(r"\[object (?:Object|Promise|ReadableStream|Map|Blob|ArrayBuffer)\]|<\w+(?:\.\w+)+ object at 0x")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
#: What UTF-8 looks like that was read as Windows-1252, and encoded again: a first byte, and what belongs to it.
_TWICE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152"
    "\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]+"
)
_ERROR_PAGE = re.compile(
    r"\s*<(?:!doctype html|html)\b.*(?:\b[45]\d\d\b|error|denied|unavailable|log ?in)", re.I | re.S
)
#: A text longer than that, in characters, may well speak of an object that was printed.
SHORT = 200
#: With fewer texts nothing is said about what all of them have in common.
MIN_TEXTS = 3
_FOR_HTML = re.compile(r"&(?:quot|#34|#x22);")
_UNFILLED = re.compile(
    r".*(?:\$\{[^{}]+\}|\{\{[^{}]+\}\}|#\{[^{}]+\}).*|\{[A-Za-z_][\w.]*(?:\(.*\)|\[.*\])?\}|%[sdv]|%\(\w+\)s"
)
_LIKE_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*(?:\"|[A-Za-z_]\w*\s*:)")
#: A share of events so small may quote the mistakes of others.
FEW = 0.1


def look_at_texts(content: Content, readable: Recording) -> Iterator[Finding]:
    """The findings about the data of the events, as they would be given to a listener."""
    yield from _escaped_ends(content)
    wrapped = _wrapped_texts(content)
    if wrapped:
        yield Finding("double-data", f"the line 'data: {as_written(wrapped[0])}', and {len(wrapped) - 1} more like it")
        return
    texts = [block.event.data for block in content.blocks if block.event.data.strip() not in (*BEATS, "[DONE]")]
    yield from _printed_objects(texts)
    yield from _other_notations(texts)
    yield from _damaged_characters(texts, content)
    pages = [text for text in texts if _ERROR_PAGE.match(text[:2000])]
    if pages:
        yield Finding("page-inside", f"an event's data is a page about an error: {shorten(pages[0], 80)}")
    yield from _empty_messages(content, readable)


def _escaped_ends(content: Content) -> Iterator[Finding]:
    """A backslash and an n where a line end was meant. Text may well carry escaped line breaks, also at its end."""
    field = "data" if content.values("data") else "event"
    values = [value for value in content.values(field) if value.strip() not in ("", "[DONE]")]
    if not values and content.steps:  # not one line end, since none was written
        last = content.steps[-1]
        values = [value_of(last.line)] if last.role == "unfinished" and last.line.startswith("data:") else []
        values = [value for value in values if _FRAME_INSIDE.search(value) or _ends_written(value)]
    if content.blocks:
        inside = [value for value in values if _FRAME_INSIDE.search(value) and not value.startswith(("{", "[", '"'))]
        ends = [value for value in values if value.endswith("\\n\\n") and "\\n" not in value.removesuffix("\\n\\n")]
        escaped = ends if len(ends) == len(values) else inside if len(inside) * 2 >= len(values) else []
    else:
        escaped = [value for value in values if _WRITTEN_END.search(value) or _FRAME_INSIDE.search(value)]
        escaped = escaped if len(escaped) * 2 >= len(values) else []
    if escaped:
        ends_so = _WRITTEN_END.search(escaped[0])
        what = "ends with" if ends_so and escaped[0].endswith(ends_so[0]) else "holds the next field behind"
        written = "a backslash and an n" if "\\n" in escaped[0] else f"{ends_so[1] if ends_so else ''!r}"
        yield Finding("backslash-n", f"the line '{field}: {as_written(escaped[0])}' {what} {written}")


def _ends_written(value: str) -> bool:
    """Whether it ends with a line end that was written out. JSON that is not whole yet may stand at its own."""
    return bool(_WRITTEN_END.search(value)) and not value.startswith(("{", "[", '"'))


def _wrapped_texts(content: Content) -> list[str]:
    """The data that is an event stream itself; empty if it is so in less than half of the events."""
    texts = [block.event.data for block in content.blocks] or ["\n".join(content.values("data"))]
    texts = [text for text in texts if text.strip() not in ("", "[DONE]")]
    found = [text for text in texts if _is_frame(text)]
    return [text.split("\n")[0] for text in found] if len(found) * 2 >= len(texts) else []


def _is_frame(text: str) -> bool:
    if _QUOTED_FRAME.match(text):
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    has_data = any(re.match(r"data: *\S", line) for line in lines)
    return has_data and all(_FIELD_LINE.match(line) for line in lines)


def _printed_objects(texts: list[str]) -> Iterator[Finding]:
    no_numbers = [text for text in texts if has_no_number(text)]
    if no_numbers:
        yield Finding("json-nan", f"the data {shorten(no_numbers[0])} is JSON but for NaN or Infinity")
    whole = [text for text in texts if _is_printed(text)]
    printed = whole or [text for text in texts if len(text) < SHORT and _EMBEDDED.search(text)]
    others_are_json = sum(_is_json_object(text) for text in texts) * 2 >= len(texts)
    if printed and (len(printed) * 2 >= len(texts) or (whole and others_are_json)):
        evidence = f"{_share(printed, texts)} such as {shorten(printed[0])}"
        yield Finding("printed-object", evidence, products=_printer(printed[0]))


def _printer(text: str) -> tuple[str, ...]:
    """Whose notation it is, as a word of causes.toml."""
    if _MODEL.fullmatch(text[:2000].strip()):
        return ("pydantic",)
    return next(((word,) for word, pattern in _PRINTERS if pattern.search(text)), ())


def _is_printed(text: str) -> bool:
    """Whether all of it is what a language prints for an object, or a value in its JSON is."""
    start = text[:2000].strip()
    if _PRINTED.fullmatch(start) or is_python_text(text):
        return True
    if _MODEL.fullmatch(start) and _PYTHON_VALUE.search(start):
        return True
    return len(text) < SHORT and bool(_VALUE.search(text))


def _other_notations(texts: list[str]) -> Iterator[Finding]:
    """What was meant as JSON in all events, and is none: escaped for a page, a template, or with a mistake in it."""
    if len(texts) < MIN_TEXTS:
        return
    if all(_FOR_HTML.search(text) and text.lstrip()[:1] in "{[" for text in texts):
        yield Finding("html-escaped", f"the data {shorten(texts[0])} would be {shorten(html.unescape(texts[0]))}")
    elif len(set(texts)) == 1 and len(texts[0]) < SHORT and _UNFILLED.fullmatch(texts[0].strip()):
        yield Finding(
            "template-unfilled", f"the data of {counted(len(texts), 'event')}, of all, is {shorten(texts[0])}"
        )
    elif all(_LIKE_JSON.match(text) and not reads_as_json(text) and not _is_printed(text) for text in texts):
        # An answer that grows sends its JSON again and again, before it is whole.
        grows = any(after.startswith(before.rstrip(" }]")) for before, after in pairwise(texts))
        if not grows and not any(has_no_number(text) for text in texts):
            yield Finding("json-broken", f"the data {shorten(texts[0])} is no JSON: {json_problem(texts[0])}")


def _damaged_characters(texts: list[str], content: Content) -> Iterator[Finding]:
    plain_texts = [_unescaped(text) for text in texts]
    marked = [text for text in plain_texts if "\ufffd" in text]
    try:
        content.body.decode("utf-8")
    except UnicodeDecodeError as problem:
        if problem.reason != "unexpected end of data":
            marked = []  # the bytes themselves are no UTF-8, which is another cause
    if marked:
        few = len(texts) >= 20 and len(marked) <= FEW * len(texts)
        yield Finding("replacement-characters", f"{_share(marked, texts)} with U+FFFD, such as {shorten(marked[0])}",
                      "note" if few else None)  # fmt: skip
    foreign = [text for text in plain_texts if not text.isascii()]
    twice = [text for text in foreign if _undone(text) is not None]
    if twice and len(twice) * 2 > len(foreign):
        yield Finding("encoded-twice", f"the data {shorten(twice[0])} would be {shorten(_undone(twice[0]) or '')}")


def _unescaped(text: str) -> str:
    """JSON without its escapes of characters. In other texts they are what they look like."""
    in_json = text.startswith(("{", "[", '"'))
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if in_json else text


def _undone(text: str) -> str | None:
    """The text before it was encoded a second time; None if it was not."""
    found = False

    def undo(match: re.Match[str]) -> str:
        nonlocal found
        for charset in ("cp1252", "latin-1"):
            try:
                undone = match[0].encode(charset).decode("utf-8")
            except UnicodeError:
                continue
            found = True
            return undone
        return match[0]

    undone = _TWICE.sub(undo, text)
    return undone if found else None


def _empty_messages(content: Content, readable: Recording) -> Iterator[Finding]:
    """Heartbeats that reach the listeners as messages: empty ones, or a "ping" where the others are JSON."""
    messages = [block for block in content.blocks if block.event.type == "message"]
    empty = [block for block in messages if _is_beat(block)]
    others = [block for block in content.blocks if not (block.event.type == "message" and _is_beat(block))]
    if not empty:
        return
    told_apart: list[Callable[[], bool]] = [
        lambda: sum(_is_json_object(block.event.data) for block in others) * 2 > len(others),
        lambda: all(block.own_id for block in others),
        lambda: len(empty) > 1 and _come_alone(readable),
    ]
    words = {block.event.data.strip() for block in empty}
    if any(tell() for tell in told_apart) and (words != {""} or len(others) or len(empty) > 1):
        what = "with empty data" if words == {""} else f"such as {shorten(max(words))}"
        evidence = f"{len(empty)} of {counted(len(messages), 'message')} {what}, and no event type"
        yield Finding("empty-messages", evidence, None if words == {""} else "note")


def _is_json_object(text: str) -> bool:
    return text.startswith(("{", "[")) and reads_as_json(text)


def _is_beat(block: Block) -> bool:
    return block.event.data.strip().lower() in BEATS and not block.own_id


def _come_alone(readable: Recording) -> bool:
    """Whether empty messages come in silences: nothing came within half a second before them."""
    timed, last_s = readable.timed_events, 0.0
    alone = total = 0
    for at_s, event in timed:
        if event.type == "message" and event.data.strip() == "":
            total += 1
            alone += at_s - last_s > 0.5
        last_s = at_s
    return alone * 2 > total


def _share(some: list[str], texts: list[str]) -> str:
    return f"{len(some)} of {counted(len(texts), 'text')}"
