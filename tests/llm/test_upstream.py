"""A model behind the model's server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any, ClassVar

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.dialects import Ending, Finish, Oddity, Part, Reasoning, Text, TokenCounts, ToolCall
from labkit.errors import LabError
from labkit.lab.raw_server import loopback
from labkit.llm import AT_ONCE, KEY_VARIABLE, MODEL, Studio, Trouble, Upstream, model_routes
from labkit.llm.dialect_handlers import ChatCompletions
from labkit.llm.model_request import ModelRequest, Turn
from labkit.llm.upstream import UpstreamFailed
from labkit.llm.upstream_request import upstream_request
from labkit.server import StreamHandler, serve

from ..helpers import free_port

pytestmark = pytest.mark.live


class Page(RequestHandler):
    def post(self) -> None:
        self.finish("<!doctype html><title>Log in</title>")

    get = post


async def ask(upstream: Upstream) -> tuple[str, dict[str, Any]]:
    """The text and the state of an answer that a server with this upstream gives."""
    studio = Studio(upstream=upstream)
    async with serve(model_routes(studio)) as server, httpx.AsyncClient(trust_env=False, timeout=20) as client:
        number = (await client.post(f"{server.base_url}/answers", json={"prompt": "x"})).json()["id"]
        generation = studio.generations[number]
        await client.get(f"{server.base_url}/answers?id={number}")
        told = await client.get(f"{server.base_url}/answers?id={number}", headers={"Accept": "application/json"})
        return generation.text, told.json()


def answered(upstream_settings: dict[str, Any], key: str = "") -> tuple[str, dict[str, Any]]:
    async def main() -> tuple[str, dict[str, Any]]:
        async with serve(model_routes(Studio(**{"pace": AT_ONCE, "hostile": 0.2, **upstream_settings}))) as behind:
            return await ask(Upstream(f"{behind.base_url}/v1", key=key))

    return asyncio.run(main())


def test_its_answer_comes_through_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    text, told = answered({"key": "secret"}, key="secret")
    # An empty token is no news, and is not passed on.
    assert text == "".join(Studio(hostile=0.2).answer("x")) and told["state"] == "finished"
    monkeypatch.setenv(KEY_VARIABLE, "from the environment")
    assert Upstream("http://x/v1").key == "from the environment" and "environment" not in repr(Upstream("http://x/v1"))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"key": "another"}, "refuses the key (status 401). Set LABKIT_UPSTREAM_KEY"),
        ({"trouble": Trouble(status=429)}, "too many requests"),
        ({"trouble": Trouble(status=500)}, "says: the lab was told to answer 500 (status 500)"),
        ({"trouble": Trouble(error_after=3)}, "the model says: the model is overloaded"),
        ({"trouble": Trouble(cut_after=3)}, "broke in the middle"),
    ],
    ids=["key", "429", "500", "an error in mid-stream", "a cut"],
)
def test_what_goes_wrong_behind_is_told_in_a_sentence(settings: dict[str, Any], why: str) -> None:
    _, told = answered(settings, key="secret")
    assert told["state"] == "failed" and why in told["why"] and "secret" not in told["why"]


def test_nobody_there_or_a_page() -> None:
    _, told = asyncio.run(ask(Upstream(f"http://127.0.0.1:{free_port()}/v1")))
    assert told["state"] == "failed" and "cannot be made" in told["why"]

    async def page(model: str) -> dict[str, Any]:
        async with serve({"/v1/chat/completions": Page, "/v1/models": Page}) as behind:
            return (await ask(Upstream(behind.base_url, model)))[1]

    for model, sentence in (("any", "no event stream"), ("", "lists no model")):
        told = asyncio.run(page(model))
        assert told["state"] == "failed" and sentence in told["why"] and "Is it a model's server?" in told["why"]


def test_without_a_name_the_first_model_of_the_list_is_asked() -> None:
    asked = []

    class Listening(ChatCompletions):
        def check_trouble(self) -> None:
            asked.append(self.request_json["model"])

    async def main() -> None:
        routes = {
            **model_routes(Studio(pace=AT_ONCE)),
            "/v1/chat/completions": (Listening, {"studio": Studio(pace=AT_ONCE)}),
        }
        async with serve(routes) as behind:
            assert (await ask(Upstream(behind.base_url)))[1]["state"] == "finished"
            assert (await ask(Upstream(behind.base_url + "/v1/", "another")))[1]["state"] == "finished"

    asyncio.run(main())
    assert asked == [MODEL, "another"]


def test_a_key_that_no_header_can_hold_is_refused_and_not_shown() -> None:
    for key in ("sk-secret\nx", "sk-secret€"):
        with pytest.raises(LabError, match="Copy it once more") as problem:
            Upstream("http://x/v1", key=key)
        assert "secret" not in str(problem.value)


def test_the_ends_of_a_key_are_no_part_of_it() -> None:
    text, told = answered({"key": "secret"}, key=" secret\n")
    assert text and told["state"] == "finished"


@pytest.mark.parametrize(
    "url",
    ["localhost:11434", "http://x/v1?a=b", "http://x/v1#f", "http://[::1/v1", "http://user:word@x/v1", "http://x:y/v1"],
)
def test_what_is_no_base_url_is_refused_and_no_password_shown(url: str) -> None:
    with pytest.raises(LabError, match="One looks like") as problem:
        Upstream(url)
    assert "word@" not in str(problem.value)


def streamed(*datas: str) -> tuple[str, dict[str, Any]]:
    """What becomes of an upstream that streams these data."""

    class Streaming(StreamHandler):
        def post(self) -> None:
            self.write("".join(f"data: {data}\n\n" for data in (*datas, "[DONE]")))

    async def main() -> tuple[str, dict[str, Any]]:
        async with serve({"/v1/chat/completions": Streaming}) as behind:
            return await ask(Upstream(behind.base_url, "any"))

    return asyncio.run(main())


def chunk(text: str) -> str:
    return json.dumps({"choices": [{"delta": {"content": text}}], "error": None})


def test_odd_but_right_pieces_are_read() -> None:
    first, second = "\U0001f600".encode("utf-16-be")[:2], "\U0001f600".encode("utf-16-be")[2:]
    halves = [half.decode("utf-16-be", "surrogatepass") for half in (first, second)]
    text, told = streamed(chunk("a"), '{"choices": null}', '{"choices": [{"delta": null}]}', *map(chunk, halves), "{}")
    assert (text, told["state"]) == ("a\U0001f600", "finished")


@pytest.mark.parametrize(
    "data", ['{"choices": [null]}', '{"choices": 7}', '{"choices": [{"delta": "x"}]}', "[]", "x", ""]
)
def test_pieces_that_are_none_do_not_kill_an_answer_that_is_paid_for(data: str) -> None:
    text, told = streamed(chunk("a"), data, chunk("b"))
    assert (text, told["state"]) == ("ab", "finished")


class Noting(RequestHandler):
    """Notes what it is asked, and answers with two choices."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def post(self) -> None:
        self.asked.append(json.loads(self.request.body))
        self.set_header("Content-Type", "text/event-stream")
        for index, text in enumerate("ab"):
            choice = {"index": index, "delta": {"content": text}, "finish_reason": "length" if index else "stop"}
            self.write(f"data: {json.dumps({'choices': [choice]})}\n\n")
        self.write('data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\ndata: [DONE]\n\n')


