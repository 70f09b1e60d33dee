"""The commands of those who teach: `labkit compare`, `slides`, and those of room_commands.py.

Only click is imported at the top, so that `labkit --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from labkit.command.room_commands import ROOM_COMMANDS
from labkit.command.terminal import Failure
from labkit.errors import LabError


@click.command("compare")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--figure", type=click.Path(path_type=Path, dir_okay=False), default=Path("compared.png"),
              show_default=True, metavar="FILE", help="Where the figure goes.")  # fmt: skip
@click.pass_context
def compare_command(ctx: click.Context, folder: Path, figure: Path) -> None:
    """Lay the saved results of a class side by side, as one table and one figure.

    FOLDER holds what lesson 08 saves with result.save(...), one file for each person.
    """
    from rich.console import Console

    from labkit.command.compare import run_compare

    try:
        ctx.exit(run_compare(folder, figure, Console(highlight=False, markup=False)))
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"{figure} cannot be written ({problem.strerror or problem}). Say --figure FILE") from None


@click.command("slides")
@click.argument("lesson")
@click.option("--out", type=click.Path(path_type=Path), default=Path("slides"), show_default=True, metavar="PATH",
              help="A folder, or a file that ends in .html.")  # fmt: skip
@click.option("--dark", is_flag=True, help="Light letters on dark.")
@click.option("--live", is_flag=True, help="Open it in JupyterLab instead, in large type: every cell runs.")
@click.option("--no-browser", is_flag=True, help="With --live: start JupyterLab, and open no browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="With --live: JupyterLab's port.")
@click.pass_context
def slides_command(
    ctx: click.Context, lesson: str, out: Path, dark: bool, live: bool, no_browser: bool, port: int | None
) -> None:
    """Make slides of a lesson, by number or name: one file that needs no network."""
    from labkit.command.lessons import find_place
    from labkit.command.slides import run_live, write_slides

    try:
        if live:
            ctx.exit(run_live(find_place(), lesson, port, not no_browser, click.echo))
        path = write_slides(find_place(), lesson, out, dark)
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"{out} cannot be written ({problem.strerror or problem}). Say --out FOLDER") from None
    click.echo(f"The slides are in {path}. Arrow keys: right for the next part, down for the next cell; F: full screen")


CLASS_COMMANDS = (compare_command, slides_command, *ROOM_COMMANDS)
