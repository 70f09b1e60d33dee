"""Every face that an answer can have on the page, in a real Chromium: its word, its sentence, its colour, its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.dialects import ENDING_SENTENCES
from labkit.pages import ask
from labkit.server import launch

from ..chromium import QUIET
from ..dialects.streams import (
    DONE,
    STREAMS,
    WEATHER,
    A,
    ModelStream,
    call,
    candidate,
    chat,
    end_of_message,
    events,
    lines,
    named,
    piece,
    says,
)  # fmt: skip
from ..helpers import eventually
from .attacks import HTML, MARKDOWN

pytestmark = pytest.mark.browser

PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/any:streamGenerateContent",
    "ollama": "/api/chat",
}
KINDS = {
    **dict.fromkeys(("length", "paused", "tool_calls", "other", "stopped"), "attention"),
    **dict.fromkeys(("filtered", "refused", "failed", "unfinished", "broken"), "bad"),
    "finished": "good",
}
#: WCAG's contrast ratio of the word of the state against the page.
CONTRAST = """() => {
    const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0) + 0.05;
    const pair = [getComputedStyle(at('word')).color, getComputedStyle(document.body).backgroundColor].map(light);
    return Math.max(...pair) / Math.min(...pair);
}"""

#: What can run or load something.
ACTIVE = "main :is(script, img, svg, iframe, object, embed, form form, base, meta, video, audio, style), main [onerror]"


class Replay(RequestHandler):
    """Sends the stream that was put in, as it was recorded, and remembers what it was asked."""

    stream: ModelStream
    asked: dict[str, Any] = {}  # noqa: RUF012

    async def post(self) -> None:
        type(self).asked = json.loads(self.request.body)
        self.set_header("Content-Type", "application/x-ndjson" if self.stream.lines else "text/event-stream")
        for start in range(0, len(self.stream.body), 500):
            self.write(self.stream.body[start : start + 500])
            await self.flush()
        if self.stream.broken:
            await self.flush()
            assert self.request.connection is not None
            self.request.connection.stream.close()  # type: ignore[attr-defined]


class Faces:
    """The page, and a model's server that replays streams."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self.complaints: list[str] = []
        self.page = self.open()

    def open(self, **options: Any) -> Any:
        page = self.browser.new_context(**options).new_page()
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.goto(self.url + "/")
        return page

    def ask(self, stream: ModelStream, way: str = "", page: Any = None) -> Any:
        """The page after it has read this stream."""
        Replay.stream = stream
        page = page or self.page
        page.select_option("#way", way or ("ollama" if stream.lines else "openai"))
        page.click("#generate")
        eventually(lambda: page.evaluate("Boolean(asked?.over && !unpainted.frame)"))
        return page


@pytest.fixture(scope="module")
def faces(tool: Callable[[str], str]) -> Iterator[Faces]:
    from playwright.sync_api import sync_playwright

    server = launch({**ask.routes(), **dict.fromkeys(PATHS.values(), Replay)}, name="faces")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=QUIET)
        faces = Faces(browser, server.url)
        yield faces
        assert faces.complaints == []
        browser.close()
    server.stop()


WRITTEN = """A *book* without pictures has **one** use:

1. it is read,
2. and `read again`.

```python
print("without pictures")
```

| kind | pictures |
|---|--:|
| atlas | 120 |
| novel | 0 |

See [Alice](https://www.gutenberg.org/ebooks/11), <b>not bold</b>, and ![a rabbit](https://evil.example/rabbit.png)."""

RICH = [
    ModelStream("rich", events(chat(reasoning_content="The user asks about books. Let me think about what a picture is for, and what a word can do without one."), *(chat(word + " ") for word in WRITTEN.split(" ")), chat(finish="stop"), {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 180}}, DONE), "finished"),
    ModelStream("tools", events(chat("I look it up."), chat(tool_calls=[call(0, "", "call_1", "get_weather"), call(1, "", "call_2", "get_time")]), chat(tool_calls=[call(0, '{"city": ')]), chat(tool_calls=[call(0, '"Rome"}'), call(1, "{\"zone")]), chat(finish="tool_calls"), DONE), "tool_calls"),
    ModelStream("choices", events(chat("A book is for reading."), chat("A book is a **door**", index=1), chat(" And for dreaming."), chat(finish="stop"), chat(", if you can find", index=1), chat(finish="length", index=1), DONE), "length"),
    ModelStream("refusal", events(chat(refusal="I will not help with that, "), chat(refusal="and here is why."), chat(finish="stop"), DONE), "refused"),
    ModelStream("odd", events("", A, "keep-alive", chat(finish="stop")), "finished"),
]  # fmt: skip


