"""Checks whether a server notices that a reader has left. Only a labkit server tells how many readers it has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import httpx

from labkit.client.httpx_client import drop_own_headers, new_client

NOTICE_WITHIN_S = 2.0
COUNT_BEFORE_S = 0.5
ANSWER_S = 1.0
#: What a labkit server says of itself in every head of a Channel: how many readers it has.
READERS = "labkit-readers"


class Readers:
    """The number of readers of a labkit server, asked before this reader leaves and afterwards.

    Args:
        url: where the stream was asked for: the headers are for this origin, wherever it has led.
        headers: the headers to ask with.
        verify: False accepts any certificate.
        seconds: how long the stream is watched; the first count comes COUNT_BEFORE_S before that.
    """

    def __init__(self, url: str, headers: Mapping[str, str], verify: bool, seconds: float) -> None:
        self._given_url = url
        self._headers, self._verify, self._seconds = dict(headers), verify, seconds
        self._url = ""
        self._counting: asyncio.Task[int | None] | None = None

    def on_answer(self, response: httpx.Response) -> None:
        """Plans the first count, if the head of the answer names a number of readers."""
        if READERS in response.headers and self._counting is None:
            self._url = str(response.url)
            self._counting = asyncio.ensure_future(self._count_after(max(0.0, self._seconds - COUNT_BEFORE_S)))

    async def count_before_leaving(self) -> int | None:
        """The number of readers, this one included; None if the server does not tell, or the stream ended too early."""
        if self._counting is None or not self._counting.done():
            if self._counting is not None:
                self._counting.cancel()
            return None
        return self._counting.result()

    async def leaving_noticed(self, count: int | None) -> bool | None:
        """Whether the count falls below `count` within NOTICE_WITHIN_S; None if that cannot be told.

        Where it rises, others come and go, and nobody knows whether we are still among them.
        """
        if count is None:
            return None
        deadline_s = asyncio.get_running_loop().time() + NOTICE_WITHIN_S
        while asyncio.get_running_loop().time() < deadline_s:
            current_count = await self._count_after(0.1)
            if current_count is None or current_count > count:
                return None
            if current_count < count:
                return True
        return False

    async def _count_after(self, seconds: float) -> int | None:
        await asyncio.sleep(seconds)
        async with new_client(self._given_url, verify=self._verify) as client:
            with contextlib.suppress(httpx.HTTPError, ValueError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):  # in all: httpx counts each read anew
                    asked = client.build_request("HEAD", self._url, headers=self._headers)
                    drop_own_headers(asked, httpx.URL(self._given_url))
                    answer = await client.send(asked)
                return int(answer.headers.get(READERS, ""))
        return None
