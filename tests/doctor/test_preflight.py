"""The preflight of a page elsewhere: what fetch asks first, and what a browser makes of the answer."""

from __future__ import annotations

import asyncio

import pytest

from labkit.doctor.preflight import ask_preflight, look_at_preflight
from labkit.lab.raw_server import loopback
from labkit.recording import Recording

PAGE = "https://my.app"
GOOD = {"access-control-allow-origin": PAGE, "access-control-allow-headers": "Content-Type, Last-Event-ID, X-Key"}


@pytest.mark.parametrize(
    ("status", "changed", "why"),
    [
        (204, {}, ""),
        (200, {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}, ""),
        (405, {}, "status 405"),
        (0, {}, "no answer"),
        (204, {"access-control-allow-origin": ""}, "no Access-Control-Allow-Origin"),
        (204, {"access-control-allow-origin": "https://other.app"}, "Access-Control-Allow-Origin: https://other.app"),
        (204, {"access-control-allow-headers": "x-a"}, "is not among Access-Control-Allow-Headers: x-a"),
        (204, {"access-control-allow-headers": ""}, "is not among Access-Control-Allow-Headers: none"),
    ],
)
@pytest.mark.parametrize("posted", [False, True])
def test_a_browser_would_be_refused(status: int, changed: dict[str, str], why: str, posted: bool) -> None:
    found = list(look_at_preflight(Recording(status, GOOD | changed), PAGE, posted=posted))
    assert [finding.severity for finding in found] == ([] if not why else ["error" if posted else "note"])
    assert all(finding.name == "preflight-refused" and why in finding.evidence for finding in found)


def test_a_redirect_and_a_key_that_a_star_does_not_cover() -> None:
    (found,) = look_at_preflight(Recording(204, GOOD, redirects=("https://a/",)), PAGE)
    assert "redirected" in found.evidence
    star = GOOD | {"access-control-allow-headers": "*"}
    (found,) = look_at_preflight(Recording(204, star), PAGE, headers={"Authorization": "Bearer x"})
    assert "authorization is not among" in found.evidence and "Bearer" not in found.evidence
    assert not list(look_at_preflight(Recording(204, star), PAGE, headers={"X-Key": "x", "Cookie": "a"}))


def test_the_question_is_that_of_a_browser_and_holds_no_key() -> None:
    async def main() -> tuple[Recording | None, list[bytes]]:
        heads: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n")
            await writer.drain()

        async with loopback(answer) as url:
            headers = {"Authorization": "Bearer sesame", "Accept-Language": "de"}
            return await ask_preflight(url, PAGE, posted=True, headers=headers), heads

    answer, (head,) = asyncio.run(main())
    assert answer is not None and answer.status == 204
    assert head.startswith(b"OPTIONS / HTTP/1.1\r\n") and b"sesame" not in head
    lines = head.lower().split(b"\r\n")
    assert b"access-control-request-headers: authorization,content-type" in lines
    assert b"access-control-request-method: post" in lines and b"origin: https://my.app" in lines


def test_nobody_there_is_no_answer() -> None:
    assert asyncio.run(ask_preflight("http://127.0.0.1:9/", PAGE)) is None
