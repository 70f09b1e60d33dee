"""What EventSource does in Chromium and in Firefox, side by side: the table of lesson 05, and what the doctor says.

    uv run python benchmarks/firefox.py [--store]

It takes half a minute. --store keeps the answers in labkit/lab/recorded, where tests compare them with the table, and
writes both tables into docs/measured.md, with the versions and the date.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from sections import store_section

from labkit.lab import find_browser, find_firefox
from labkit.lab.lesson_05.ends import Ending, ask_endings, chunked_stream, response_bytes, what_ends
from labkit.wire.reconnecting import TABLE

RECORDED = Path(__file__).parent.parent / "labkit" / "lab" / "recorded"
WAIT_S = 8.0
STATES = ("connecting", "open", "closed")
EVENT = b"data: 1\n\n"
HELD_408 = [
    piece.replace(b"Connection: close\r\n", b"")
    for piece in (chunked_stream(b"retry: 300\n" + EVENT), response_bytes("408 Request Timeout"))
]
GZIPPED = ("Content-Type: text/event-stream", "Content-Encoding: gzip")
REDIRECTS = {
    "301": "Moved Permanently",
    "302": "Found",
    "303": "See Other",
    "307": "Temporary Redirect",
    "308": "Permanent Redirect",
}

Say = Callable[[Ending, Mapping[str, Any]], str]


def state(_: Ending, seen: Mapping[str, Any]) -> str:
    return STATES[seen["state"]]


def waits(server: Ending, _: Mapping[str, Any]) -> str:
    return f"{median(server.waits_s):.2g} s" if server.waits_s else "asked once"


def attempts(_: Ending, seen: Mapping[str, Any]) -> str:
    """An error is an attempt that failed; one came when the first stream ended."""
    return f"{state(_, seen)}, {(seen['errors'] - 1) / WAIT_S:.1f} attempts a second"


def times(server: Ending, seen: Mapping[str, Any]) -> str:
    return f"{state(server, seen)}, asked {len(server.asked)} x"


def went_to(server: Ending, _: Mapping[str, Any]) -> str:
    """The path of the request after the first stream had ended."""
    return {"GET /": "where it was redirected", "GET /to": "where it led"}.get("".join(server.asked[2:3]), "not asked")


def read(_: Ending, seen: Mapping[str, Any]) -> str:
    return f"{seen['events']} of 4 events"


def facts() -> dict[str, tuple[Ending, Say]]:
    """By the question: a server that asks it, and how the answer is told."""
    four = [b"data: %d\n\n" % number for number in range(4)]
    members, one = b"".join(map(gzip.compress, four)), gzip.compress(b"".join(four))
    plain, nosniff = "Content-Type: text/plain", "X-Content-Type-Options: nosniff"
    charset = "Content-Type: text/event-stream; charset=iso-8859-1"
    asked: dict[str, tuple[Ending, Say]] = {
        "waits without `retry:`": (Ending([chunked_stream(EVENT)]), waits),
        "waits after `retry: 2000`": (Ending([chunked_stream(b"retry: 2000\n" + EVENT)]), waits),
        "waits after `retry: 100`": (Ending([chunked_stream(b"retry: 100\n" + EVENT)]), waits),
        "waits after `retry: 0`": (Ending([chunked_stream(b"retry: 0\n" + EVENT)]), waits),
        "`retry: 0`, and then nobody listens": (Ending([chunked_stream(b"retry: 0\n" + EVENT)], leaves=True), attempts),
        "a 408 at first": (Ending([response_bytes("408 Request Timeout")]), times),
        "a 408 later, on the same connection": (Ending(HELD_408, keeps=True), times),
        "`text/plain`, a small stream": (Ending([chunked_stream(EVENT, plain, ended=False)], stays=True), state),
        "`text/plain` with `nosniff`": (
            Ending([chunked_stream(EVENT, plain, nosniff, ended=False)], stays=True),
            state,
        ),
        "no media type, a small stream": (Ending([chunked_stream(EVENT, "Server: x", ended=False)], stays=True), state),
        "`; charset=iso-8859-1`": (Ending([chunked_stream(EVENT, charset, ended=False)], stays=True), state),
        "gzip, one member for each event": (Ending([chunked_stream(members, *GZIPPED, ended=False)], stays=True), read),
        "gzip, one member": (Ending([chunked_stream(one, *GZIPPED, ended=False)], stays=True), read),
    }
    for status, reason in REDIRECTS.items():
        moved = response_bytes(f"{status} {reason}", "Location: /to")
        asked[f"after a {status}, comes back to"] = (Ending([moved, chunked_stream(b"retry: 300\n" + EVENT)]), went_to)
    return asked


async def told(firefox: bool) -> tuple[dict[str, str], dict[str, str]]:
    """What one browser does in the situations of the table, and its answer to each fact."""
    ends, _ = await what_ends(firefox)
    asked = facts()
    said = await ask_endings("facts", {about: server for about, (server, _) in asked.items()}, WAIT_S, firefox)
    return dict(ends), {about: say(server, said.value[about]) for about, (server, say) in asked.items()}


def version(path: str | None) -> str:
    """What the program says of itself, such as Mozilla Firefox 153.8.0esr."""
    if path is None:
        raise SystemExit("both browsers are needed: Debian has them as chromium and firefox-esr")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60).stdout
    return said.strip().split(" built on")[0].removeprefix("Mozilla ")


def section(versions: list[str], ends: list[dict[str, str]], found: list[dict[str, str]]) -> str:
    """The section of docs/measured.md."""
    lines = [
        "## EventSource in Chromium and in Firefox",
        "",
        f"`benchmarks/firefox.py --store`, {' and '.join(versions)}, on {datetime.date.today()}.",
        "Streams of the first table say `retry: 300`. A test compares its columns with `labkit/wire/reconnecting.py`.",
        "",
        "| how a connection ended | Chromium | Firefox |",
        "|---|---|---|",
        *(f"| {row.situation} | {ends[0][row.situation]} | {ends[1][row.situation]} |" for row in TABLE),
        "",
        f"| what it does (watched for {WAIT_S:g} s) | Chromium | Firefox |",
        "|---|---|---|",
        *(f"| {about} | {found[0][about]} | {found[1][about]} |" for about in found[0]),
    ]
    return "\n".join(lines)


async def measure() -> str:
    """Asks both, and returns the section."""
    seen = [await told(firefox) for firefox in (False, True)]
    versions = [version(find_browser()), version(find_firefox())]
    for row in TABLE:
        for name, column, one in (("Chromium", row.chromium, seen[0][0]), ("Firefox", row.firefox, seen[1][0])):
            if column != one[row.situation]:
                print(f"the table is wrong: {name}, {row.situation}: it says {column}, seen {one[row.situation]}")
    return section(versions, [ends for ends, _ in seen], [found for _, found in seen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="store_true", help="into labkit/lab/recorded and docs/measured.md")
    options = parser.parse_args()
    if options.store:
        os.environ["LABKIT_RECORDINGS"] = str(RECORDED)
    table = asyncio.run(measure())
    print(table)
    if options.store:
        store_section("firefox", table)


if __name__ == "__main__":
    main()
