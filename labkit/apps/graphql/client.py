"""A client of the graphql-sse protocol in twenty lines: an operation's results, one by one, and none is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.client import EventSource


async def subscribe(
    url: str, query: str, variables: Any = None, **settings: Any
) -> AsyncGenerator[dict[str, Any], None]:
    """The results of a query or a subscription, in the distinct connections mode; it ends with `complete`.

    Cut off, it comes back with the last event ID. It sends the same POST again then, as the official client does: so it
    is not for a mutation, which would be done twice.

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
