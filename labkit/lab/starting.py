"""Starts a browser for one page, and notices at once when it does not start, or ends too early."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from labkit.lab.engines import Trust, allow_third_party_cookies, chromium_command, firefox_command
from labkit.server.site import LOOPBACK
from labkit.system.child import Child

T = TypeVar("T")

#: A browser that has not asked for its page by then does not start. A cold one on a busy machine has taken 12 s.
START_TIMEOUT_S = 25.0
LOOK_EVERY_S = 0.05
#: By path: why a browser does not start here. It is not tried again for each question.
_unusable: dict[str, str] = {}
#: The paths of those that start only without their sandbox, as in many containers.
_unsandboxed: set[str] = set()


class BrowserEnded(Exception):
    """The browser did not start, or ended before it answered. Its text is a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """How a browser is started for a page: see in_browser(). `host` is the page's name."""

    path: str
    firefox: bool = False
    trust: Trust | None = None
    host: str = LOOPBACK
    across_sites: bool = False

    def command(self, profile: str, url: str) -> list[str]:
        """What opens the URL of this machine in it, under the page's name; writes preferences into the profile."""
        url = url.replace(LOOPBACK, self.host, 1)
        if self.firefox:
            return firefox_command(self.path, profile, url, self.trust)
        if self.across_sites:
            allow_third_party_cookies(profile)
        return chromium_command(self.path, profile, url, self.trust, sandboxed=self.path not in _unsandboxed)


class OpenBrowser:
    """A browser that was started, and the file of what it says."""

    def __init__(self, path: str, child: Child, log: Path) -> None:
        self._path, self._child, self._log = path, child, log

    async def outlives(self, wanted: asyncio.Future[T], seconds: float) -> T:
        """The result, when it comes.

        Raises:
            TimeoutError: it did not come within `seconds`.
            BrowserEnded: the browser ended before.
        """
        async with asyncio.timeout(seconds):
            while not wanted.done():
                if not self._child.running:
                    raise BrowserEnded(f"{self._path} ended before it answered{self.last_words}")
                await asyncio.wait({wanted}, timeout=LOOK_EVERY_S)
        return wanted.result()

    @property
    def said(self) -> str:
        """All that it has printed."""
        return self._log.read_text("utf-8", "replace")

    @property
    def last_words(self) -> str:
        """The last line that it printed, for the end of a sentence; "" without one."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        return f" ({lines[-1][:200]})" if lines else ""


@contextlib.asynccontextmanager
async def open_in(visitor: Visitor, url: str, asked: asyncio.Future[None]) -> AsyncIterator[OpenBrowser]:
    """A browser that has asked for the page at `url`: then the server sets `asked`.

    A Chromium whose sandbox cannot work here, as in many containers, is started without it: the pages are our own.

    Raises:
        BrowserEnded: it does not start.
    """
    if why := _unusable.get(visitor.path):
        raise BrowserEnded(why)
    async with contextlib.AsyncExitStack() as stack:
        try:
            browser = await _start(stack, visitor, url, asked)
        except BrowserEnded as problem:
            _unusable[visitor.path] = str(problem)
            raise
        yield browser


async def _start(
    stack: contextlib.AsyncExitStack, visitor: Visitor, url: str, asked: asyncio.Future[None]
) -> OpenBrowser:
    browser = await stack.enter_async_context(_running(visitor, url))
    try:
        await browser.outlives(asked, START_TIMEOUT_S)
    except BrowserEnded:
        if visitor.firefox or visitor.path in _unsandboxed or "sandbox" not in browser.said.lower():
            raise BrowserEnded(f"{visitor.path} does not start{browser.last_words}") from None
        _unsandboxed.add(visitor.path)
        return await _start(stack, visitor, url, asked)
    except TimeoutError:
        why = f"{visitor.path} asked for no page within {START_TIMEOUT_S:g} s{browser.last_words}"
        raise BrowserEnded(why) from None
    return browser


@contextlib.asynccontextmanager
async def _running(visitor: Visitor, url: str) -> AsyncIterator[OpenBrowser]:
    with (
        tempfile.TemporaryDirectory(prefix="labkit-browser-", ignore_cleanup_errors=True) as profile,
        (Path(profile) / "said.txt").open("wb") as log,
    ):
        # Firefox keeps something beside its profile, in its home.
        child = Child(visitor.command(profile, url), environment={"HOME": profile}, log=log)
        try:
            yield OpenBrowser(visitor.path, child, Path(log.name))
        finally:
            await asyncio.to_thread(child.stop)
