"""A short run of an agent in AG-UI's own events, and readers that take them for lines."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable

from labkit.dialects import ModelAnswer
from labkit.lab.lesson_13.kept import KeptResult, measured_or_kept
from labkit.wire import Decoder, Event

WORDS = ("Seven", " lamps", " are", " lit.")


async def short_run() -> KeptResult:
    """What an agent sends that calls a tool and answers, as text: each event by the encoder of ag-ui-protocol."""

    async def measure() -> str:
        from ag_ui import core
        from ag_ui.encoder import EventEncoder

        events: list[core.BaseEvent] = [
            core.RunStartedEvent(thread_id="t1", run_id="r1"),
            core.ToolCallStartEvent(tool_call_id="c1", tool_call_name="count_lamps"),
            core.ToolCallArgsEvent(tool_call_id="c1", delta='{"floor": 2}'),
            core.ToolCallEndEvent(tool_call_id="c1"),
            core.ToolCallResultEvent(message_id="m1", tool_call_id="c1", content="7"),
            core.TextMessageStartEvent(message_id="m2", role="assistant"),
            *(core.TextMessageContentEvent(message_id="m2", delta=word) for word in WORDS),
            core.TextMessageEndEvent(message_id="m2"),
            core.RunFinishedEvent(thread_id="t1", run_id="r1"),
        ]
        return "".join(map(EventEncoder().encode, events))

    return await measured_or_kept("ag-ui-run", measure)


def without_blank(stream: str) -> str:
    """The same stream from a server that leaves out the blank behind the colon, as Spring's SseEmitter does.

    Source: WHATWG HTML 9.2.6: one blank is removed if it is there.
    """
    return "\n".join(line.replace("data: ", "data:", 1) if line.startswith("data: ") else line
                     for line in stream.split("\n"))  # fmt: skip


def with_crlf(stream: str) -> str:
    """The same stream with the line ends that sse-starlette writes."""
    return stream.replace("\n", "\r\n")


def line_by_line(pieces: Iterable[bytes]) -> list[str]:
    """The data, read as lesson 03's tutorial does: each piece is split into lines, and `data: ` is looked for."""
    return [line[6:] for piece in pieces for line in piece.decode("utf-8", "replace").split("\n")
            if line.startswith("data: ")]  # fmt: skip


def block_by_block(pieces: Iterable[bytes]) -> list[str]:
    """The data, read with a buffer that is split at blank lines; then `data: ` is looked for."""
    decoder, buffer, found = codecs.getincrementaldecoder("utf-8")("replace"), "", []
    for piece in pieces:
        *blocks, buffer = (buffer + decoder.decode(piece)).split("\n\n")
        found += [line[6:] for block in blocks for line in block.split("\n") if line.startswith("data: ")]
    return found


def by_the_standard(pieces: Iterable[bytes]) -> list[str]:
    """The data, read by labkit's decoder."""
    decoder = Decoder()
    return [signal.data for piece in pieces for signal in decoder.feed(piece) if isinstance(signal, Event)]


Reader = Callable[[Iterable[bytes]], list[str]]
READERS: dict[str, Reader] = {
    "line by line": line_by_line,
    "block by block": block_by_block,
    "by the standard": by_the_standard,
}


def in_pieces(stream: str, size: int = 64) -> list[bytes]:
    """The stream as a network brings it: in pieces of so many bytes."""
    raw = stream.encode()
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def who_reads(stream: str) -> dict[str, dict[str, bool]]:
    """For each reader, whether it gets every event of the run: as it was sent, in pieces, without blanks, with CRLF.

    A CR behind the JSON counts for nothing: those who read JSON do not mind it.
    """
    expected = by_the_standard([stream.encode()])
    arrivals = {
        "as it was sent": [stream.encode()],
        "in pieces": in_pieces(stream),
        "without blanks": [without_blank(stream).encode()],
        "with CRLF": [with_crlf(stream).encode()],
    }

    def whole(read: Reader, pieces: list[bytes]) -> bool:
        return [data.strip() for data in read(pieces)] == expected

    return {name: {how: whole(read, pieces) for how, pieces in arrivals.items()} for name, read in READERS.items()}


def answer_in(stream: str) -> ModelAnswer:
    """The agent's answer, read by labkit's dialects."""
    answer = ModelAnswer()
    for signal in Decoder().feed(stream.encode()):
        if isinstance(signal, Event):
            answer.feed_event(signal)
    answer.close()
    return answer
