"""A secret goes to the origin that it was given for, and is shown to nobody: a table of who asks, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.client import EventSource, watch
from labkit.client.httpx_client import new_client
from labkit.client.secrets import headers_for, is_for
from labkit.doctor import examine
from labkit.errors import LabError
from labkit.llm.upstream import Upstream, UpstreamFailed
from labkit.server.handlers import StreamHandler
from labkit.server.site import serve
from labkit.system.redaction import redacted
from labkit.wire import Frame, encode

SECRETS = {"Authorization": "Bearer sesame-1", "Cookie": "sid=sesame-2", "X-Api-Key": "sesame-3", "X-Mine": "sesame-4"}


class Elsewhere(StreamHandler):
    """A stream on another origin, which writes down what it is sent. It tells of its readers, as labkit's servers do."""

    seen: ClassVar[list[dict[str, str]]] = []

    def prepare(self) -> None:
        self.seen.append(dict(self.request.headers))
        self.set_header("Labkit-Readers", "1")

    def get(self) -> None:
        self.finish(encode(Frame(data="x", id="1")) * 3)

    post = get


class Redirecting(RequestHandler):
    seen: ClassVar[list[dict[str, str]]] = []

    def initialize(self, target: str) -> None:
        self.target = target

    def get(self) -> None:
        self.seen.append(dict(self.request.headers))
        self.redirect(self.target, status=307)

    post = get


async def _listen(url: str) -> None:
    async with EventSource(url, headers=SECRETS) as source:
        await anext(source)


async def _watch(url: str) -> None:
    await watch(url, 0.3, headers=SECRETS)


async def _examine(url: str) -> None:
    await examine(url, seconds=0.7, headers=SECRETS)


async def _client(url: str) -> None:
    async with new_client(url, follow_redirects=True, headers=SECRETS) as client:
        await client.post(url, json={})


ASKING: dict[str, Callable[[str], Awaitable[None]]] = {
    "EventSource": _listen, "watch": _watch, "the doctor": _examine, "a client": _client,
}  # fmt: skip


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_a_redirect_to_another_origin_takes_no_secret_along(ask: Callable[[str], Awaitable[None]]) -> None:
    Elsewhere.seen.clear()
    Redirecting.seen.clear()

    async def main() -> None:
        async with (
            serve({"/events": Elsewhere}) as other,
            serve({"/events": (Redirecting, {"target": other.url})}) as server,
        ):
            await ask(server.url)

    asyncio.run(main())
    assert Elsewhere.seen and Redirecting.seen
    assert all(SECRETS.items() <= headers.items() for headers in Redirecting.seen)
    assert not [value for headers in Elsewhere.seen for value in headers.values() if "sesame" in value]


@pytest.mark.parametrize(
    ("url", "given_for", "goes"),
    [
        ("http://a.example/x", "http://a.example/y", True),
        ("http://a.example:80/", "http://a.example/", True),
        ("https://a.example/", "http://a.example/", True),
        ("http://a.example/", "https://a.example/", False),
        ("https://a.example:444/", "http://a.example/", False),
        ("http://a.example:81/", "http://a.example/", False),
        ("http://b.a.example/", "http://a.example/", False),
        ("http://127.0.0.1/", "http://localhost/", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, given_for: str, goes: bool) -> None:
    assert is_for(httpx.URL(url), httpx.URL(given_for)) is goes
    kept = headers_for(httpx.URL(url), httpx.URL(given_for), {**SECRETS, "Accept": "x"})
    assert kept == ({**SECRETS, "Accept": "x"} if goes else {"Accept": "x"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:pw@a.example/", "http://***@a.example/"),
        ("see https://a.example/v1?key=S&page=2 now", "see https://a.example/v1?key=***&page=2 now"),
        ("/x?access_token=abc", "/x?access_token=***"),
        ("/x?a=1&X-Amz-Signature=abc#top", "/x?a=1&X-Amz-Signature=***#top"),
        ("'http://a.example/?ticket=7'", "'http://a.example/?ticket=***'"),
        ("http://a.example/x?since=e-7&topic=me@home", "http://a.example/x?since=e-7&topic=me@home"),
        ("the key is sesame-9.", "the key is ***."),
    ],
)
def test_what_is_shown_holds_no_secret(text: str, shown: str) -> None:
    assert redacted(text, ["sesame-9", ""]) == shown


def test_an_upstream_that_echoes_the_key_does_not_show_it() -> None:
    class Echo(RequestHandler):
        def post(self) -> None:
            self.set_status(500)
            self.finish({"error": {"message": f"bad header {self.request.headers['Authorization']}"}})

    async def main() -> str:
        async with serve({"/v1/chat/completions": Echo}) as server:
            upstream = Upstream(f"{server.base_url}/v1", model="m", key="sesame-5")
            with pytest.raises(UpstreamFailed) as failed:
                await anext(upstream.tokens("?"))
            return str(failed.value)

    said = asyncio.run(main())
    assert "sesame" not in said and "bad header Bearer ***" in said


@pytest.mark.parametrize(
    "url", ["http://a.example/v1?key=sesame-6", "http://a.example/v1#sesame-6", "http://sesame-6@a.example/v1"]
)
def test_an_upstreams_url_with_a_key_in_it_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(LabError) as refused:
        Upstream(url)
    assert "sesame" not in str(refused.value) and "LABKIT_UPSTREAM_KEY" in str(refused.value)
