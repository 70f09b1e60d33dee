"""A client of the graphql-sse protocol in twenty lines: an operation's results, one by one, and none is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.client import EventSource


async def subscribe(
    url: str, query: str, variables: Any = None, **settings: Any
) -> AsyncGenerator[dict[str, Any], None]:
    """The results of an operation, in the distinct connections mode; it ends with `complete`.

    It comes back with the last event ID, whatever cuts it off. The request is a POST, which is sent again then: by the
    protocol a subscription may be.

    Args:
        url: the server's.
        query, variables: the operation.
        settings: others of EventSource.
    """
    body = {"query": query, "variables": variables or {}}
    async with EventSource(url, method="POST", json=body, resend=True, done="complete", **settings) as source:
        async for event in source:
            if event.type == "next":
                yield json.loads(event.data)
