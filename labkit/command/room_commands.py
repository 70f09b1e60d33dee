"""The commands that get a room ready and keep its lessons: `labkit room-check`, `bundle`, `update-lessons`, `progress`.

Only click is imported at the top, so that `labkit --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit.command.terminal import Failure
from labkit.errors import LabError, counted

if TYPE_CHECKING:
    from labkit.check import LearnerProgress
    from labkit.command.lessons import Place


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


@click.command("progress")
@click.option("--certificate", type=click.Path(path_type=Path, dir_okay=False), metavar="OUT.html",
              help="Write a page of what was measured and passed here, with dates.")  # fmt: skip
@click.option("--name", default="", metavar="NAME", help="With --certificate: whose page it is.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
              help="The folder of the lessons. Default: where labkit opens them.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def progress_command(certificate: Path | None, name: str, folder: Path | None, as_json: bool) -> None:
    """Show which exercises are passed and which are left.

    It reads what check(...) and predict(...) note in .labkit, beside the lessons. Nothing is sent anywhere;
    LABKIT_NOTES=none keeps anything from being noted, and the folder may be deleted.
    """
    from labkit.check import my_progress
    from labkit.command.lessons import find_place
    from labkit.command.terminal import never_fail_on_a_character

    never_fail_on_a_character()
    place = find_place()
    done = my_progress(folder or place.work)
    if certificate is not None:
        _write_certificate(place, done, certificate, name)
    elif as_json:
        import json

        from labkit.command.progress import as_facts

        click.echo(json.dumps(as_facts(done), indent=1))
    else:
        from rich.console import Console

        from labkit.command.progress import show_progress

        show_progress(place, done, Console(highlight=False, markup=False))


def _write_certificate(place: Place, done: LearnerProgress, path: Path, name: str) -> None:
    from datetime import date

    from labkit.command.certificate import certificate, machine_line
    from labkit.command.course import read_course

    try:
        path.write_text(certificate(done, read_course(place), name, f"{date.today()}", machine_line()), "utf-8")
    except OSError as problem:
        raise Failure(f"{path} cannot be written ({problem.strerror or problem}). Say another file") from None
    click.echo(f"{path}: {done.sentence}. Open it in a browser; printed it becomes a PDF")


@click.command("room-check")
@click.option("--quick", is_flag=True, help="Without browsers and lesson: two seconds instead of a minute.")
@click.option("--offline", is_flag=True, help="Without a look at the network: it asks one public site for its head.")
@click.option("--json", "as_json", is_flag=True, help="What was found as JSON, to collect from a whole room.")
@click.option("-v", "--verbose", is_flag=True, help="What is in order too.")
@click.pass_context
def room_check_command(ctx: click.Context, quick: bool, offline: bool, as_json: bool, verbose: bool) -> None:
    """Check, before the day, that this machine is ready for it: one green line, or what to do.

    Python and packages, disk, memory, ports, a company's proxies and certificates, the clock, widgets, browsers, and
    the time of one lesson, which is run in a temporary folder. Exit code 0: ready, 1: something has to be mended.
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from labkit.command.findings import report_lines
    from labkit.command.lessons import find_place
    from labkit.command.room_check import room_steps, run_steps
    from labkit.command.terminal import never_fail_on_a_character, printable

    never_fail_on_a_character()
    with Console(stderr=True).status("checking") as status:

        def say(what: str) -> None:
            status.update(f"checking: {printable(what)}")

        found = list(run_steps(room_steps(find_place(), say, quick=quick, offline=offline), say))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        for line, style in report_lines(found, verbose):
            console.print(printable(line), style=style)
    ctx.exit(any(finding.state == "trouble" for finding in found))


@click.command("bundle")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="FOLDER",
              help="Where it goes, such as a stick. Other files there are left alone.")  # fmt: skip
@click.option("--platform", "platforms", multiple=True, metavar="NAME",
              help="Of linux-x86_64, linux-aarch64, macos-arm64, macos-x86_64, windows-x86_64.")  # fmt: skip
@click.option("--python", "pythons", multiple=True, metavar="VERSION", help="Such as 3.12. Default: this one's.")
@click.option("--small", is_flag=True, help="The lessons alone: no real proxies, no providers' clients.")
def bundle_command(out: Path, platforms: tuple[str, ...], pythons: tuple[str, ...], small: bool) -> None:
    """Make a folder from which labkit is installed without a network: python3 install.py.

    It holds the wheels of all that the lessons need, at the versions that run here, and the lessons. Options may be
    given several times. It needs the network now, and the machines in the room need none.
    """
    import re

    from labkit.command.bundle import EXTRAS, make_bundle, this_machine
    from labkit.command.lessons import find_place
    from labkit.command.wheelhouse import PLATFORMS, BundleTarget

    here = this_machine()
    if unknown := [name for name in (platforms or [here.platform]) if name not in PLATFORMS]:
        raise Failure(f"there are no wheels for {unknown[0]!r}. Say --platform with one of: {', '.join(PLATFORMS)}")
    if wrong := [text for text in pythons if not re.fullmatch(r"3\.(1[1-9]|2[0-9])", text)]:
        raise Failure(f"{wrong[0]!r} is no Python for labkit. Say for example --python 3.12")
    targets = [
        BundleTarget(name, python) for name in platforms or (here.platform,) for python in pythons or (here.python,)
    ]
    try:
        size = make_bundle(find_place(), out, targets, EXTRAS[:1] if small else EXTRAS, click.echo)
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"{out} cannot be written ({problem.strerror or problem}). Say --out FOLDER") from None
    click.echo(f"{out}: {size / 2**20:,.0f} MiB. On a machine without a network: python3 {out / 'install.py'}")


ROOM_COMMANDS = (bundle_command, progress_command, room_check_command, update_lessons_command)