def test_every_ending_has_its_word_its_sentence_and_its_colour(faces: Faces) -> None:
    one_of_each = {stream.ending: stream for stream in STREAMS if not stream.name.startswith("labkit")}
    assert set(one_of_each) | {"stopped"} == set(ENDING_SENTENCES)
    for ending, stream in one_of_each.items():
        page = faces.ask(stream)
        state = page.locator("#state")
        assert state.get_attribute("data-state") == ending, stream.name
        assert state.get_attribute("data-kind") == KINDS[ending]
        assert page.inner_text("#word") == ending.replace("_", " ")
        assert len(page.inner_text("#why")) > 10 and stream.why in page.inner_text("#why")
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(CONTRAST) >= 4.5, (ending, scheme)


def test_every_part_is_shown_as_what_it_is(faces: Faces) -> None:
    rich, tools, choices, refusal, odd = RICH
    page = faces.ask(rich)
    assert not page.locator("details.reasoning .plain").is_visible()
    page.click("details.reasoning summary")
    assert "what a picture is for" in page.inner_text("details.reasoning .plain")
    assert page.locator("#answer strong").inner_text() == "one" and page.locator("#answer img").count() == 0
    assert "<b>not bold</b>" in page.inner_text("#answer")
    assert "180 tokens in" in page.inner_text("#numbers") and "tokens a second" in page.inner_text("#numbers")
    # From the question on: an answer that came in one lump would be the fastest else.
    assert page.evaluate("rate(180 * 1000 / (asked.last - asked.began))") in page.inner_text("#numbers")
    page.check("#as-text")
    assert page.evaluate("document.querySelector('#answer .words').textContent").strip() == WRITTEN
    page.check("#as-markdown")
    assert page.locator("#answer table td").count() == 4
    page = faces.ask(tools)
    called = page.locator(".part.tool")
    assert "get_weather call_1" in called.nth(0).inner_text() and '"city": "Rome"' in called.nth(0).inner_text()
    assert "no JSON" in called.nth(1).inner_text() and '{"zone' in called.nth(1).inner_text()
    page = faces.ask(choices)
    assert page.locator(".choice h3").all_inner_texts() == ["Answer 1", "Answer 2"]
    assert page.locator(".choice .words").all_inner_texts() == [
        "A book is for reading. And for dreaming.", "A book is a door, if you can find",
    ]  # fmt: skip
    assert [text.split(":")[0] for text in page.locator(".choice-ending > span:last-child").all_inner_texts()] == [
        "finished", "length",
    ]  # fmt: skip
    page = faces.ask(refusal)
    assert page.inner_text(".part.refusal").endswith("I will not help with that, and here is why.")
    page = faces.ask(odd)
    assert page.locator("#notes li").all_inner_texts() == [
        "1 event left out: empty data", "1 event left out: no JSON", "the end mark is missing",
    ]  # fmt: skip


def test_attacks_that_stream_in_harm_no_part_of_the_page(faces: Faces) -> None:
    """Each character a token, in the answer, the reasoning, a refusal, a tool's name and arguments, and an error."""
    page, requests = faces.open(), []
    page.on("request", lambda request: requests.append(request.url))
    text = "\n\n".join([*HTML, *MARKDOWN])
    parts = [chat(reasoning_content=text), chat(refusal=text), chat(tool_calls=[call(0, text, text, text)])]
    tokens = [chat(text[start : start + 2]) for start in range(0, len(text), 2)]
    error = ("error", {"error": {"message": HTML[0], "type": HTML[3]}})
    faces.ask(ModelStream("attack", events(*parts, *tokens, error), "failed"), page=page)
    assert page.inner_text("#why") == f"the model says: {HTML[0]}"
    for radio in ("#as-text", "#as-markdown"):
        page.check(radio)
        page.click("details.reasoning summary")
        assert page.locator(ACTIVE).count() == 0
        assert page.evaluate("window.owned") is None
    assert all(html in page.evaluate("document.querySelector('details.reasoning .plain').textContent") for html in HTML)
    assert requests == [f"{faces.url}/v1/chat/completions"]