def parts_of(handler: type[RequestHandler], request: ModelRequest, key: str = "", **settings: Any) -> list[Part]:
    """The parts that an upstream gives which this handler plays."""

    async def main() -> list[Part]:
        async with serve({"/v1/chat/completions": handler}) as behind:
            upstream = Upstream(behind.base_url, "any", key, **settings)
            return [part async for part in upstream.parts(request)]

    return asyncio.run(main())


def test_all_of_the_question_goes_on_and_what_does_not_is_said() -> None:
    tool = {"name": "weather", "description": "", "parameters": {"type": "object"}}
    turns = (Turn("system", "Be short."), Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("tool", "7 degrees"))
    parts = parts_of(
        Noting,
        ModelRequest(turns, 5, 2, ("x",), (tool,), True, {"temperature": 0.5, "stream": False}, ("audio",)),
    )
    assert Noting.asked.pop() == {
        "model": "any", "stream": True, "temperature": 0.5, "max_tokens": 5, "n": 2, "stop": ["x"],
        "tools": [{"type": "function", "function": tool}],
        "messages": [
            *({"role": turn.role, "content": turn.text} for turn in turns[:3]),
            {"role": "user", "content": "7 degrees"},
        ],
    }  # fmt: skip
    assert parts[3:6] == [Text("a"), Text("b", 1), TokenCounts(3, 2)]
    assert parts[-2:] == [Finish("finished", "stop"), Finish("length", "length", 1)]
    notes = [part.why for part in parts[:3] if isinstance(part, Oddity)]  # first, so that an answer that fails has them
    assert [note.split(",")[0] for note in notes] == [
        "not forwarded: audio", "not forwarded: reasoning", "forwarded as the user's words: the result of a tool",
    ]  # fmt: skip
    assert parts_of(Noting, ModelRequest((Turn("user", "?"),)))[-2:] == parts[-2:]
    assert Noting.asked.pop() == {"model": "any", "stream": True, "messages": [{"role": "user", "content": "?"}]}


