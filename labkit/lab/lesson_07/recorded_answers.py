"""Any request to a language model, and what came of it, byte by byte."""

from __future__ import annotations

import json

from labkit.client import watch
from labkit.recording import Recording


async def record_answer(url: str, prompt: str = "Who are you?", *, seconds: float = 30, **request: object) -> Recording:
    """The recording of a streamed answer. `request` is what else the request holds: max_tokens=5, n=2, tools=[...].

    The question stands in it as `messages`, or as `input` where the URL is that of OpenAI's Responses.

    Raises:
        httpx.TransportError: nothing answered.
    """
    turns = [{"role": "user", "content": prompt}]
    asked = {"input": turns} if url.rstrip("/").endswith("/responses") else {"messages": turns, "max_tokens": 4096}
    content = json.dumps({"model": "any", "stream": True, **asked, **request}).encode()
    return await watch(url, seconds, method="POST", headers={"Content-Type": "application/json"}, content=content)
