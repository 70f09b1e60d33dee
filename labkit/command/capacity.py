"""`labkit capacity`: what a deployment needs, and which limits of this machine it would meet."""

from __future__ import annotations

import dataclasses
import json

import click
from rich.console import Console
from rich.table import Table

from labkit.capacity import LimitAdvice, Reckoning, advise, measured, read_limits, reckon
from labkit.errors import counted

ENOUGH, TOO_LITTLE = 0, 1
#: What is not in the numbers.
LEFT_OUT = (
    "What is left out: TLS, compression, what larger events than 120 bytes cost more, a generator for each client, "
    "what events cost to make, the Redis that nodes share, a proxy's own memory, the operating system, and readers "
    "that are behind."
)


def run_capacity(
    clients: int, events_per_s: float, event_bytes: int, nodes: int, *, behind_proxy: bool, as_json: bool
) -> int:
    """Prints the reckoning and the advice; returns the exit code: 1 where this machine allows too little.

    Raises:
        LabError: a number that no deployment has.
    """
    need = reckon(clients, events_per_s, event_bytes, nodes)
    advice = advise(need, read_limits(), behind_proxy)
    short = [one for one in advice if one.line and one.has]
    if as_json:
        parts = {"needs": dataclasses.asdict(need), "limits": [dataclasses.asdict(one) for one in advice],
                 "measured": {**dataclasses.asdict(measured()), "event_us": dict(measured().event_us)}}  # fmt: skip
        click.echo(json.dumps(parts))
    else:
        _show(need, advice, clients, events_per_s, event_bytes)
    return TOO_LITTLE if short else ENOUGH


def _show(need: Reckoning, advice: list[LimitAdvice], clients: int, events_per_s: float, event_bytes: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    each = f", {need.clients:,} on each of {counted(need.nodes, 'node')}" if need.nodes > 1 else ""
    console.print(f"{counted(clients, 'client')}{each}; each gets {events_per_s:g} a second of {event_bytes:,} B.\n")
    console.print(_needs(need))
    console.print("[bold]Limits[/bold]")
    for one in advice:
        here = f", and here it is {one.has}" if one.has else ""
        state = "enough" if not one.line else "TOO LITTLE" if one.has else "set it"
        console.print(f"  {state:10}  {one.limit}: {one.needs}{here}", markup=False)
        if one.line:
            console.print(f"              {one.why}\n              {one.line}", markup=False)
    cost = measured()
    console.print(
        f"\nThis is based on benchmarks/capacity.py, run on {cost.date} on {cost.machine}. Another processor has other "
        f"microseconds: run it on yours. {LEFT_OUT}",
        markup=False,
    )


def _needs(need: Reckoning) -> Table:
    cost = measured()
    table = Table("for each node", "needs", "because", box=None, pad_edge=False)
    us = cost.event_us_with(need.clients)
    rows = (
        ("memory of the process", _mib(need.process_bytes),
         f"{_mib(cost.base_bytes)}, and {cost.process_bytes / 1024:.1f} KiB for each idle reader"),
        ("memory of the kernel", _mib(need.kernel_bytes), f"{cost.kernel_bytes / 1024:.1f} KiB for each connection"),
        ("", f"+ {need.stalled_bytes / 1024:,.0f} KiB", "for each reader that takes nothing, until it is cut"),
        ("descriptors", f"{need.descriptors:,}", "one for each reader, and some of its own"),
        ("processor", f"{need.processors:.1%} of one", f"{us:.1f} us for each event and reader"),
        ("lag of the last reader", f"{need.last_reader_s * 1000:,.0f} ms", "they are written to one after the other"),
        ("network", f"{need.bytes_per_s * 8 / 1e6:,.1f} Mbit/s", "with framing, and the headers of TCP and IP"),
        ("all come back", f"{need.return_s:,.1f} s", f"{cost.connect_us:,.0f} us to let one in"),
    )  # fmt: skip
    for row in rows:
        table.add_row(*row)
    return table


def _mib(number: float) -> str:
    return f"{number / 2**20:,.0f} MiB"