def test_the_result_of_a_tool_goes_on_with_the_call_that_asked_for_it() -> None:
    call = {"id": "c1", "name": "weather", "arguments": '{"city": "Rome"}'}
    turns = (Turn("user", "Hi"), Turn("assistant", "", (call,)), Turn("tool", "7 degrees", (), "c1"))
    body, notes = upstream_request(ModelRequest(turns), "any", "http://localhost/v1")
    function = {"name": "weather", "arguments": '{"city": "Rome"}'}
    calls = [{"id": "c1", "type": "function", "function": function}]
    assert body["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "content": "7 degrees", "tool_call_id": "c1"},
    ]
    assert notes == []


def test_openai_itself_has_another_name_for_the_longest_answer() -> None:
    request = ModelRequest((Turn("user", "?"),), max_tokens=5)
    for url, name in (("https://api.openai.com/v1", "max_completion_tokens"), ("http://localhost/v1", "max_tokens")):
        body, notes = upstream_request(request, "any", url)
        assert body[name] == 5 and len(body) == 4 and notes == []


KEY = "sk-0123456789abcdef"


def test_a_key_is_shown_nowhere_in_an_answer() -> None:
    call = {"index": 0, "id": KEY, "function": {"name": f"f{KEY}", "arguments": f'{{"a": "{KEY}"}}'}}
    deltas: list[dict[str, Any]] = [
        {"reasoning": KEY[:9]}, {"reasoning": KEY[9:] + "!"}, {"content": f"<{KEY[:5]}"}, {"content": f"{KEY[5:]}>"},
        {"tool_calls": [call]}, {"content": KEY[:4]},
    ]  # fmt: skip

    class Repeating(RequestHandler):
        def post(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            for delta in deltas:
                self.write(f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n")
            self.write(f"data: {json.dumps({'choices': [{'finish_reason': KEY}]})}\n\n")

    parts = parts_of(Repeating, ModelRequest((Turn("user", "?"),)), KEY)
    assert KEY not in repr(parts)
    assert "".join(part.text for part in parts if isinstance(part, Reasoning)) == "***!"
    assert "".join(part.text for part in parts if isinstance(part, Text)) == "<***>sk-0"
    assert [part for part in parts if isinstance(part, ToolCall)] == [ToolCall(0, "***", "f***", '{"a": "***"}')]


async def never_in_time(first: bytes) -> UpstreamFailed:
    """What is told of a model that sends only this, and then nothing, to one who waits a twentieth of a second."""

    async def load(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await reader.read()
        await reader.read()

    async with loopback(load) as url, asyncio.timeout(5):
        with pytest.raises(UpstreamFailed) as problem:
            await anext(Upstream(url, "any", first_token_timeout_s=0.05).parts(ModelRequest((Turn("user", "?"),))))
        return problem.value


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@pytest.mark.parametrize(
    "first", [b"", HEAD + b": loading\n\n", HEAD + b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n'],
    ids=["no head (Ollama)", "a heartbeat", "a role"],
)  # fmt: skip
def test_a_cold_model_is_waited_for_as_long_as_was_told(first: bytes) -> None:
    problem = asyncio.run(never_in_time(first))
    assert "sent no token within 0.05 s. A cold model is loaded first" in str(problem) and problem.ending == "failed"


def test_how_an_answer_ended_too_early_is_told_with_the_error() -> None:
    for settings, ending in (({"cut_after": 3}, "broken"), ({"error_after": 3}, "failed")):

        async def main(trouble: Trouble) -> Ending:
            async with serve(model_routes(Studio(pace=AT_ONCE, trouble=trouble))) as behind:
                with pytest.raises(UpstreamFailed) as problem:
                    async for _ in Upstream(behind.base_url, "any").parts(ModelRequest((Turn("user", "?"),))):
                        pass
                return problem.value.ending

        assert asyncio.run(main(Trouble(**settings))) == ending


def test_all_that_came_before_an_error_is_shown() -> None:
    got = []

    class Failing(RequestHandler):
        def post(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            self.write(f"data: {chunk(f'Hello {KEY[:5]}')}\n\ndata: {json.dumps({'error': KEY})}\n\n")

    async def main() -> None:
        async with serve({"/v1/chat/completions": Failing}) as behind:
            async for part in Upstream(behind.base_url, "any", KEY).parts(ModelRequest((Turn("user", "?"),))):
                got.append(part)

    with pytest.raises(UpstreamFailed, match=r"the model says: \*\*\*"):
        asyncio.run(main())
    assert got == [Text("Hello "), Text(KEY[:5])]


def test_an_answer_that_does_not_stream_is_paid_for_too() -> None:
    class AtOnce(RequestHandler):
        def post(self) -> None:
            message = {"role": "assistant", "content": "Hello"}
            self.finish({"object": "chat.completion", "choices": [{"message": message, "finish_reason": "stop"}]})

    class Wrong(RequestHandler):
        def post(self) -> None:
            self.finish({"error": {"message": "no money left"}} if self.request.body.count(b"money") else {"a": 1})

    parts = parts_of(AtOnce, ModelRequest((Turn("user", "?"),)))
    assert parts[0] == Text("Hello") and parts[-1] == Finish("finished", "stop")
    assert "does not stream" in "".join(part.why for part in parts if isinstance(part, Oddity))
    for question, sentence in (("money", "the model says: no money left"), ("?", "JSON that is no answer")):
        with pytest.raises(UpstreamFailed, match=sentence):
            parts_of(Wrong, ModelRequest((Turn("user", question),)))


def test_no_time_is_no_time_to_wait() -> None:
    for seconds in (0, -1, float("nan")):
        with pytest.raises(LabError, match="no time to wait"):
            Upstream("http://x/v1", first_token_timeout_s=seconds)


def test_a_first_question_imports_nothing() -> None:
    code = (
        "import asyncio, sys\n"
        "from labkit.llm import Upstream, UpstreamFailed\n"
        "async def main():\n"
        f"    upstream = Upstream('http://127.0.0.1:{free_port()}', 'any')\n"
        "    before = set(sys.modules)\n"
        "    try: await anext(upstream.tokens('x'))\n"
        "    except UpstreamFailed: print(len([name for name in sys.modules if name not in before]))\n"
        "asyncio.run(main())\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(shown.stdout) < 5, shown  # 104 without the imports at the start: 0.3 s


def test_what_the_upstream_says_of_its_refusal_is_passed_on() -> None:
    class Refusing(RequestHandler):
        def post(self) -> None:
            self.set_status(400)
            self.finish({"error": {"message": "model 'any' not found"}})

    async def main() -> dict[str, Any]:
        async with serve({"/v1/chat/completions": Refusing}) as behind:
            return (await ask(Upstream(behind.base_url, "any")))[1]

    assert "says: model 'any' not found (status 400)" in asyncio.run(main())["why"]


@pytest.mark.parametrize("model", ["any", ""], ids=["a question", "the list of models"])
def test_a_refusal_without_an_end_is_read_up_to_a_bound(model: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Sorry\r\nContent-Type: text/html\r\n\r\n" + b"<p>" * 20_000)
        await reader.read()  # it stays open until the client has had enough
        await reader.read()

    async def main() -> None:
        async with loopback(refuse) as url, asyncio.timeout(5):
            with pytest.raises(UpstreamFailed, match="answered status 500 with text/html"):
                await anext(Upstream(url, model).tokens("x"))

    asyncio.run(main())
