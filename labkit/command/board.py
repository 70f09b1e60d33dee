"""`labkit board`: the class board for the projector, and its report at the end of the day."""

from __future__ import annotations

import contextlib
import datetime
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit.command.terminal import Failure, until_interrupted
from labkit.errors import LabError
from labkit.system.observers import BOARD_VARIABLE, CONSENT_VARIABLE

if TYPE_CHECKING:
    from labkit.board.serving import ClassBoard

PORT = 8090


@click.command("board")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets the room's machines in.")
@click.option("--folder", metavar="FOLDER", help="Where the class is kept. Default: class-, and the date of today.")
@click.option("--origin", "origins", multiple=True, metavar="URL", help="Whose pages may send too, such as a hub's.")
@click.option("--report", metavar="OUT", help="No board: write the report of that class into this folder.")
def board_command(port: int, host: str, folder: str | None, origins: tuple[str, ...], report: str | None) -> None:
    """Open a class board: who is there, what the room guesses, and a line for each notebook.

    Learners join with the code on the projector, if they like. The instructor's secret is printed here, and nowhere
    else. The same folder again goes on with that class: a crash loses nothing.
    """
    place = Path(folder or f"class-{datetime.date.today().isoformat()}")
    try:
        if report is not None:
            from labkit.board.report import write_report

            for line in write_report(place, Path(report)):
                click.echo(line)
            return
        run_board(place, host, port, origins, click.echo)
    except LabError as problem:
        raise Failure(str(problem)) from None
    except OSError as problem:
        raise Failure(f"{host} port {port} cannot be served ({problem.strerror or problem}). Try another") from None


def run_board(folder: Path, host: str, port: int, origins: tuple[str, ...], say: Callable[[str], object]) -> None:
    """Serves a class board until Ctrl-C. `say` is called with each line for the terminal.

    Raises:
        PortInUse: another program listens on that port.
        LabError: the folder, or an origin, cannot be used.
    """
    from labkit.board.serving import ClassBoard
    from labkit.server.origins import normalize_origin

    board = ClassBoard(folder, host, port, lesson_titles(), frozenset(map(normalize_origin, origins)))
    farewell = f"stopped. The report: labkit board --folder {folder} --report report"
    with until_interrupted(board.stop, say, farewell):
        for line in board_lines(board, host):
            say(line)


def board_lines(board: ClassBoard, host: str) -> list[str]:
    """What the terminal says of a board that listens."""
    from labkit.system.sockets import is_loopback

    code = board.folder.code
    lines = [
        f"For the projector:    {board.url}#{code}",
        f"Learners:             labkit --board {board.join_url}{code}",
        f'  or in a cell:       from labkit.board import board; board("{board.join_url}{code}", name="fox")',
        f"Instructor's secret:  {board.folder.secret}   (only here; type it on the page under Instructor)",
        f"The class is kept in {board.folder.path}/",
    ]
    if is_loopback(host):
        lines.append("Only this machine can reach it. For the room: labkit board --host 0.0.0.0")
    else:
        lines.append(f"Warning: on {host}, whoever reaches this machine and has the code can join and see the board. "
                     "What is sent is not encrypted.")  # fmt: skip
    return [*lines, "Ctrl-C stops it; the same command again goes on with the same class."]


@contextlib.contextmanager
def board_environment(url: str | None) -> Iterator[dict[str, str]]:
    """The variables that tell kernels of a class board, and where they share what the learner has answered.

    Raises:
        Failure: it is no address.
    """
    if url is None:
        yield {}
        return
    from labkit.board.address import split_url

    try:
        address, code = split_url(url)
    except LabError as problem:
        raise Failure(str(problem)) from None
    click.echo(f"Each notebook asks whether to join the class board at {address}")
    with tempfile.TemporaryDirectory(prefix="labkit-board-") as folder:  # for this user alone: mkdtemp makes it 0700
        yield {BOARD_VARIABLE: address + code, CONSENT_VARIABLE: str(Path(folder) / "consent.json")}


def lesson_titles() -> list[str]:
    """The lessons by number and name, such as "04 what happens when it breaks"."""
    from labkit.command.lessons import find_place

    names = (Path(lesson).stem for lesson in find_place().lessons)
    return [re.sub(r"_+", " ", name) for name in names]
