"""The page's reader of dialects against the one in Python: the same table of streams, in a real Chromium."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.dialects import ENDING_SENTENCES, ModelAnswer, ending_of
from labkit.pages import ask
from labkit.server import launch
from labkit.wire import Decoder, Event

from ..chromium import QUIET
from ..dialects.streams import STREAMS, ModelStream

pytestmark = pytest.mark.browser

# A stream as the page reads it: its bytes in two pieces, through the page's own decoder or its own lines.
READ = """(streams) => streams.map(({ body, lines, broken }) => {
    const answer = new Answer(), splitter = lines ? new Lines() : new Decoder();
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0)), middle = bytes.length >> 1;
    for (const piece of [...splitter.feed(bytes.slice(0, middle)), ...splitter.feed(bytes.slice(middle))]) answer.feedEvent(piece);
    answer.close({ broken });
    const choices = [...answer.choices].sort(([one], [other]) => one - other).map(([, choice]) => ({
        text: choice.text.toWellFormed(), reasoning: choice.reasoning.toWellFormed(), refusal: choice.refusal.toWellFormed(),
        ending: choice.ending, reason: choice.reason,
        calls: choice.toolCalls.map((call) => [call.id, call.name, call.arguments]),
    }));
    return { ending: answer.ending, why: answer.why, notes: answer.notes, dialect: answer.dialect,
             counts: [answer.promptTokens, answer.answerTokens], choices };
})"""


@pytest.fixture(scope="module")
def page(tool: Callable[[str], str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    server = launch(ask.routes(), name="dialects")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=tool("chromium"), args=QUIET).new_page()
        page.goto(server.url + "/")
        yield page
    server.stop()


def in_page(page: Any, streams: list[ModelStream]) -> list[dict[str, Any]]:
    given = [{"body": base64.b64encode(s.body).decode(), "lines": s.lines, "broken": s.broken} for s in streams]
    answers: list[dict[str, Any]] = page.evaluate(READ, given)
    return answers


def in_python(stream: ModelStream) -> dict[str, Any]:
    answer = ModelAnswer()
    if stream.lines:
        for line in stream.body.decode().split("\n")[:-1]:
            answer.feed_line(line)
    else:
        for signal in Decoder().feed(stream.body):
            if isinstance(signal, Event):
                answer.feed_event(signal)
    answer.close(broken=stream.broken)
    choices = [
        {
            "text": choice.text,
            "reasoning": choice.reasoning,
            "refusal": choice.refusal,
            "ending": choice.ending,
            "reason": choice.reason,
            "calls": [[call.id, call.name, call.arguments] for call in choice.tool_calls],
        }
        for _, choice in sorted(answer.choices.items())
    ]
    return {
        "ending": answer.ending,
        "why": answer.why,
        "notes": answer.notes,
        "dialect": answer.dialect,
        "counts": [answer.token_counts.prompt_tokens, answer.token_counts.answer_tokens],
        "choices": choices,
    }


def test_the_page_and_python_read_every_stream_of_the_table_alike(page: Any) -> None:
    for stream, told in zip(STREAMS, in_page(page, list(STREAMS)), strict=True):
        first = told["choices"][0] if told["choices"] else {"text": "", "reasoning": "", "refusal": "", "calls": []}
        assert (told["ending"], first["text"]) == (stream.ending, stream.text), stream.name
        assert (first["reasoning"], first["refusal"]) == (stream.reasoning, stream.refusal), stream.name
        assert tuple((name, json.loads(given)) for _, name, given in first["calls"]) == tuple(
            (name, json.loads(given)) for name, given in stream.tool_calls
        ), stream.name
        assert stream.why in told["why"] and bool(told["notes"]) is stream.is_odd, stream.name
        expected = in_python(stream)
        if stream.ending == "finished":
            told["why"] = ""  # a sentence that Python leaves to the page
        if stream.lines or told["dialect"] == "gemini":  # arguments that came as an object are written anew
            for choice in (*told["choices"], *expected["choices"]):
                choice["calls"] = [[id, name, json.loads(given)] for id, name, given in choice["calls"]]
        if told["dialect"] == "labkit":  # the page says what the server said
            told["why"] = expected["why"]
        assert told == expected, stream.name


def test_the_words_are_the_same(page: Any) -> None:
    assert page.evaluate("ENDING_SENTENCES") == ENDING_SENTENCES
    assert page.evaluate("[...ENDINGS].sort()") == sorted(ENDING_SENTENCES)
    assert set(page.evaluate("Object.keys(ENDING_KINDS)")) == set(ENDING_SENTENCES)
    for reason, ending in page.evaluate("[...ENDING_OF]"):
        assert ending_of(reason) == ending


STRANGE = [None, True, 0, -1, 1.5, 10**9, "", "x", [], {}, [[]], [None], {"a": None}, {"text": {}}, {"index": "0"}]


def spoiled(value: Any, rng: random.Random) -> Any:
    """The same JSON with something else in one of its places."""
    if rng.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return rng.choice(STRANGE)
    place = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place] = spoiled(value[place], rng)
    return copy


def test_what_makes_no_sense_throws_nothing_and_is_called_the_same(page: Any) -> None:
    rng, streams = random.Random(16), []
    for stream in STREAMS:
        blocks = stream.body.decode().split("\n" if stream.lines else "\n\n")
        for _ in range(8):
            changed = list(blocks)
            at = rng.randrange(len(changed))
            head, mark, data = ("", "", changed[at]) if stream.lines else changed[at].rpartition("data: ")
            try:
                changed[at] = f"{head}{mark}{json.dumps(spoiled(json.loads(data), rng))}"
            except ValueError:
                continue
            streams.append(stream._replace(body=("\n" if stream.lines else "\n\n").join(changed).encode()))
    assert len(streams) > 600
    for stream, told in zip(streams, in_page(page, streams), strict=True):
        expected = in_python(stream)
        if told["dialect"] != "labkit":
            assert told["ending"] == expected["ending"], stream.body
        assert [choice["text"] for choice in told["choices"]] == [choice["text"] for choice in expected["choices"]], (
            stream
        )


def test_json_that_is_nested_too_deeply_is_an_oddity(page: Any) -> None:
    deep = (
        '{"choices":[{"delta":{"tool_calls":[{"id":"1","function":{"arguments":'
        + "[" * 50_000
        + "]" * 50_000
        + "}}]}}]}"
    )
    [told] = in_page(page, [ModelStream("deep", f"data: {deep}\n\n".encode() * 2, "unfinished")])
    assert told["ending"] == "unfinished"
