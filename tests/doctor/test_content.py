"""Bodies from which no event can fire, or the wrong one: each is named, with the first line that shows it."""

from __future__ import annotations

import json
import time

import pytest

from labkit.doctor import Diagnosis, FurtherAnswers, judge
from labkit.doctor import body as body_module
from labkit.recording import Arrival, Recording

HEAD = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
HTML = "<!doctype html><html><head><title>502 Bad Gateway</title></head></html>"


def diagnose(text: str | bytes, *, ended: bool = False, every_s: float = 0.1, **headers: str) -> Diagnosis:
    """What is said of a body whose paragraphs came one by one."""
    raw = text.encode() if isinstance(text, str) else text
    ends = [place + 2 for place in range(len(raw)) if raw[place : place + 2] == b"\n\n"] or [len(raw)]
    pieces = [raw[start:end] for start, end in zip([0, *ends], [*ends, len(raw)], strict=True)]
    arrivals = tuple(Arrival(every_s * place, piece) for place, piece in enumerate(pieces) if piece)
    heads = {name.replace("_", "-"): value for name, value in headers.items()}
    end_s = every_s * len(pieces) + 0.1
    return judge(Recording(200, HEAD | heads, arrivals, ended, "", 0.0, end_s, 1_790_000_000.0, "http://x/"))


def ticks(*texts: str) -> str:
    return "retry: 2000\n\n" + "".join(f"id: {n}\ndata: {text}\n\n" for n, text in enumerate(texts, start=1))


MODEL = "".join(f'data: {{"choices": [{{"delta": {{"content": "{text}"}}}}]}}\n\n' for text in "ab")
FINISHED = MODEL + 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
UMLAUT_TWICE = "größer".encode().decode("latin-1")

