"""Whether the server notices that a reader has left: only a labkit server tells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import httpx

from labkit.client.httpx_client import new_client

NOTICE_WITHIN_S = 2.0
COUNT_BEFORE_S = 0.5
#: What a labkit server says of itself in every head of a Channel: how many readers it has.
READERS = "labkit-readers"


class Readers:
    """How many readers a labkit server says it has: just before we leave, and then. Other servers say nothing."""

    def __init__(self, headers: Mapping[str, str], verify: bool, seconds: float) -> None:
        self._headers, self._verify, self._seconds = dict(headers), verify, seconds
        self._url = ""
        self._counting: asyncio.Task[int | None] | None = None

    def on_answer(self, response: httpx.Response) -> None:
        """Plans the count, where the head has one."""
        if READERS in response.headers and self._counting is None:
            self._url = str(response.url)
            self._counting = asyncio.ensure_future(self._count_after(max(0.0, self._seconds - COUNT_BEFORE_S)))

    async def before_leaving(self) -> int | None:
        """The readers, ourselves among them; None where nobody tells, or where the stream ended before."""
        if self._counting is None or not self._counting.done():
            if self._counting is not None:
                self._counting.cancel()
            return None
        return self._counting.result()

    async def leaving_noticed(self, counted: int | None) -> bool | None:
        """Whether there is one less soon; None where that cannot be told."""
        if counted is None:
            return None
        deadline_s = asyncio.get_running_loop().time() + NOTICE_WITHIN_S
        while asyncio.get_running_loop().time() < deadline_s:
            now = await self._count_after(0.1)
            if now is None or now < counted:
                return None if now is None else True
        return False

    async def _count_after(self, seconds: float) -> int | None:
        await asyncio.sleep(seconds)
        async with new_client(self._url, verify=self._verify) as client:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                answer = await client.head(self._url, headers=self._headers, timeout=1.0)
                return int(answer.headers.get(READERS, ""))
        return None
