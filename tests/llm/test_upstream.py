"""A model behind the model's server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.lab.raw_server import loopback
from labkit.llm import AT_ONCE, KEY_VARIABLE, MODEL, Studio, Trouble, Upstream, model_routes
from labkit.llm.dialect_handlers import ChatCompletions
from labkit.llm.upstream import UpstreamFailed
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


@pytest.mark.parametrize("data", ['{"choices": [null]}', '{"choices": 7}', '{"choices": [{"delta": "x"}]}', "[]", "x"])
def test_pieces_that_are_none_are_told_in_a_sentence(data: str) -> None:
    text, told = streamed(chunk("a"), data)
    assert (text, told["state"]) == ("a", "failed") and told["why"].startswith("the model sent what is no ")


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
