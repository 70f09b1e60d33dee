"""The commands that get a room ready, and keep its lessons: `labkit update-lessons`.

Only click is imported at the top, so that `labkit --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path

import click

from labkit.command.terminal import Failure
from labkit.errors import LabError, counted


@click.command("update-lessons")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Where the copies go. Default: where labkit opens them.")  # fmt: skip
def update_lessons_command(folder: Path | None) -> None:
    """Hand out the lessons, or bring the copies up to date, without JupyterLab.

    A copy that nobody wrote in becomes the newest original. What somebody wrote is left alone.
    """
    from dataclasses import replace

    from labkit.command.lessons import copy_lessons, copy_lines, find_place

    place = find_place()
    if folder is not None:
        place = replace(place, work=folder.absolute())
    if not place.lessons:
        raise Failure(f"no lessons in {place.originals}: get labkit again, with its folder notebooks")
    try:
        copies = copy_lessons(place)
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"the lessons cannot be copied to {place.work} ({problem}). Say --to FOLDER") from None
    for line in copy_lines(place, copies):
        click.echo(line)
    if current := sum(copy.action == "current" for copy in copies):
        click.echo(f"{counted(current, 'lesson')} of {len(copies)} in {place.work} up to date already")


ROOM_COMMANDS = (update_lessons_command,)
