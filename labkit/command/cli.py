"""The command line: `labkit` opens the lessons, `labkit reset` gives one back; the others are in *_commands.py.

Only click is imported at the top, so that `labkit --help` answers at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

import labkit
from labkit.command.board import board_command, board_environment
from labkit.command.capstone import capstone_command
from labkit.command.class_commands import CLASS_COMMANDS
from labkit.command.stream_commands import STREAM_COMMANDS
from labkit.command.terminal import Failure, never_fail_on_a_character, one_sentence
from labkit.errors import LabError

if TYPE_CHECKING:
    from labkit.command.lessons import Copy, Place


class LabGroup(click.Group):
    """A group that keeps what follows `--` for JupyterLab, where no command was named before it.

    Whatever goes wrong in a command, it ends in a sentence: see one_sentence().
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = []
        if "--" in args and not any(argument in self.commands for argument in args[: args.index("--")]):
            separator = args.index("--")
            args, ctx.obj = args[:separator], args[separator + 1 :]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with one_sentence():
            return super().invoke(ctx)


@click.group(cls=LabGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--check", is_flag=True, help="Only check the installation; exit code 0 or 1.")
@click.option("--no-browser", is_flag=True, help="Start JupyterLab, and open no browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="JupyterLab's port. Default: 8888, or the next free one.")
@click.option("--lesson", metavar="NUMBER", help="Which lesson to open, such as 01. Default: 00.")
@click.option(
    "--board", metavar="URL", help="A class board to join, as the projector shows it. Each notebook asks first."
)
@click.version_option(labkit.__version__, prog_name="labkit")
@click.pass_context
def main(
    ctx: click.Context, check: bool, no_browser: bool, port: int | None, lesson: str | None, board: str | None
) -> None:
    """Server-sent events, by experiment.

    Without a command: checks the installation, copies the lessons to work/, and opens them in JupyterLab.
    What follows -- is passed on to JupyterLab.
    """
    if ctx.invoked_subcommand is not None:
        if check or no_browser or port is not None or lesson is not None or board is not None:
            raise click.UsageError(f"options go after the command: labkit {ctx.invoked_subcommand} --option")
        return
    never_fail_on_a_character()
    from labkit.command.lessons import find_place

    place = find_place()
    if not _check(place):
        ctx.exit(1)
    if not check:
        with board_environment(board) as environment:
            ctx.exit(_open_lab(place, lesson or "00", not no_browser, port, ctx.obj, environment))


@main.command("reset")
@click.argument("lessons", nargs=-1, metavar="LESSON...")
@click.option("--all", "all_of_them", is_flag=True, help="Every lesson.")
def reset_command(lessons: tuple[str, ...], all_of_them: bool) -> None:
    """Give back the original of a lesson, by number or name.

    Your version is kept beside it, as 01_....mine.ipynb.
    """
    from labkit.command.lessons import find_lesson, find_place, reset_lesson

    place = find_place()
    if not lessons and not all_of_them:
        raise Failure(f"which lesson? Say for example: labkit reset 01, or --all. There is: {', '.join(place.lessons)}")
    try:
        names = place.lessons if all_of_them else [find_lesson(place, text) for text in dict.fromkeys(lessons)]
        for lesson in names:
            click.echo(_reset_line(place, reset_lesson(place, lesson)))
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"{place.work} cannot be written in ({problem}). labkit --check says more") from None


def _check(place: Place) -> bool:
    from rich.console import Console

    from labkit.command.installation import inspect, show_checks

    all_ok = show_checks(inspect(place), Console(highlight=False))
    click.echo("All is in order." if all_ok else "Put right what is NOT OK, and run labkit again.")
    return all_ok


def _open_lab(
    place: Place, lesson_query: str, browser: bool, port: int | None, options: list[str], environment: dict[str, str]
) -> int:
    from labkit.command import jupyter
    from labkit.command.lessons import copy_lessons, copy_lines, find_lesson

    try:
        lesson = find_lesson(place, lesson_query)
        copies = copy_lessons(place)
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"the lessons cannot be copied to {place.work} ({problem}). labkit --check says more") from None
    for line in copy_lines(place, copies):
        click.echo(line)
    if jupyter.is_root():
        click.echo("You are root: JupyterLab is started with --allow-root.")
    click.echo(f"Opening {place.work.name}/{lesson} in JupyterLab; Ctrl-C stops it.")
    return jupyter.run_jupyter(
        jupyter.command(place, lesson, browser=browser, port=port, options=options),
        {**jupyter.environment(), **environment},
    )


def _reset_line(place: Place, copy: Copy) -> str:
    name = f"{place.work.name}/{copy.lesson}"
    if copy.backup:
        return f"{name} is the original again; yours is kept as {place.work.name}/{copy.backup}"
    return {
        "copied": f"{name} was missing, and is there again",
        "refreshed": f"{name} was untouched, and is the newest original now",
    }.get(copy.action, f"{name} is the original already")


for command in (*STREAM_COMMANDS, *CLASS_COMMANDS, board_command, capstone_command):
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())
