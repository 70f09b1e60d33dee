"""The lab's relay in the place of an nginx, against a real one: how late events are, and in what company they come.

uv run python benchmarks/proxies.py

For each size of events both run at the same time, behind servers of their own, several rounds. HAProxy too, where it is
installed.
"""

from __future__ import annotations

import asyncio
import datetime
import platform
from statistics import median

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from labkit.client import watch
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import EmbeddedProxy, HAProxy, Nginx, RunningProxy, find_haproxy, find_nginx, haproxy, nginx
from labkit.recording import Lags, lags

CLASSIC = Nginx(to_origin="1.0")


async def run(ticks: Ticks, setup: Nginx | HAProxy, real: bool) -> Lags:
    """The lags behind one proxy."""

    def start(url: str) -> RunningProxy | EmbeddedProxy:
        if not real:
            return EmbeddedProxy(url, setup)
        return nginx(url, setup) if isinstance(setup, Nginx) else haproxy(url, setup)

    async with ticking(ticks) as url:
        with await asyncio.to_thread(start, url) as proxy:
            return lags(await watch(proxy.url, 30.0))


async def both(ticks: Ticks, setup: Nginx | HAProxy, rounds: int) -> tuple[list[Lags], list[Lags]]:
    """Each round at the same time: what disturbs one disturbs the other."""
    pairs = [await asyncio.gather(run(ticks, setup, True), run(ticks, setup, False)) for _ in range(rounds)]
    return [real for real, _ in pairs], [relay for _, relay in pairs]


def row(name: str, real: list[Lags], relay: list[Lags]) -> list[str]:
    """First, median and longest lag in ms, and the bursts: of the real one, of the relay; then how far they differ."""
    cells = [name]
    middles = []
    for runs in (real, relay):
        told = [(one.lags_s[0], one.median_s, one.longest_s) for one in runs]
        middle = [median(column) * 1000 for column in zip(*told, strict=True)]
        middles.append(middle)
        cells.append(" / ".join(f"{value:.0f}" for value in middle))
        cells.append(str(round(median(len(one.bursts) for one in runs))))
    return [*cells, f"{max(abs(a - b) for a, b in zip(*middles, strict=True)):.1f}"]


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--interval-ms", default=40, show_default=True)
def main(rounds: int, interval_ms: int) -> None:
    """Prints one row for each size."""
    if not find_nginx():
        raise click.ClickException("a real nginx is needed: uv sync --extra proxies, or Debian: apt install nginx")
    table = Table(title=f"Behind the classic nginx (HTTP/1.0 to the server), one event every {interval_ms} ms")
    for column in (
        "event",
        "nginx: first / median / longest, ms",
        "bursts",
        "relay: the same",
        "bursts",
        "differ by, ms",
    ):
        table.add_column(column, justify="right")
    for size in track((64, 128, 256, 512, 1024, 2048, 4096), "measuring"):
        ticks = Ticks(max(40, 3 * 4096 // size), interval_ms / 1000, size)
        table.add_row(*row(f"{size} B", *asyncio.run(both(ticks, CLASSIC, rounds))))
    if find_haproxy():
        ticks = Ticks(40, interval_ms / 1000)
        table.add_row(*row("HAProxy", *asyncio.run(both(ticks, HAProxy(), rounds))))
    console = Console(width=120)
    console.print(table)
    system = f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}"
    console.print(f"{datetime.date.today()}, {system}, {rounds} rounds, medians")


if __name__ == "__main__":
    main()
