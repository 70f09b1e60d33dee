"""OpenAI's dialect as different servers speak it: the same answer, and streams that careless readers fall over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from labkit.wire import Decoder, Event

#: What one answer says, in pieces.
SAID = ("Curiouser", " and", " curiouser", "!")


def _chunk(delta: Mapping[str, object] | None, reason: str | None = None, index: int = 0, **fields: object) -> str:
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": reason}]
    return json.dumps({"choices": choices, "object": "chat.completion.chunk", **fields})


_ROLE = _chunk({"role": "assistant", "content": None})
_TEXT = [_chunk({"content": text}) for text in SAID]
_STOP = _chunk({}, "stop")
_FILTER = _chunk(None, prompt_filter_results=[{"prompt_index": 0}])
_OTHER = [_chunk({"content": text}, index=1) for text in ("No", " comment", ".")]
_OTHER_STOP = _chunk({}, "stop", index=1)
_BY_TURNS = [data for pair in zip(_TEXT, [*_OTHER, _OTHER_STOP], strict=True) for data in pair]
_USAGE = _chunk(None, usage={"prompt_tokens": 3, "completion_tokens": len(SAID)})


def _stream(*datas: str, line: str = "data: {}\n\n", between: str = "") -> bytes:
    return "".join(between + line.format(data) for data in datas).encode()


#: Each is allowed by the format. OpenRouter sends comments against time-outs, and DeepSeek while a question waits
#: (https://openrouter.ai/docs/api/reference/streaming, https://api-docs.deepseek.com/quick_start/rate_limit); Azure's
#: first chunk has no choices; the last but one has none anywhere where usage was asked for; with n=2 the chunks of two
#: answers come by turns, each with one choice, and only its index tells whose it is; the space behind the colon and LF
#: are a habit, and no rule (WHATWG HTML 9.2.6 and 9.2.5).
ACCENTS: dict[str, bytes] = {
    "as documented": _stream(_ROLE, *_TEXT, _STOP, "[DONE]"),
    "comments (OpenRouter)": _stream(_ROLE, *_TEXT, _STOP, "[DONE]", between=": OPENROUTER PROCESSING\n\n"),
    "no choices at first (Azure)": _stream(_FILTER, _ROLE, *_TEXT, _STOP, "[DONE]"),
    "usage at the end": _stream(_ROLE, *_TEXT, _STOP, _USAGE, "[DONE]"),
    "two answers at once (n=2)": _stream(_ROLE, *_BY_TURNS, _STOP, "[DONE]"),
    "no space behind the colon": _stream(_ROLE, *_TEXT, _STOP, "[DONE]", line="data:{}\n\n"),
    "CRLF": _stream(_ROLE, *_TEXT, _STOP, "[DONE]", line="data: {}\r\n\r\n"),
}


def by_habit(raw: bytes) -> str:
    """A reader as one finds it everywhere: each line that is not empty is an event, and each event has a choice."""
    text = ""
    for line in filter(None, raw.decode().split("\n")):
        data = line.removeprefix("data: ")
        if data == "[DONE]":
            break
        text += json.loads(data)["choices"][0]["delta"].get("content") or ""
    return text


def by_format(raw: bytes) -> str:
    """A reader of the format: a decoder, and no more trust in the JSON than its documentation allows. Of several
    answers it reads the first."""
    text = ""
    for event in Decoder().feed(raw):
        if not isinstance(event, Event) or event.data == "[DONE]":
            continue
        for choice in json.loads(event.data).get("choices") or []:
            if choice["index"] == 0:
                text += (choice.get("delta") or {}).get("content") or ""
    return text


def understood(reader: Callable[[bytes], str]) -> dict[str, str]:
    """What the reader makes of each accent: "whole", "other text", or the exception that it raised."""
    return {name: _outcome(reader, raw) for name, raw in ACCENTS.items()}


def _outcome(reader: Callable[[bytes], str], raw: bytes) -> str:
    try:
        return "whole" if reader(raw) == "".join(SAID) else "other text"
    except Exception as problem:  # whatever a reader raises is its answer
        return type(problem).__name__
