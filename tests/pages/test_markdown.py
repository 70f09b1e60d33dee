"""An answer's Markdown in a real Chromium: what it becomes, that it harms nobody, and that it stays quick."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.pages import ask
from labkit.server import launch

from ..chromium import QUIET
from .attacks import HTML, MARKDOWN

pytestmark = pytest.mark.browser

# What a browser made of an answer: everything in it that a safe one would not have.
WRONG = """(() => {
    const tags = new Set(ALLOWED.ALLOWED_TAGS.map((tag) => tag.toUpperCase()));
    window.wrongIn = (root) => [...root.querySelectorAll('*')].flatMap((node) => [
        ...(tags.has(node.tagName) ? [] : [node.outerHTML]),
        ...[...node.attributes].filter(({ name, value }) => !ALLOWED.ALLOWED_ATTR.includes(name)
            || (name === 'href' && !/^(https?:\\/\\/|mailto:)/.test(value))).map(({ name, value }) => `${name}=${value}`),
        ...(node.tagName === 'A' && node.rel !== 'noopener noreferrer nofollow' ? ['rel of ' + node.outerHTML] : []),
    ]);
})()"""
#: As it streams: a character at a time, into the page itself.
STREAMED = """(texts) => texts.flatMap((text) => {
    const view = new MarkdownView(at('answer')), wrong = [];
    for (let length = 1; length <= text.length; length += 1) {
        if (!view.show(text.slice(0, length))) wrong.push('not shown');
        wrong.push(...wrongIn(at('answer')));
    }
    return wrong.map((what) => `${text} gave ${what}`);
})"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))"


class Shown:
    """The page, and every request that it made."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(url + "/")
        page.evaluate(WRONG)
        page.evaluate(SETTLED)
        self.requests.clear()

    def stays_harmless(self) -> None:
        """Nothing ran and nothing was asked for, though the browser had the time."""
        self.page.evaluate(SETTLED)
        assert self.page.evaluate("window.owned") is None
        assert self.requests == []

    def html(self, text: str) -> str:
        """What the page makes of it."""
        made: str = self.page.evaluate(
            "(text) => { const view = new MarkdownView(at('answer')); view.show(text); return at('answer').innerHTML; }",
            text,
        )
        return re.sub(r' title="[^"]*" target="_blank" rel="noopener noreferrer nofollow"', "", made).strip()


@pytest.fixture(scope="module")
def open_page(tool: Callable[[str], str]) -> Iterator[Callable[..., Shown]]:
    from playwright.sync_api import sync_playwright

    server = launch(ask.routes(), name="markdown")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=QUIET)
        yield lambda **options: Shown(browser.new_context(**options).new_page(), server.url)
        browser.close()
    server.stop()


@pytest.fixture(scope="module")
def shown(open_page: Callable[..., Shown]) -> Shown:
    return open_page()


def test_a_hundred_attacks_do_nothing_at_any_moment_of_their_stream(shown: Shown) -> None:
    assert len(HTML + MARKDOWN) > 100
    assert shown.page.evaluate(STREAMED, HTML + MARKDOWN) == []
    shown.stays_harmless()


def test_attacks_in_one_answer_do_nothing_either(shown: Shown) -> None:
    texts = [
        "\n".join(HTML),
        "\n\n".join(MARKDOWN),
        "> ".join(HTML),
        "*" + "*".join(MARKDOWN),
        "- " + "\n- ".join(HTML),
    ]
    found = shown.page.evaluate(
        "(texts) => texts.flatMap((text) => { new MarkdownView(at('answer')).show(text); return wrongIn(at('answer')); })",
        texts,
    )
    assert found == []
    shown.stays_harmless()


@pytest.mark.parametrize("html", HTML)
def test_what_looks_like_html_is_shown_as_it_was_written(shown: Shown, html: str) -> None:
    shown.html(html)
    words = shown.page.evaluate("at('answer').textContent")
    # Markdown inside it is Markdown, and entities are characters: what is left of both are the letters and brackets.
    told = re.sub(r"&lt;|&gt;", lambda entity: "<" if entity[0] == "&lt;" else ">", html)
    assert re.sub(r"\W", "", words) == re.sub(r"\W", "", told)
    assert words.count("<") == told.count("<") and words.count(">") == told.count(">")


def test_each_wall_holds_alone(open_page: Callable[..., Shown]) -> None:
    attacks = HTML + MARKDOWN
    shown = open_page(bypass_csp=True)  # the fourth wall: this test asks what the others do without it
    parsed = "(html) => new DOMParser().parseFromString(html, 'text/html').body"
    ours_alone = f"(texts) => texts.flatMap((text) => wrongIn(({parsed})(MARKDOWN.parse(text))))"
    assert shown.page.evaluate(ours_alone, attacks) == []
    # A parser that was told nothing gives all of it to DOMPurify.
    purified = "DOMPurify.sanitize(new marked.Marked().parse(text) + text, ALLOWED)"
    theirs_alone = f"(texts) => texts.flatMap((text) => wrongIn({purified}).filter((what) => !/^href=[/#]/.test(what)))"
    assert shown.page.evaluate(theirs_alone, attacks) == []
    assert len(shown.page.evaluate(f"(texts) => texts.flatMap((text) => wrongIn(({parsed})(text)))", HTML)) > 50
    shown.stays_harmless()


def test_the_policy_alone_keeps_a_script_from_running(shown: Shown) -> None:
    tried = (
        "(html) => { try { at('answer').innerHTML = html; return 'taken'; } catch (problem) { return problem.name; } }"
    )
    assert {shown.page.evaluate(tried, html) for html in HTML} == {"TypeError"}
    shown.stays_harmless()


PLAIN = """# Head *ing*