def test_what_a_server_should_not_send_is_told_in_words(faces: Faces) -> None:
    page = faces.open()
    page.select_option("#way", "answers")
    page.click("#more summary")
    page.fill("#choices", "77")  # more than it asks for, and folded again: the form is sent all the same
    page.click("#more summary")
    asked: list[str] = []
    given = {"POST": "", "GET": ""}

    def answers(route: Any) -> None:
        method = route.request.method
        asked.append(method)
        kind = "application/json" if method == "POST" else "text/event-stream"
        route.fulfill(status=200, body=given[method], content_type=kind)

    page.route(re.compile("/answers"), answers)
    for given["POST"], given["GET"], told in (
        ("7", "", "failed: the server took the question, and gave its answer no number"),
        ("<html>", "", "failed: the server took the question, and gave its answer no number"),
        ('{"id": "1"}', 'data: {"text": "Hello"}\n\ndata: {"text": 7}\n\nevent: error\ndata: over\n\n', "failed: the model says: over"),
        ('{"id": "2"}', "data: x\n\nevent: done\ndata: null\n\n", "unfinished: "),
    ):  # fmt: skip
        page.click("#generate")
        eventually(lambda: page.evaluate("Boolean(asked?.over && !unpainted.frame)"))
        assert page.inner_text("#state").strip().startswith(told)
    assert asked == ["POST", "POST", "POST", "GET", "POST", "GET"]


WAYS = {
    "openai": RICH[1]._replace(body=events(chat(tool_calls=[call(0, "{}", "c", "get_weather")]), chat(finish="tool_calls"), DONE)),
    "responses": next(stream for stream in STREAMS if stream.name == "responses: a function call"),
    "gemini": ModelStream("", events(candidate({"text": "Hm", "thought": True}), candidate({"functionCall": {"name": WEATHER[0], "args": {"city": "Rome"}}}, reason="STOP")), "tool_calls"),
    "anthropic": ModelStream("", events(named("content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": WEATHER[0], "input": {}}), piece("input_json_delta", WEATHER[1]), *end_of_message("tool_use")), "tool_calls"),
    "ollama": ModelStream("", lines({**says(""), "message": {"content": "", "tool_calls": [{"function": {"name": WEATHER[0], "arguments": {"city": "Rome"}}}]}}, says("", True, done_reason="stop")), "tool_calls", lines=True),
}  # fmt: skip


def test_more_is_asked_for_in_the_words_of_each_dialect(faces: Faces) -> None:
    page, asked = faces.open(), {}
    page.click("#more summary")
    page.fill("#choices", "2")
    page.fill("#max-tokens", "50")
    page.check("#reasoning")
    page.check("#tool")
    assert page.inner_text("#asked-for") == "2 answers · at most 50 tokens · reasoning · a tool"
    for way, stream in WAYS.items():
        faces.ask(stream, way, page)
        asked[way] = Replay.asked
        assert page.locator(".part.tool").count() == 1 and page.inner_text("#word") == "tool calls"
        assert ("several answers" in page.inner_text("#notes")) is (way not in ("openai", "gemini"))
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"name": "get_weather", "description": "The weather in a city, now.", "parameters": schema}
    config = {"candidateCount": 2, "maxOutputTokens": 50, "thinkingConfig": {"includeThoughts": True}}
    assert asked["gemini"]["generationConfig"] == config
    assert asked["gemini"]["tools"] == [{"functionDeclarations": [tool]}]
    assert (asked["openai"]["n"], asked["openai"]["max_completion_tokens"]) == (2, 50)
    assert asked["openai"]["tools"] == asked["ollama"]["tools"] == [{"type": "function", "function": tool}]
    assert asked["responses"]["max_output_tokens"] == 50 and asked["responses"]["tools"] == [
        {"type": "function", **tool}
    ]
    assert asked["anthropic"]["max_tokens"] == 50 and asked["anthropic"]["thinking"]["type"] == "enabled"
    assert asked["anthropic"]["tools"][0]["input_schema"] == schema
    assert asked["ollama"]["options"] == {"num_predict": 50} and asked["ollama"]["think"] is True


def test_it_fits_on_a_phone_and_is_there_to_be_looked_at(faces: Faces, artifacts: Path) -> None:
    phone = faces.open(viewport={"width": 340, "height": 720}, device_scale_factor=2, color_scheme="dark")
    for stream in RICH:
        faces.ask(stream, page=phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 340
    phone.screenshot(path=artifacts / "face-phone.png", full_page=True)
    for scheme in ("light", "dark"):
        faces.page.emulate_media(color_scheme=scheme)
        faces.ask(RICH[0]).screenshot(path=artifacts / f"face-{scheme}.png", full_page=True)
