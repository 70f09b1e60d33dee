"""Reads the body of a response with its codings taken off, and never holds more of it than it must.

httpx takes them off by itself, and makes all of one piece at once: 16 KB can become gigabytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from labkit.errors import LimitExceeded
from labkit.recording.decompress import Decompressor, codings

#: The largest answer that is kept whole: some 1000 events of 16 KB, as many as a log keeps.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


async def read_body(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, decompressed. Of a compressed one each piece comes in several small parts.

    Raises:
        httpx.RequestError: the connection broke, or the body is not in the coding that it says.
        DecompressionBomb: one piece of the body holds too much.
    """
    encoding = response.headers.get("content-encoding", "")
    if response.is_stream_consumed:  # a response that httpx.MockTransport made of a whole body
        yield response.content
        return
    try:
        decompressor = Decompressor(encoding) if codings(encoding) else None
        async for piece in response.aiter_raw():
            if decompressor is None:
                yield piece
                continue
            for number, part in enumerate(decompressor.feed(piece)):
                if number:
                    await asyncio.sleep(0)  # one piece can hold much, and the loop has others to serve
                yield part
    except ValueError as problem:
        raise httpx.DecodingError(str(problem), request=response.request) from None


async def read_whole(response: httpx.Response, max_bytes: int = MAX_ANSWER_BYTES) -> bytes:
    """The whole body, decompressed.

    Raises:
        httpx.RequestError: the connection broke, or the body is not in the coding that it says.
        LimitExceeded: it is larger than `max_bytes`.
    """
    body = await read_beginning(response, max_bytes + 1)
    if len(body) > max_bytes:
        raise LimitExceeded(f"the answer of {response.url}", max_bytes, "Is this the right URL?")
    return body


async def read_beginning(response: httpx.Response, max_bytes: int) -> bytes:
    """The first `max_bytes` of the body, decompressed.

    Raises:
        httpx.RequestError: the connection broke, or the body is not in the coding that it says.
        DecompressionBomb: one piece of the body holds too much.
    """
    body = bytearray()
    async with aclosing(read_body(response)) as parts:
        async for part in parts:
            body += part[: max_bytes - len(body)]
            if len(body) == max_bytes:
                break
    return bytes(body)
