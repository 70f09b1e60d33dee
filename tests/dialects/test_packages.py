"""The official packages read the same text out of the table: the streams are such as they are sent."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pydantic
import pytest

from labkit.server import serve
from labkit.wire import Decoder, Event

from .replay import Replay
from .streams import STREAMS, ModelStream

# Two seconds of imports, which buy what no reading of references does: that the table is such as it is sent.
pytestmark = [pytest.mark.live, pytest.mark.slow]

PATHS = {"chat": "/chat/completions", "responses": "/responses", "anthropic": "/v1/messages"}
#: What is read here, and not by the packages: they raise (a keep-alive that is no JSON), or read nothing of it.
ONLY_HERE = {
    "chat: content in parts, with thoughts (Mistral)", "chat: empty data, and a keep-alive that is no JSON",
    "chat: pieces that make no sense", "chat: half a character in each of two events",
    "chat: the whole message, and nothing before it", "responses: the text in the last event alone",
    "chat: an event named error that is no JSON", "anthropic: without the lines with the types",
    "anthropic: an error without the line with its type",
}  # fmt: skip
READ = [one for one in STREAMS if one.name.partition(":")[0] in PATHS and one.name not in ONLY_HERE and not one.broken]
QUESTION: Any = [{"role": "user", "content": "?"}]


async def by_anthropic(client: Any) -> list[str]:
    stream = await client.messages.create(model="m", max_tokens=9, messages=QUESTION, stream=True)
    events = [event async for event in stream]
    blocks = [event.content_block for event in events if event.type == "content_block_start"]
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    texts = [block.text for block in blocks if block.type == "text"]
    return [*texts, *(delta.text for delta in deltas if delta.type == "text_delta")]


async def by_responses(client: Any) -> list[str]:
    stream = await client.responses.create(model="m", input="?", stream=True)
    return [event.delta async for event in stream if event.type == "response.output_text.delta"]


async def by_chat(client: Any) -> list[str]:
    stream = await client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    choices = [choice async for chunk in stream for choice in chunk.choices or []]
    return [choice.delta.content or "" for choice in choices if choice.index == 0 and choice.delta]


async def text_of(stream: ModelStream, client: Any, error: type[Exception]) -> str | None:
    """The text that the official package of its dialect reads; None where it raises the error of a server."""
    read = {"anthropic": by_anthropic, "responses": by_responses, "chat": by_chat}[stream.name.partition(":")[0]]
    try:
        return "".join(await read(client))
    except error:
        return None


def test_the_official_packages_read_the_same_text() -> None:
    openai, anthropic = importlib.import_module("openai"), importlib.import_module("anthropic")  # a second each

    async def main() -> dict[str, str | None]:
        paths = {stream.name: f"/{number}" for number, stream in enumerate(READ)}
        routes = {paths[one.name] + PATHS[one.name.partition(":")[0]]: (Replay, {"stream": one}) for one in READ}
        texts = {}
        async with (
            serve(routes) as server,
            openai.AsyncOpenAI(api_key="x") as one,
            anthropic.AsyncAnthropic(api_key="x") as another,
        ):
            for stream in READ:
                client, package = (another, anthropic) if stream.name.startswith("anthropic") else (one, openai)
                client = client.with_options(base_url=server.base_url + paths[stream.name], max_retries=0)
                texts[stream.name] = await text_of(stream, client, package.APIError)
        return texts

    read = asyncio.run(main())
    other = {
        stream.name: (stream.ending, read[stream.name])
        for stream in READ
        if read[stream.name] != stream.text and not (stream.ending == "failed" and read[stream.name] is None)
    }
    assert other == {} and len(read) > 60


def test_agents_and_their_tools_send_such_events() -> None:
    models, types = importlib.import_module("ag_ui.core"), importlib.import_module("mcp_types")
    checks = {
        "ag-ui": pydantic.TypeAdapter(models.Event).validate_json,
        "mcp": types.jsonrpc_message_adapter.validate_json,
    }
    read = 0
    for stream in STREAMS:
        check = checks.get(stream.name.partition(":")[0])
        for signal in Decoder().feed(stream.body) if check is not None else ():
            if isinstance(signal, Event):
                check(signal.data)
                read += 1
    assert read > 80