#: (cause, what the evidence must show, the body, how it ended and under which headers)
BROKEN: list[tuple[str, str, str | bytes, dict[str, object]]] = [
    ("json-lines", '{"token":"x"}', '{"token":"x"}\n' * 20, {}),
    ("json-lines", '{"token":"x"}', '{"token":"x"}\n\n' * 5, {}),
    ("json-lines", '{"token":"x"}', '{"token":"x"}\r\n' * 5, {"ended": True}),
    ("json-lines", "[1, 2]", "[1, 2]\n" * 3, {}),
    ("json-lines", "'{'", '{\n  "id": 1,\n  "data": 2\n}\n', {"ended": True}),
    ("bare-lines", "hello", "hello\n\n", {}),
    ("bare-lines", "tick 1", "tick 1\ntick 2\n", {}),
    ("bare-lines", "message: hello", "message: hello\n\n" * 3, {}),
    ("bare-lines", "date: hello", "id: 1\ndate: hello\n\n" * 3, {}),
    ("bare-lines", "data hello", "data hello\n\n" * 3, {}),
    ("bare-lines", "Starting", ticks("a", "b") + "Starting the worker\n" + ticks("c"), {}),
    ("field-misspelt", "Data: x", "Data: x\n\n" * 3, {}),
    ("field-misspelt", "DATA: x", "DATA: x\n\n", {"ended": True}),
    ("field-misspelt", "begins with a blank", "  data: x\n\n" * 3, {}),
    ("field-misspelt", "begins with a blank", "\tevent: a\n\tdata: x\n\n" * 3, {}),
    ("field-misspelt", "data : x", "data : x\n\n" * 3, {}),
    ("field-misspelt", "data=x", "data=x\n\n" * 3, {}),
    ("field-misspelt", "'\"data\": x'", '"data": x\n\n' * 3, {}),
    ("field-misspelt", "ID: 1", "ID: 1\ndata: a\n\nID: 2\ndata: b\n\n", {}),
    ("field-misspelt", "    data: 1", "event: tick\n    data: 1\n    \n", {}),
    ("field-misspelt", "    id: 1", "data: 1\n    id: 1\n\n", {}),
    ("never-ends", "' ' is not blank", "data: x\n \n" * 4, {}),
    ("event-without-data", "event: refresh", "event: refresh\nid: 1\n\nevent: refresh\nid: 2\n\n", {}),
    ("event-without-data", "event: done", ticks("a", "b") + "event: done\n\n", {"ended": True}),
    ("event-without-data", "id: 1", "id: 1\n\nid: 2\n\n", {}),
    ("fields-apart", "event: tick", "event: tick\n\ndata: 1\n\n" * 3, {}),
    ("fields-apart", "event: tick", "id: 1\n\nevent: tick\n\ndata: 1\n\n" * 3, {}),
    ("fields-apart", "id: 1", "".join(f"id: {n}\n\ndata: {n}\n\n" for n in range(1, 5)), {}),
    ("html-page", "<!doctype html>", HTML + "\n", {}),
    ("page-inside", "HTML", ticks("a", "b") + "<html>\n<h1>502 Bad Gateway</h1>\n</html>\n", {"ended": True}),
    ("page-inside", "HTML", ticks("a", "b") + HTML, {"ended": True}),
    ("page-inside", "502", ticks("a", HTML), {}),
    ("page-inside", "Traceback", ticks("a") + "Traceback (most recent call last):\n  File \"a.py\", line 1\n", {}),
    ("page-inside", "Fatal error", ticks("a") + "PHP Fatal error:  Uncaught x in /a.php on line 3\n", {}),
    ("page-inside", "Fatal error", ticks("a") + "<b>Fatal error</b>: Uncaught x\n", {}),
    ("page-inside", "TypeError: x", ticks("a") + "TypeError: x\n    at a (/a.js:1:2)\n", {}),
    ("page-inside", "HTTP/1.1 500", ticks("a") + "HTTP/1.1 500 Internal Server Error\n", {}),
    ("double-data", "data: data: 1", "data: data: 1\ndata: \ndata: \n\n" * 3, {}),
    ("double-data", "data: event: tick", "data: event: tick\ndata: data: 1\ndata: \ndata: \n\n" * 3, {}),
    ("double-data", "data: id: 1", "data: id: 1\ndata: event: tick\ndata: data: 1\ndata:\n\n" * 3, {}),
    ("double-data", "b'data: 1", "data: b'data: 1\\n\\n'\n\n" * 3, {}),
    ("double-data", "\"data: 1", 'data: "data: 1\\n\\n"\n\n' * 3, {}),
    ("backslash-n", "hello", "data: hello\\n\\n\n\n" * 3, {}),
    ("backslash-n", "holds the next field", "data: a\\ndata: b\n\n" * 3, {}),
    ("backslash-n", "ends with a backslash and an n", rb"data: one\n\n", {}),
    ("backslash-n", "a backslash and an n", rb"data: one\n\ndata: two\n\n", {}),
    ("backslash-n", "the next field behind '/n/n'", b"data: one/n/ndata: two/n/n", {}),
    ("backslash-n", "ends with '<br>'", b"data: one<br>\ndata: two<br>\n", {}),
    ("field-misspelt", "begins with a colon", ":data: 1\n\n:data: 2\n\n", {}),
    ("bare-lines", "chunked twice", "retry: 2000\n\n" + "f\r\nid: 1\ndata: a\n\n\r\n10\r\nid: 2\ndata: b\n\n\r\n", {}),
    ("not-utf8", "UTF-16", ticks("a", "b").encode("utf-16-le"), {}),
    ("printed-object", "[object Object]", ticks("[object Object]", "[object Object]"), {}),
    ("printed-object", "token: [object Object]", ticks("token: [object Object]", "token: [object Object]"), {}),
    ("printed-object", "{'a': 1}", ticks("{'a': 1}", "{'a': 2}"), {}),
    ("printed-object", "True", ticks('{"a": True}', '{"a": None}'), {}),
    ("printed-object", "b'abc'", ticks("b'abc'", "b'def'"), {}),
    ("printed-object", "object at 0x", ticks("<__main__.Tick object at 0x7f3a2b1c>"), {}),
    ("printed-object", "coroutine", ticks("<coroutine object f at 0x7f3a2b1c>"), {}),
    ("printed-object", "com.acme.Tick@1b2c3d", ticks("com.acme.Tick@1b2c3d"), {}),
    ("printed-object", "map[n:1]", ticks("map[n:1]"), {}),
    ("printed-object", "undefined", ticks("undefined", "undefined"), {}),
    ("printed-object", "{'n': 2}", ticks('{"n": 1}', "{'n': 2}", '{"n": 3}'), {}),
    ("printed-object", "Price[n=1]", ticks("Price[n=1]", "Price[n=2]"), {}),
    ("printed-object", "Tick(n=1, name='a')", ticks("Tick(n=1, name='a')"), {}),
    ("printed-object", "n=1 name='a'", ticks("n=1 name='a' next=None"), {}),
    ("printed-object", "Tick { n: 1 }", ticks("Tick { n: 1 }"), {}),
    ("printed-object", "[object Object]", ticks('{"a": "[object Object]"}', '{"a": 1}', '{"a": 2}'), {}),
    ("html-escaped", "would be '{\"n\": 1}'", ticks("{&quot;n&quot;: 1}", "{&quot;n&quot;: 2}", "{&#34;n&#34;: 3}"), {}),
    ("template-unfilled", "${row.n}", ticks(*["${row.n}"] * 3), {}),
    ("template-unfilled", "{json.dumps(row)}", ticks(*["{json.dumps(row)}"] * 3), {}),
    ("template-unfilled", "{{ price }}", ticks(*["price: {{ price }}"] * 3), {}),
    ("json-broken", "delimiter", ticks('{"n": 1, "a": "b"', '{"n": 2, "a": "b"', '{"n": 3, "a": "b"'), {}),
    ("json-broken", "at character 1", ticks("{n: 1}", "{n: 2}", "{n: 3}"), {}),
    ("json-broken", "is no JSON", ticks('{"n": 1,}', '{"n": 2,}', '{"n": 3,}'), {}),
    ("json-lines", '{"n": 1},', '{"n": 1},\n{"n": 2},\n', {}),
    ("backslash-n", "event: tick\\ndata: 1", "event: tick\\ndata: 1\\n\\n\n" * 3, {}),
    ("html-page", "<h1>It works", "<h1>It works</h1>", {"ended": True}),
    ("json-nan", "NaN", ticks('{"a": NaN}', '{"a": 1.5}'), {}),
    ("encoded-twice", "", ticks(UMLAUT_TWICE, "plain"), {}),
    ("encoded-twice", "", ticks(json.dumps({"a": UMLAUT_TWICE})), {}),
    ("replacement-characters", "U+FFFD", ticks("gr\ufffd\ufffdn", "b"), {}),
    ("replacement-characters", "U+FFFD", ticks(json.dumps({"a": "gr\ufffdn"}), '{"a": 1}'), {}),
    ("ends-inside", "data: c", ticks("a", "b") + "id: 3\ndata: c", {"ended": True}),
    ("ends-inside", "'c'", ticks("a", "b") + "id: 3\ndata: c\n", {"ended": True}),
    ("ends-inside", "data: on", "data: on", {"ended": True}),
    ("length-cuts", "Content-Length: 54", ticks("a", "b", "c")[:-4], {"ended": True, "content_length": "54"}),
    ("length-cuts", "gr\\xfcn", ticks("a", "grün")[:-1], {"ended": True, "content_length": "56"}),
    ("type-odd", "quotes", 'id: 1\nevent: "tick"\ndata: 1\n\n', {}),
    ("type-odd", "blanks", "id: 1\nevent: tick \ndata: 1\n\n", {}),
    ("empty-messages", "2 of 4", 'id: 1\ndata: {"n": 1}\n\ndata: \n\nid: 2\ndata: {"n": 1}\n\ndata:\n\n', {}),
    ("empty-messages", "3 of 6", "data: tick\n\ndata: \n\n" * 3, {"every_s": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "shown", "text", "options"), BROKEN, ids=[f"{row[0]}: {row[2]!r:.40}" for row in BROKEN]
)
def test_what_no_listener_gets_is_named_with_its_line(
    cause: str, shown: str, text: str | bytes, options: dict[str, object]
) -> None:
    found = diagnose(text, **options)  # type: ignore[arg-type]
    assert found.first == cause, found
    assert shown in found.findings[0].evidence.replace("\\\\", "\\"), found


HEALTHY: dict[str, tuple[str, dict[str, object]]] = {
    "ticks without ids": ("data: tick\n\n" * 20, {}),
    "texts with escaped line breaks": (ticks(r"one\ntwo\n\n", r"three\nfour\n\n"), {}),
    "paragraphs of which one ends so": (ticks(r"one", r"two\n\n", "three"), {}),
    "JSON with escaped line breaks": (ticks(json.dumps({"text": "a\n\n"}), json.dumps("b\n\n")), {}),
    "heartbeats with a type and no data": (ticks("a", "b") + "event: ping\n\n" * 3, {}),
    "heartbeats with a type and empty data": (ticks("a", "b") + "event: ping\ndata:\n\n" * 3, {}),
    "positions without data": (ticks("a", "b") + "id: 17\n\nid: 18\ndata: c\n\n", {}),
    "a position behind each event": ("".join(f"data: {n}\n\nid: {n}\n\n" for n in range(5)), {}),
    "an empty word among words": ("data: a\n\ndata: \n\ndata: b\n\ndata: c\n\n", {}),
    "HTML fragments": (ticks("<div id='a'>1</div>", "<p>two</p>"), {}),
    "HTML over several lines": ("id: 1\ndata: <div>\ndata:   <p>a</p>\ndata: </div>\n\n", {}),
    "a log that quotes a traceback": (ticks("Traceback (most recent call last):", '  File "a.py", line 1'), {}),
    "a chat about JavaScript": (ticks("why do I see [object Object]?", "you print an object", "ah", "thanks"), {}),
    "a word of a model": (ticks("True", " or", " undefined", " or", " None"), {}),
    "SQL in single quotes": (ticks("SELECT 'a' FROM b", "('a', 'b') are names", "done"), {}),
    "umlauts and emoji": (ticks("grün", "größer", "\U0001f600", "Ärger über Öl", "naïve Ãpfel"), {}),
    "one spoilt title among many": (ticks(*[f"title {n}" for n in range(30)], "tit\ufffde"), {}),
    "a stream about streams": (ticks("a line begins with data: or id:", "and ends with a blank line", "so it is"), {}),
    "a whole answer with its length": (ticks("a", "grün"), {"ended": True, "content_length": "57"}),
    "an end behind a comment": (ticks("a", "b") + ": bye", {"ended": True}),
    "an end behind a lone id": (ticks("a", "b") + "id: 9\n", {"ended": True}),
    "watched up to the middle of an event": (ticks("a", "b") + "id: 3\ndata: ha", {}),
    "lines of blanks": (ticks("a", "b") + "  \n\n", {}),
    "Windows line ends": (ticks("a", "b").replace("\n", "\r\n"), {}),
    "JSON that is not whole yet": (r'data: {"text": "one\n\ntwo\n\n', {}),
    "a page's text that is not whole yet": (r"data: one\n\ntwo", {}),
    "comments that explain": (": data follows\n\n: event source\n\n" + ticks("a", "b"), {}),
    "a README line by line": ("".join(f"data: {line}\n\n" for line in ("# a", "", "[b](c)", "", "[d][e]", "", "[f]")), {}),
    "source code": (ticks(r'x = "\ufffd"', "y = [object Object]" + " " * 300), {}),
    "JSON that grows": (ticks('{"a": ', '{"a": "b"', '{"a": "b"}'), {}),
    "a log of keys and values": (ticks('level=info msg="a b" n=1', 'level=info msg="c" ok=True'), {}),
    "a lesson about templates": (ticks("${row.n}", "write ${row.n}", "{{ price }}"), {}),
    "a chat about objects, in JSON": (ticks('{"text": "[object Object] is what you see"}', '{"text": "b"}', '{"text": "c"}'), {}),
    "log lines in brackets": (ticks("[12:30] a", "[INFO] b", "{main} c", "{ok"), {}),
    "JSON with words that look hard": (ticks('{"a": "NaN", "b": "Infinity"}', '{"nan": 1}'), {}),
    "a model's end mark without a blank line": (FINISHED + "data: [DONE]", {"ended": True}),
    "a field of its own": ("id: 1\ntime: 12\ndata: a\n\n" * 1, {}),
    "a word as heartbeat": ('data: {"n": 1}\n\ndata: ping\n\ndata: {"n": 2}\n\n', {}),
    "a bare word as heartbeat": (ticks("a", "b") + "ping\n\n" * 3, {}),
    "nothing yet but a field of its own": ("version: 1\n\n: open\n\n", {}),
    "Wikimedia's": (':ok\n\nevent: message\nid: [{"topic":"a","offset":1}]\ndata: {"title":"x"}\n\n', {}),
    "Mastodon's": (':)\n\nevent: update\ndata: {"id":"1"}\n\n:thump\n\n', {}),
    "the old transport of MCP": ("event: endpoint\ndata: /messages/?session_id=1\n\n: ping - 2026-01-01\n\n", {}),
    "a page that reloads itself": ('data: {"action":"building"}\n\ndata: \U0001f493\n\ndata: \U0001f493\n\n', {}),
    "Turbo's": ("id: 1\ndata: <turbo-stream action=\"append\" target=\"a\">\ndata: <template>x</template>\n\n", {}),
    "an event called data": ("id: 1\nevent: data\ndata: a\n\n", {}),
    "greetings of Datastar": ("id: 1\nevent: datastar-patch-elements\ndata: elements <div id=\"a\"></div>\n\n", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_what_looks_odd_and_works_is_healthy(name: str) -> None:
    text, options = HEALTHY[name]
    found = diagnose(text, **options)  # type: ignore[arg-type]
    assert found.healthy, found


def test_ids_that_are_missing_are_a_note_and_no_illness() -> None:
    found = diagnose("data: tick\n\n" * 20)
    assert found.healthy and ("ids-missing", "note") in [(each.name, each.severity) for each in found.findings]


@pytest.mark.parametrize(
    "raw",
    ["x\n" * 60_000, "Data: x\n" * 14_000, "data:\n\n" * 18_000, "{\n" * 60_000, "event: a\n\n" * 12_000,
     "data: {" + "a: " * 40_000 + "}\n\n", "data: " + "Ã" * 60_000 + "\n\n", "data: [" + "'" * 60_000 + "]\n\n",
     "data: [" + "[" * 60_000 + "\n\n", "data: " + "a." * 60_000 + "\n\n"],
    ids=lambda raw: raw[:12],
)  # fmt: skip
def test_hostile_bodies_are_judged_in_time_in_proportion_to_their_length(
    raw: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def took_s(max_bytes: int) -> float:
        """Of this thread's own processor time: servers of other tests may still be ending beside it."""
        monkeypatch.setattr(body_module, "MAX_BODY_BYTES", max_bytes)
        began_s = time.thread_time()
        diagnose(raw.encode()[:max_bytes], every_s=1e-6)
        return time.thread_time() - began_s

    small_s, large_s = (min(took_s(max_bytes) for _ in range(2)) for max_bytes in (8 * 1024, 32 * 1024))
    assert large_s < 0.3 + 10 * small_s, (small_s, large_s)


def test_a_posted_answer_is_looked_at_too() -> None:
    text = '{"token":"x"}\n' * 5
    recording = Recording(200, HEAD, (Arrival(0.1, text.encode()),), end_s=1.0)
    assert judge(recording, FurtherAnswers(posted=True)).first == "json-lines"
