"""Which cookies a page of another site sends, right after somebody has signed in and two minutes later.

    uv run python benchmarks/cookies.py [--firefox] [--wait 125]

Chromium is let send cookies across sites, as Chrome does unless its user forbids it; Firefox is as it comes.
"""

from __future__ import annotations

import asyncio

import click
from rich.console import Console
from rich.table import Table

from labkit.lab.lesson_09.sites import COOKIES, PLACES, ask_from


@click.command()
@click.option("--firefox", is_flag=True, help="Ask a Firefox.")
@click.option("--wait", "wait_s", default=0.0, help="Seconds between signing in and asking.")
def main(firefox: bool, wait_s: float) -> None:
    """Prints the table."""
    places = {"another site": PLACES["another site"]}
    (seen,) = asyncio.run(ask_from(places, {}, firefox, wait_s))
    table = Table("way to ask", *COOKIES, title=f"{seen.browser}, {wait_s:g} s after signing in")
    for way, sent in seen.sent.items():
        table.add_row(way, *("sent" if went else "" for went in sent.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
