"""How fast are Decoder and encode, against named peers? One process, interleaved rounds, CPU time, medians.

    uv run --group peers python benchmarks/decoder.py

Prints ratios: times labkit's speed over the peer's (more is better), and growth when the input doubles.
"""

from __future__ import annotations

import collections
import gc
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from ld_eventsource.reader import _BufferedLineReader, _SSEReader
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sse_starlette.event import ServerSentEvent

from labkit.wire import Decoder, Frame, encode

ROUNDS = 15
console = Console(width=110)


def labkit(chunks: list[bytes]) -> int:
    feed = Decoder(max_event_bytes=64 * 1024 * 1024).feed
    return sum(len(feed(chunk)) for chunk in chunks)


def launchdarkly(chunks: list[bytes]) -> int:
    return sum(1 for _ in _SSEReader(_BufferedLineReader.lines_from(chunks)).events_and_comments())


def httpx_sse(chunks: list[bytes]) -> int:
    """httpx-sse's decoders as its EventSource drives them: text decoding, lines, events."""
    import codecs

    decode_text = codecs.getincrementaldecoder("utf-8")("replace").decode
    lines, events, count = SSELineDecoder(), SSEDecoder(), 0
    for chunk in chunks:
        for line in lines.decode(decode_text(chunk)):
            count += events.decode(line) is not None
    return count


READERS: dict[str, Callable[[list[bytes]], int]] = {
    "labkit": labkit,
    "launchdarkly-eventsource": launchdarkly,
    "httpx-sse decoders": httpx_sse,
}


def token(n: int) -> str:
    """What one event of a language model's stream holds, in OpenAI's dialect: about 175 bytes."""
    choice = {"index": 0, "delta": {"content": f" token{n}"}, "finish_reason": None}
    chunk = {"id": "chatcmpl-0123456789", "object": "chat.completion.chunk", "created": 1780000000 + n, "model": "lab"}
    return json.dumps(chunk | {"choices": [choice]}, separators=(",", ":"))


def tokens(count: int) -> list[bytes]:
    return [encode(Frame(data=token(n))) for n in range(count)]


def sliced(raw: bytes, size: int) -> list[bytes]:
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def workloads() -> dict[str, list[bytes]]:
    plain = tokens(20_000)
    named = [b"id: epoch-%d\n%s" % (n, event) for n, event in enumerate(plain)]
    lines = [encode(Frame(data="\n".join(["x" * 80] * 200)))] * 250
    return {
        "tokens, 4 KiB chunks": sliced(b"".join(plain), 4096),
        "tokens, one event per chunk": plain,
        "tokens with ids, 4 KiB chunks": sliced(b"".join(named), 4096),
        "tokens with ids, one event per chunk": named,
        "tokens with CRLF, 4 KiB chunks": sliced(b"".join(plain).replace(b"\n", b"\r\n"), 4096),
        "events of 200 lines, 4 KiB chunks": sliced(b"".join(lines), 4096),
        "tokens, byte by byte": sliced(b"".join(plain[:500]), 1),
    }


def cpu_s(run: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    start = time.process_time()
    run()
    taken = time.process_time() - start
    gc.enable()
    return taken


def interleaved(runs: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median CPU seconds of each run; A B C, A B C, ... so that the machine's mood meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # warm-up
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(cpu_s(run))
    return {name: statistics.median(taken) for name, taken in times.items()}


def compare_readers() -> None:
    table = Table("workload", "labkit ns/event", *(f"x {name}" for name in list(READERS)[1:]), title="Reading")
    for name, chunks in track(workloads().items(), "reading", console=console, transient=True):
        counts = {reader: read(chunks) for reader, read in READERS.items()}
        assert len(set(counts.values())) == 1 or "ids" in name, counts
        medians = interleaved({reader: partial(read, chunks) for reader, read in READERS.items()})
        ours = medians["labkit"]
        ratios = [f"{medians[peer] / ours:.2f}" for peer in list(READERS)[1:]]
        table.add_row(name, f"{ours / counts['labkit'] * 1e9:,.0f}", *ratios)
    console.print(table)


def compare_growth() -> None:
    table = Table("workload", "time when the input doubles, each time", title="Growth")
    for name, make in {
        "tokens, 4 KiB chunks": lambda n: sliced(b"".join(tokens(5_000 * n)), 4096),
        "one event of many data lines, 1460-byte chunks": lambda n: sliced(
            b"data: some words\n" * 30_000 * n + b"\n", 1460
        ),
        "one event of one line, 1460-byte chunks": lambda n: sliced(b"data: " + b"x" * 250_000 * n + b"\n\n", 1460),
    }.items():
        inputs = {f"{n}": make(n) for n in (1, 2, 4)}
        medians = list(interleaved({n: partial(labkit, chunks) for n, chunks in inputs.items()}).values())
        table.add_row(name, ", ".join(f"{large / small:.2f}" for small, large in pairwise(medians)))
    console.print(table)


def compare_writers() -> None:
    data = token(7)

    def many(write: Callable[[], bytes]) -> Callable[[], None]:
        return lambda: collections.deque((write() for _ in range(20_000)), maxlen=0) and None

    table = Table("event", "labkit ns", "sse-starlette ns", "labkit / sse-starlette", title="Building and encoding")
    for name, ours, theirs in [
        ("data", lambda: encode(Frame(data=data)), lambda: ServerSentEvent(data=data).encode()),
        (
            "id, event, data",
            lambda: encode(Frame(id="epoch-7", event="token", data=data)),
            lambda: ServerSentEvent(id="epoch-7", event="token", data=data).encode(),
        ),
    ]:
        medians = interleaved({"labkit": many(ours), "sse-starlette": many(theirs)})
        per_event = {writer: taken / 20_000 * 1e9 for writer, taken in medians.items()}
        ratio = medians["labkit"] / medians["sse-starlette"]
        table.add_row(name, *(f"{ns:,.0f}" for ns in per_event.values()), f"{ratio:.2f}")
    console.print(table)


if __name__ == "__main__":
    compare_readers()
    compare_growth()
    compare_writers()
