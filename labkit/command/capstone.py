"""`labkit capstone`: runs the checklist of the capstone against a server or a file, line by line."""

from __future__ import annotations

import click

from labkit.command.terminal import Failure, never_fail_on_a_character, printable


@click.command("capstone")
@click.argument("target", metavar="URL|FILE")
@click.option("--begin", is_flag=True, help="Write FILE, the one to begin with, and check nothing.")
@click.option("--line", "lines", multiple=True, metavar="NAME", help="This line alone, and those that it needs.")
@click.option("--hint", metavar="NAME", help="Show the hints of this line, and check nothing.")
@click.option("--no-chromium", is_flag=True, help="Look at the source of the page alone.")
@click.pass_context
def capstone_command(
    ctx: click.Context, target: str, begin: bool, lines: tuple[str, ...], hint: str | None, no_chromium: bool
) -> None:
    """Check your live status page for a flaky job: the capstone of the lessons.

    FILE is a Python file with `routes` or `app`. Exit code 0: every line is green, 1: one is not, 2: there was nothing
    to check.
    """
    never_fail_on_a_character()
    from labkit import capstone
    from labkit.capstone.checklist import TextLines
    from labkit.errors import LabError

    def say(text: str) -> None:
        for line in text.split("\n"):
            click.echo(printable(line))

    try:
        if begin:
            say(capstone.begin(target))
        elif hint is not None:
            steps = capstone.hint(hint, 1).steps
            say("\n".join(repr(capstone.hint(hint, step)) for step in range(1, steps + 1)))
        else:
            settings = capstone.Settings(browser=not no_chromium)
            result = capstone.check(target, only=lines or None, show=TextLines(say), settings=settings)
            ctx.exit(0 if result.passed else 1)
    except (LabError, OSError) as problem:
        raise Failure(str(problem)) from None
