"""Findings about lines that no client reads: misspelt fields, bare text, JSON lines, a page inside the stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from labkit.doctor.body import Content, Paragraph, shorten
from labkit.doctor.diagnosis import Finding
from labkit.doctor.json_text import is_cut_json, reads_as_json
from labkit.errors import counted
from labkit.wire.explain import Step

FIELDS = ("data", "event", "id", "retry")
#: What servers send to say that they are still there.
BEATS = frozenset({"", "ping", "pong", "heartbeat", "keepalive", "keep-alive", "keep alive"})
_FIELD_NAME = re.compile(r"[A-Za-z][\w-]*:")
_ALMOST = re.compile(r"""[\s\u200b\u2060]*["'<]?(data|event|id|retry)["'>]?\s*[:=\uff1a]""", re.I)
#: Fields that are wrong by a letter or a word, as beginners and other protocols write them.
_CHUNK_SIZE = re.compile(r"[0-9A-Fa-f]{1,6}")
_LIKE_DATA = re.compile(r"(?:date|dta|datas|msg|message|text|content|payload|body|event-?data)\s*[:=]|data\b", re.I)
_HTML = re.compile(r"\s*<(?:!doctype\b|/?(?:html|head|body|title|h1|br|b|p|pre|div|script)\b)", re.I)
_TRACE = re.compile(
    r"""Traceback\ \(most\ recent\ call\ last\) | \s+File\ ".*",\ line\ \d+ | \s+at\ .+[:(].+\)?$
    | (?:[\w$]+\.)*[\w$]*(?:Error|Exception)(?::\ |$) | Caused\ by:\  | panic:\  | goroutine\ \d+\ \[
    | thread\ '.*'\ panicked | (?:PHP\ )?(?:Fatal\ error|Parse\ error|Warning|Notice|Deprecated):\ .+\ on\ line\ \d+
    | HTTP/\d(?:\.\d)?\ \d{3}\b""",
    re.X,
)


def look_at_lines(content: Content) -> Iterator[Finding]:
    """The findings about ignored lines, by what they look like; at most one of each cause.

    Source: WHATWG HTML 9.2.6: "Otherwise: the field is ignored."
    """
    behind_data: list[Step] = []
    lone: list[Step] = []
    for paragraph in content.paragraphs:
        for step, is_behind in _ignored_steps(paragraph):
            (behind_data if is_behind else lone).append(step)
    opens_json = any(step.line.strip() in ("{", "[", "[{") for step in lone)  # its keys stand in quotes
    misspelt, lone = _parted(lone, lambda step: bool(_ALMOST.match(step.line)) and not opens_json)
    if behind_data and all(_ALMOST.match(step.line) and step.line.strip()[:1].isalpha() for step in behind_data):
        misspelt, behind_data = misspelt + _outside_json(behind_data, content), []
    if misspelt:
        yield _misspelt_finding(misspelt, content)
    elif not content.blocks:
        yield from _commented_out(content)
    yield from _lone_lines(lone, content)
    if behind_data:
        yield from _cut_texts(behind_data, content)


def _ignored_steps(paragraph: Paragraph) -> Iterator[tuple[Step, bool]]:
    """The lines that nobody reads, each with whether a data line of the same event stands before it."""
    behind_data = False
    for step in paragraph.steps:
        behind_data = behind_data or step.role == "data"
        name = step.line.partition(":")[0]
        known = name in FIELDS or step.line.startswith("\ufeff")  # these have causes of their own
        is_last_page = step.role == "unfinished" and step.raw and _page_kind(step.line)
        if (step.role == "ignored" and not known and step.line.strip()) or is_last_page:
            yield step, behind_data


def _outside_json(steps: list[Step], content: Content) -> list[Step]:
    """The steps, unless the data before them is JSON that they belong to."""
    return [] if any(is_cut_json(block.event.data) for block in content.blocks) else steps


def _misspelt_finding(steps: list[Step], content: Content) -> Finding:
    line = steps[0].line
    match = _ALMOST.match(line)
    field = match[1].lower() if match else "data"
    if line[:1].isspace() and line.lstrip().startswith(f"{field}:"):
        problem = "begins with a blank"
    elif line.startswith(match[1] if match else "") and match and match[1] == field:
        problem = f"has something between {field!r} and the colon"
    else:
        problem = f"is not {field!r}"
    effect = "" if content.blocks else ", and no event fires"
    return Finding("field-misspelt", f"the field in {shorten(line)} {problem}: {_times(steps)} ignored{effect}")


def _commented_out(content: Content) -> Iterator[Finding]:
    steps = [step for step in content.steps if step.role == "comment" and _ALMOST.match(step.line[1:])]
    if len(steps) > 1:
        line = shorten(steps[0].line)
        yield Finding("field-misspelt", f"the line {line} begins with a colon, and so is a comment: no event fires")


def _lone_lines(steps: list[Step], content: Content) -> Iterator[Finding]:
    """What the lines are that stand outside of all events."""
    pages, others = _parted(steps, lambda step: bool(_page_kind(step.line)))
    if pages and not content.blocks and not content.values("data") and _HTML.match(pages[0].line):
        yield Finding("html-page", f"the media type is right, and the body is HTML: {shorten(pages[0].line)}")
        return
    if pages:
        yield Finding("page-inside", f"{_page_kind(pages[0].line)} stands in the stream: {shorten(pages[0].line, 80)}")
        return
    has_data = bool(content.values("data"))
    json_lines = [step for step in others if step.line.lstrip().startswith(("{", "[")) and _is_json(step, content)]
    if json_lines and (not has_data or len(json_lines) > len(content.blocks)):
        yield Finding("json-lines", f"{_times(json_lines)} ignored, such as {shorten(json_lines[0].line)}")
        return
    named, bare = _parted(others, lambda step: bool(_FIELD_NAME.match(step.line)))
    harmless = [step for step in bare if step.line.strip().lower() in BEATS]  # a heartbeat that nobody hears is one
    bare = bare if len(harmless) < len(bare) else []
    is_one_field = len(named) == 1 and not _LIKE_DATA.match(named[0].line)
    if not has_data and (bare or named) and not content.blocks and (bare or not is_one_field):
        like_data = next((step.line for step in others if _LIKE_DATA.match(step.line)), others[0].line)
        yield Finding(
            "bare-lines", f"no line begins with 'data:'; {_times(others)} ignored, such as {shorten(like_data)}"
        )
    elif bare and all(_CHUNK_SIZE.fullmatch(step.line) for step in bare):
        evidence = f"{_times(bare)} the sizes of chunks, such as {shorten(bare[0].line)}: the body is chunked twice"
        yield Finding("bare-lines", evidence)
    elif bare:
        yield Finding("bare-lines", f"{_times(bare)} outside of all events ignored, such as {shorten(bare[0].line)}")
    elif named or harmless:
        yield Finding("unknown-field", f"the line {shorten((named or harmless)[0].line)}")


def _is_json(step: Step, content: Content) -> bool:
    """Whether the line is JSON, or the first of a body that is JSON from end to end."""
    line = step.line.rstrip().removesuffix(",")  # of the items of an array
    return reads_as_json(line) or (step.start == 0 and reads_as_json(content.body.decode("utf-8", "replace")))


def _cut_texts(steps: list[Step], content: Content) -> Iterator[Finding]:
    cut_texts = [block.event.data for block in content.blocks if is_cut_json(block.event.data)]
    if cut_texts:
        evidence = f"the data {shorten(cut_texts[0])} is no JSON; the line {shorten(steps[0].line)} was ignored"
        yield Finding("json-cut", evidence)
    else:
        yield Finding(
            "text-cut", f"ignored behind data: {counted(len(steps), 'line')}, such as {shorten(steps[0].line)}"
        )


def _parted(steps: list[Step], fits: Callable[[Step], bool]) -> tuple[list[Step], list[Step]]:
    fitting: list[Step] = []
    others: list[Step] = []
    for step in steps:
        (fitting if fits(step) else others).append(step)
    return fitting, others


def _page_kind(line: str) -> str:
    if _HTML.match(line):
        return "HTML"
    if _TRACE.match(line):
        return "the head of another answer" if line.startswith("HTTP/") else "an error's report"
    return ""


def _times(steps: list[Step]) -> str:
    return f"{counted(len(steps), 'line')} {'was' if len(steps) == 1 else 'were'}"