Some **bold** and `code`, a [link](https://good.example/a?b=c&d=e) and <https://good.example>.
A second line.

1. one
2. two
   - nested

   a paragraph in it

- [x] done
- [ ] open

> quoted
lazily

| a | b |
|---|--:|
| 1 | 2 |

```python
print("<b>")
```

7. seven

Title
=====

    indented

a ~~deleted~~ word, me@good.example

***

[1]: https://good.example/definition
[1]: https://good.example/twice
the end\r\nof it\rall
"""


def test_markdown_is_shown_as_people_know_it(shown: Shown) -> None:
    made = shown.html(PLAIN)
    for part in (
        "<h1>Head <em>ing</em></h1>",
        '<strong>bold</strong> and <code>code</code>, a <a href="https://good.example/a?b=c&amp;d=e">link</a>',
        "<br>A second line.",
        "<ol>",
        "☑ done",
        "<blockquote>",
        '<td align="right">2</td>',
        '<pre><code>print("&lt;b&gt;")\n</code></pre>',
        "<h1>Title</h1>",
        "<del>deleted</del> word, <a",
        '<a href="mailto:me@good.example">',
        '<ol start="7">',
        "<hr>",
        '[1]: <a href="https://good.example/twice">',
        "the end<br>of it<br>all",
    ):
        assert part in made, made
    picture = shown.html("![a cat](https://good.example/cat.png)")
    assert picture == '<p><a href="https://good.example/cat.png">picture: a cat</a></p>'
    assert shown.html("[x](javascript:alert(1))") == "<p>[x](javascript:alert(1))</p>"
    shown.stays_harmless()


def test_a_stream_becomes_what_the_whole_becomes_and_what_is_finished_stays(shown: Shown) -> None:
    texts = [
        PLAIN,
        "\n\n".join(MARKDOWN),
        "\n\n".join(HTML[:12]),
        PLAIN.replace("\n", "\r\n"),
        "- a\n\n\n\n  b\n- c\n\n1. d\n\n\ne",
    ]
    different = shown.page.evaluate(
        """(texts) => texts.flatMap((text) => {
            const streamed = document.createElement('div'), whole = document.createElement('div');
            const view = new MarkdownView(streamed), wrong = [];
            for (let place = 1; place < text.length + 3; place += 3) {
                const length = Math.min(place, text.length);
                view.show(text.slice(0, length));
                if (length % 7 && length !== text.length) continue;
                new MarkdownView(whole).show(text.slice(0, length));
                if (streamed.innerHTML !== whole.innerHTML) wrong.push(text.slice(Math.max(length - 40, 0), length));
            }
            return wrong;
        })""",
        texts,
    )
    assert different == []
    kept = """(text) => {
        const view = new MarkdownView(at('answer'));
        view.show(text);
        const first = at('answer').firstElementChild;
        view.show(text + '\\n\\nand more');
        return first.isConnected && first === at('answer').firstElementChild;
    }"""
    assert shown.page.evaluate(kept, PLAIN) is True


def test_a_long_answer_costs_a_part_of_a_frame_for_each_token(shown: Shown) -> None:
    text = (PLAIN * 60)[:20_000]
    assert len(text) == 20_000
    # 20 characters at a time, as 1,000 tokens: the median rendering, in ms, of the last hundred, where it is longest.
    took_ms = shown.page.evaluate(
        """(text) => {
            const view = new MarkdownView(at('answer')), took = [];
            for (let length = 20; length <= text.length; length += 20) {
                const began = performance.now();
                if (!view.show(text.slice(0, length))) return -1;
                took.push(performance.now() - began);
            }
            return took.slice(-100).sort((one, other) => one - other)[50];
        }""",
        text,
    )
    assert 0 <= took_ms < 16


@pytest.mark.parametrize(
    "text", ["> " * 9000, "1. " * 9000, "a" * 40_000, "a." * 20_000 + "@"], ids=["quotes", "lists", "block", "mail"]
)
def test_what_would_take_too_long_is_refused(shown: Shown, text: str) -> None:
    assert shown.page.evaluate("(text) => new MarkdownView(at('answer')).show(text)", text) is False


def test_the_libraries_are_what_their_authors_published() -> None:
    table = (ask.VENDORED["/purify-3.5.0.min.js"].parent / "README.md").read_text("utf-8")
    for file in ask.VENDORED.values():
        assert hashlib.sha256(file.read_bytes()).hexdigest() in table
        assert f"`{file.name}`" in table
