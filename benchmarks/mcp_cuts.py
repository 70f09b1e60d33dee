"""Cuts a call of an MCP tool after every byte of its answer: two revisions, the official client and ours.

uv run python benchmarks/mcp_cuts.py [--every 1] [--pause-ms 0 6] [--store]

It prints the table of docs/measured.md; --store puts it there. Its exit code is 1 if a call that was cut behind its
first id did not bring everything, while the tool had done its work.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sections import store_section

from labkit.lab.lesson_13.cut_calls import CallTally, cut_everywhere
from labkit.lab.lesson_13.tool_call import RESUMES, STATELESS

CLIENTS = ("official", "ours")


async def measure(every: int, pauses_ms: list[float]) -> list[tuple[float, CallTally]]:
    """A tally for each pause of the tool, revision and client."""
    tallies = []
    for pause_ms in pauses_ms:
        for revision in (RESUMES, STATELESS) if pause_ms == 0 else (RESUMES,):
            for client in CLIENTS:
                tally = await cut_everywhere(revision, client, every if pause_ms == 0 else 5 * every, pause_ms / 1000)
                print(f"a step takes {pause_ms:g} ms: {tally}", flush=True)
                tallies.append((pause_ms, tally))
    return tallies


def table(tallies: list[tuple[float, CallTally]]) -> str:
    """The section of docs/measured.md."""
    lines = [
        "## A tool's call, cut",
        "",
        f"A call of an MCP tool that reports three steps and answers; mcp {version('mcp')}, {datetime.date.today()}.",
        "It is cut behind each byte of its answer (behind each fifth where a step takes time). A cut before the first",
        "id is whole can be resumed by nobody. Where a step takes about as long as the `retry` of 5 ms, a notification",
        "is lost now and then: the official server sends what it kept, and then begins to listen for what is new.",
        "",
        "| revision | client | a step takes | bytes | cuts | lost nothing | unanswered | notes lost | doubled |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for pause_ms, tally in tallies:
        cells = [tally.revision, tally.client, f"{pause_ms:g} ms", tally.response_bytes, tally.cuts, tally.exact]
        cells += [f"{tally.unanswered}, up to byte {tally.last_lost_byte}", tally.lost, tally.doubled]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="bytes between two cuts")
    parser.add_argument("--pause-ms", type=float, nargs="*", default=[0, 6], help="how long the tool takes for a step")
    parser.add_argument("--store", action="store_true", help="into docs/measured.md")
    options = parser.parse_args()
    tallies = asyncio.run(measure(options.every, options.pause_ms))
    print(f"\n{table(tallies)}")
    if options.store:
        store_section("mcp_cuts", table(tallies))
    sys.exit(not all(t.resumes for pause_ms, t in tallies if pause_ms == 0 and t.revision == RESUMES))


if __name__ == "__main__":
    main()
