"""`labkit room-check`: whether this machine is ready for a day of lessons, in one line, or what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from labkit.capacity.limits import read_limits
from labkit.command import browsers, machine, network, trial_lesson
from labkit.command.findings import RoomFinding
from labkit.command.installation import InstallationCheck, inspect
from labkit.command.lessons import Place

#: What is being checked, and the check.
Step = tuple[str, Callable[[], Iterable[RoomFinding]]]


def room_steps(place: Place, say: Callable[[str], object], *, quick: bool, offline: bool) -> list[Step]:
    """The checks, the quickest first. Nothing outside a temporary folder is changed.

    Args:
        place: where the lessons are.
        say: is told how far a long check is.
        quick: without browsers and lesson, which take half a minute.
        offline: without a look at the network.
    """
    steps: list[Step] = [
        ("Python and packages", lambda: map(of_installation, inspect(place))),
        ("disk", lambda: machine.check_disk([place.root])),
        ("memory", lambda: [machine.check_memory(read_limits().memory_bytes)]),
        ("ports", machine.check_ports),
        ("this machine's own servers", lambda: [machine.check_loopback()]),
        ("proxies", network.check_proxies),
        ("widgets", lambda: machine.check_frontend(_extension_folders())),
        ("optional programs", lambda: [machine.check_tools(_tools())]),
    ]
    if not offline:
        steps.append(("network and clock", network.check_site))
    if not quick:
        steps.append(("browsers", browsers.check_browsers))
        steps.append(("a lesson", lambda: [trial_lesson.check_lesson(place, say)]))
    return steps


def run_steps(steps: Iterable[Step], say: Callable[[str], object]) -> Iterator[RoomFinding]:
    """What the checks find, one after the other. A check that fails itself is a trouble, and not the end.

    After a trouble with Python or its packages nothing else is looked at: it may be of that trouble's making.
    """
    for what, check in steps:
        say(what)
        wrong = False
        try:
            for finding in check():
                wrong = wrong or finding.state == "trouble"
                yield finding
        except Exception as problem:  # whatever an odd machine raises
            why = f"{type(problem).__name__}: {str(problem)[:200]}"
            yield RoomFinding("trouble", f"{what}: this cannot be checked here ({why})", "please report it")
        if wrong and what == "Python and packages":
            return


def of_installation(check: InstallationCheck) -> RoomFinding:
    """The same as a finding: an installation that is not in order is a trouble."""
    return RoomFinding("ok" if check.ok else "trouble", check.description, check.advice)


def _extension_folders() -> list[Path]:
    from jupyter_core.paths import jupyter_path

    return list(map(Path, jupyter_path("labextensions")))


def _tools() -> Iterator[tuple[str, bool, str]]:
    from labkit.cluster.redis_server import find_redis
    from labkit.proxy.products import PRODUCTS

    for product in PRODUCTS.values():
        yield product.name, _finds(product.find), "the lab's relay" if product.stand_in else "left out"
    yield "Redis", _finds(find_redis), "an imitation"


def _finds(find: Callable[[], str | None]) -> bool:
    with contextlib.suppress(OSError):
        return find() is not None
    return False
