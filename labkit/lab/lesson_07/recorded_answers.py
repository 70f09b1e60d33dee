"""Any request to a language model, and what came of it, byte by byte."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from labkit.client import watch
from labkit.recording import Recording

#: Twelve tokens at most, in the words of all dialects: each server takes its own.
TWELVE_TOKENS: dict[str, object] = {
    "max_tokens": 12,
    "max_output_tokens": 12,
    "options": {"num_predict": 12},
    "generationConfig": {"maxOutputTokens": 12},
}
_REASON = r'"(?:(?:finish|stop|done)_reason|finishReason|reason)": ?"\w+"'
_END_MARK = r'\[DONE\](?=\s*$)|event: (?:message_stop|response\.(?:completed|incomplete|failed))|"done": ?true'


async def record_answer(url: str, prompt: str = "Who are you?", *, seconds: float = 30, **request: object) -> Recording:
    """The recording of a streamed answer. `request` is what else the request holds: max_tokens=5, n=2, tools=[...].

    The question stands in it where the URL's dialect has it: in `messages`, for OpenAI's Responses in `input`, for
    Gemini in `contents`.

    Raises:
        httpx.TransportError: nothing answered.
    """
    content = json.dumps({**_question(urlsplit(url).path, prompt), **request}).encode()
    return await watch(url, seconds, method="POST", headers={"Content-Type": "application/json"}, content=content)


def _question(path: str, prompt: str) -> dict[str, object]:
    turns = [{"role": "user", "content": prompt}]
    if path.endswith(":streamGenerateContent"):
        return {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    if path.endswith("/responses"):
        return {"model": "any", "stream": True, "input": turns}
    return {"model": "any", "stream": True, "messages": turns, "max_tokens": 4096}


def end_words(recording: Recording) -> list[str]:
    """What the stream says of its end, as it stands there: the reasons and the end mark, in the order in which they
    come; none where it says nothing.

    >>> from labkit.recording.recording import Arrival
    >>> lines = b'data: {"choices": [{"finish_reason": "stop"}]}\\n\\ndata: [DONE]\\n\\n'
    >>> end_words(Recording(200, {}, (Arrival(0.1, lines),)))
    ['"finish_reason": "stop"', '[DONE]']
    """
    return re.findall(f"{_REASON}|{_END_MARK}", recording.decompressed.body.decode("utf-8", "replace"))
