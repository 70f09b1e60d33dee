"""What each client recipe does when something goes wrong: a scripted server, and each trouble by itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from playwright.async_api import Browser, Page

from tests.recipes.recipe_clients import (
    CHUNKED,
    OPENING,
    PAGES,
    PROGRAMS,
    Answer,
    Program,
    ScriptedServer,
    event,
    reading,
    status,
    stream,
)

SILENCE_S = 70.0
SOON_S = 30.0  # a Python that starts on a busy machine takes seconds
STAYS_AWAY_S = 12.0  # who asks again does so within it
FLOOD_BYTES, FLOOD_S = 32 * 1024 * 1024, 60.0
KIB64 = b"10000\r\n" + b"x" * 65536 + b"\r\n"

Client = Program | Page


class Flood:
    """An answer whose event never ends. `taken_bytes` is what the client took of it; it may be `left` to itself."""

    def __init__(self) -> None:
        self.taken_bytes, self.left = 0, False

    async def __call__(self, asked: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        leaving = asyncio.ensure_future(reader.read(1))
        writer.write(CHUNKED + b"%x\r\n%b\r\n" % (len(OPENING), OPENING) + b"6\r\ndata: \r\n")
        try:
            async with asyncio.timeout(FLOOD_S):
                while self.taken_bytes < FLOOD_BYTES and not leaving.done():
                    writer.write(KIB64)
                    await writer.drain()
                    self.taken_bytes += 65536
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(0.5)
        self.left = leaving.done() or writer.is_closing()
        leaving.cancel()


async def _seen(client: Client) -> list[str]:
    return client.lines if isinstance(client, Program) else await client.locator("#events > *").all_text_contents()


@contextlib.asynccontextmanager
async def running_client(
    server: ScriptedServer, browser: Browser, file: str, path: str, script: list[Answer]
) -> AsyncIterator[Client]:
    """A client that reads a script of its own."""
    server.scripts[path] = script
    if file in PROGRAMS:
        async with reading(file, server.url + path) as program:
            yield program
        return
    context = await browser.new_context()  # the six connections for each host are its own
    page = await context.new_page()
    await page.goto(server.page_of(file, path))
    try:
        yield page
    finally:
        await context.close()


async def after_cut(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    script = [stream(event(1), event(2), b"id: 3\ndata: hal", then="cut"), stream(up_to=4)]
    async with running_client(server, browser, file, path, script) as client:
        return await _all_of(client, 4)


async def sends_ids(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    script = [stream(event(1), event(2), then="end"), stream(up_to=2)]
    async with running_client(server, browser, file, path, script):
        await _until(lambda: len(server.asked[path]) > 1)
        return "yes" if server.asked[path][1:2] == ["2"] else "no"


async def id_alone(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    script = [stream(b"id: 7\n\n", then="end"), stream()]
    async with running_client(server, browser, file, path, script):
        await _until(lambda: len(server.asked[path]) > 1)
        return "yes" if server.asked[path][1:2] == ["7"] else "no"


async def after_503(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    script = [stream(event(1), then="end"), status(503), status(503), stream(up_to=2)]
    async with running_client(server, browser, file, path, script) as client:
        return await _all_of(client, 2)


async def first_503(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    async with running_client(server, browser, file, path, [status(503), status(503), stream(up_to=1)]) as client:
        return await _all_of(client, 1)


async def after_silence(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    async with running_client(server, browser, file, path, [stream(event(1)), stream(up_to=2)]):
        began_s = time.monotonic()
        if await _until(lambda: len(server.asked[path]) > 1, SILENCE_S):
            return f"after {time.monotonic() - began_s:.0f} s"
        return f"not in {SILENCE_S:g} s"


async def bounded(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    flood = Flood()
    async with running_client(server, browser, file, path, [flood, stream()]):
        await _until(lambda: flood.left or flood.taken_bytes >= FLOOD_BYTES, FLOOD_S)
        await asyncio.sleep(1)
        took = f"{flood.taken_bytes / 1024 / 1024:.0f} MiB"
        return f"left after {took}" if flood.left and flood.taken_bytes < FLOOD_BYTES else f"no: took {took}"


async def ends_on_204(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    async with running_client(server, browser, file, path, [stream(event(1), then="end"), status(204)]):
        await _until(lambda: len(server.asked[path]) > 1)
        await asyncio.sleep(STAYS_AWAY_S)
        more = len(server.asked[path]) - 2
        return "yes" if more == 0 else ("yes, asks once why" if more == 1 else f"no: {more} more requests")


async def heartbeats(server: ScriptedServer, browser: Browser, file: str, path: str) -> str:
    script = [stream(b": beat\n\n", b"id: 1\n\n", b":\n\n", b"retry: 300\n\n", b": beat\n\n", event(2))]
    async with running_client(server, browser, file, path, script) as client:
        await _until_seen(client, 1)
        await asyncio.sleep(0.5)
        seen = await _seen(client)
        return "yes" if seen == ["event 2"] else f"no: {len(seen) - 1} events that are none"


QUESTIONS = {
    "resumes after a cut": after_cut,
    "after 503": after_503,
    "503 at first": first_503,
    "after silence": after_silence,
    "sends the id": sends_ids,
    "keeps an id alone": id_alone,
    "an event without end": bounded,
    "ends on 204": ends_on_204,
    "heartbeats are no events": heartbeats,
}


FILES = (*PAGES, *PROGRAMS)
SLOW = "after silence"


async def measure(server: ScriptedServer, browser: Browser, tell: Callable[[str], None]) -> dict[str, dict[str, str]]:
    """The cells of all clients: of each, all troubles at the same time; and silence, which costs nothing but time."""
    silences = [asyncio.ensure_future(after_silence(server, browser, file, f"/silence-{file}")) for file in FILES]
    rows = {}
    for file in FILES:
        asked = {name: ask for name, ask in QUESTIONS.items() if name != SLOW}
        paths = [f"/{number}-{file}" for number in range(len(asked))]
        answers = [ask(server, browser, file, path) for ask, path in zip(asked.values(), paths, strict=True)]
        rows[file] = dict(zip(asked, await asyncio.gather(*answers), strict=True))
        tell(f"{file} {rows[file]}")
    for file, silence in zip(FILES, silences, strict=True):
        rows[file][SLOW] = await silence
    return rows


async def _until(condition: Callable[[], bool], within_s: float = SOON_S) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if condition():
            return True
        await asyncio.sleep(0.05)
    return condition()


async def _until_seen(client: Client, count: int) -> list[str]:
    until_s = time.monotonic() + SOON_S
    while len(seen := await _seen(client)) < count and time.monotonic() < until_s:  # noqa: ASYNC110  (a page tells nothing)
        await asyncio.sleep(0.1)
    return seen


async def _all_of(client: Client, count: int) -> str:
    """Whether all events came, once and in order."""
    await _until_seen(client, count)
    await asyncio.sleep(0.3)
    seen = await _seen(client)
    wanted = [f"event {number}" for number in range(1, count + 1)]
    if seen == wanted:
        return "yes"
    return f"no: {len(set(wanted) - set(seen))} lost" if len(seen) < len(wanted) else "no: doubled"
