"""Real texts, written right in several ways and wrong in many: the right ways raise no alarm, each wrong one is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.doctor import Diagnosis, judge
from labkit.recording import Arrival, Recording
from labkit.wire import Frame, encode

ROOT = Path(__file__).parents[2]
HEAD = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
#: Prose, code that is about streams, JSON, pages: whatever somebody may stream.
FILES = [
    *sorted((ROOT / "docs").glob("*.md"))[:8],
    *sorted((ROOT / "labkit" / "wire").glob("*.py")),
    *sorted((ROOT / "labkit" / "pages").rglob("*.js"))[:4],
    ROOT / "labkit" / "doctor" / "causes.toml",
    ROOT / "notebooks" / "01_what_travels_on_the_wire.ipynb",
    ROOT / "CONTRIBUTING.md",
]
TEXTS = [path.read_text("utf-8")[:6000] for path in FILES if path.exists()]


def diagnose(pieces: list[bytes], ended: bool = False) -> Diagnosis:
    arrivals = tuple(Arrival(0.1 * place, piece) for place, piece in enumerate(pieces))
    return judge(Recording(200, HEAD, arrivals, ended, "", 0.0, 0.1 * len(pieces), 1_790_000_000.0, "http://x/"))


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()][:40]


def tokens_of(text: str) -> list[str]:
    return [text[start : start + 5] for start in range(0, 1000, 5)]


RIGHT: dict[str, Callable[[str], list[Frame]]] = {
    "lines with ids": lambda text: [Frame(data=line, id=str(n)) for n, line in enumerate(text.split("\n")[:60])],
    "lines without ids": lambda text: [Frame(data=line) for line in text.split("\n")[:60]],
    "tokens": lambda text: [Frame(data=token) for token in tokens_of(text)],
    "tokens in JSON": lambda text: [Frame(data=json.dumps({"token": token})) for token in tokens_of(text)],
    "paragraphs": lambda text: [Frame(data=part, id=str(n)) for n, part in enumerate(text.split("\n\n")[:30])],
    "paragraphs, escaped": lambda text: [Frame(data=part.replace("\n", "\\n")) for part in text.split("\n\n")[:30]],
    "the whole": lambda text: [Frame(data=text, id="1")],
}  # fmt: skip
#: cause -> how one line of text is written wrong
WRONG: dict[str, tuple[str, Callable[[str], str]]] = {
    "the bare text": ("bare-lines", lambda line: f"say {line}\n\n"),
    "a capital": ("field-misspelt", lambda line: f"Data: {line}\n\n"),
    "a blank": ("field-misspelt", lambda line: f" data: {line}\n\n"),
    "a template": ("field-misspelt", lambda line: f"\n    id: 1\n    data: {line}\n\n"),
    "no blank line": ("never-ends", lambda line: f"data: . {line}\n"),
    "a raw string": ("backslash-n", lambda line: f"data: {line}\\n\\n"),
    "a raw string and an end": ("backslash-n", lambda line: f"data: {line}\\n\\n\n"),
    "a frame in a frame": ("double-data", lambda line: f"data: data: {line}\ndata: \ndata: \n\n"),
    "JSON lines": ("json-lines", lambda line: json.dumps({"line": line}) + "\n"),
    "a dict": ("printed-object", lambda line: f"data: { {'line': line, 'next': None} }\n\n"),
    "an object": ("printed-object", lambda line: "data: [object Object]\n\n"),
    "a blank line inside": ("fields-apart", lambda line: f"event: line\n\ndata: {line}\n\n"),
    "a type alone": ("event-without-data", lambda line: "event: line\nid: 1\n\n"),
    "indented JSON": ("json-cut", lambda line: f"data: {json.dumps({'line': line}, indent=2)}\n\n"),
    "empty heartbeats": ("empty-messages", lambda line: f"data: {json.dumps({'line': line})}\n\ndata: \n\n"),
}  # fmt: skip


@pytest.mark.parametrize("way", RIGHT)
def test_real_texts_raise_no_alarm(way: str) -> None:
    for text in TEXTS:
        found = diagnose([encode(frame) for frame in RIGHT[way](text)])
        assert found.healthy, (text[:60], found)


@pytest.mark.parametrize("way", WRONG)
def test_each_mistake_is_named_whatever_the_text(way: str) -> None:
    cause, write = WRONG[way]
    for text in TEXTS:
        found = diagnose([write(line).encode() for line in lines_of(text)])
        assert found.first == cause, (text[:60], found)


def test_there_are_texts() -> None:
    assert len(TEXTS) >= 15
