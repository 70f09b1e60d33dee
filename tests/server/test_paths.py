"""Paths with names in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.server import serve
from labkit.server.connection import Visit
from labkit.server.handlers import StreamHandler

from ..helpers import soon


class Told(RequestHandler):
    def get(self, **names: str) -> None:
        self.finish(names)


class Endless(StreamHandler):
    closed = 0

    async def get(self, id: str) -> None:
        async def pieces() -> AsyncGenerator[bytes, None]:
            try:
                yield b": open\n\n"
                await asyncio.Event().wait()
            finally:
                Endless.closed += 1

        await self.send_all(pieces(), Visit(""))


@pytest.mark.live
def test_a_name_stands_for_a_piece_without_a_slash() -> None:
    async def main() -> None:
        routes = {"/a/{id}": Told, "/a/{id}/stop": Told, "/m/{model}:go": Told, "/a.b": Told, "/a/fixed": Told}
        async with serve(routes) as server, httpx.AsyncClient(trust_env=False, base_url=server.base_url) as client:
            for path, expected in (
                ("/a/7", {"id": "7"}),
                ("/a/%C3%BC%2F", {"id": "ü/"}),
                ("/a/7/stop", {"id": "7"}),
                ("/m/gpt-5:mini:go", {"model": "gpt-5:mini"}),
                ("/a.b", {}),
            ):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()) == (200, expected), path
            for path in ("/a/", "/a", "/a/7/8", "/a/7/stop/", "/axb", "/m/:go", "/a/7/stopped"):
                assert (await client.get(path)).status_code == 404, path

    asyncio.run(main())


@pytest.mark.live
def test_a_stream_on_such_a_path_stays_while_its_route_does_and_ends_with_it() -> None:
    async def main() -> None:
        async with (
            serve({"/s/{id}": Endless, "/other": Told}) as server,
            httpx.AsyncClient(trust_env=False, base_url=server.base_url) as client,
            client.stream("GET", "/s/1") as response,
        ):
            parts = response.aiter_raw()  # kept: dropped, it would close the response
            await anext(parts)
            server.site.replace({"/s/{id}": Endless})
            assert (await client.get("/other")).status_code == 404 and Endless.closed == 0
            server.site.replace({"/other": Told})
            await soon(lambda: Endless.closed == 1)

    asyncio.run(main())
