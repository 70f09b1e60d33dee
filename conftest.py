"""How the suite runs: how many workers, what runs alone, and each lesson a second time in the same kernel.

Fixtures are in tests/conftest.py. This file is at the top because it is also for the lessons and the doctests.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Most tests wait for sockets, kernels and browsers rather than for a processor.
WORKERS = 4
#: What measures time runs while no other test does.
ALONE = "alone"
VERDICT = re.compile(r"C\d\d, [^:]+(: [^:]+)?: (true|not true here|cannot be told here)\.")
#: What the text around a cell says and no output shows: how the cell begins, and what must be true behind it.
SENTENCES = {
    # "In the grey time there is no connection, and the server goes on publishing": lesson 00
    "late = sum(": "any(start < sent < end for sent in story.sent_s for start, end in gaps) and lost == 0",
}
#: Real sockets and browsers on a machine that does other work as well: CI tries what fails there once more, and its
#: summary names each test that did. Whoever works on a test sees the first failure. (A lesson's cell cannot be tried
#: again: its kernel would be a new one.)
TRIED_TWICE = ("live", "browser", ALONE)
#: The tests of widgets and lessons in a JupyterLab.
IN_JUPYTERLAB = Path(__file__).parent / "tests/browser"
#: What says that it takes so many seconds is not run again, and neither is a cell with this tag: it takes as long, and
#: shows what it does instead of a bar.
LONG_S = 5
RUNS_ONCE = "runs-once"
#: What makes the second time that of a person, who reads before each cell; it runs in the lesson's kernel.
AT_A_PERSONS_SPEED = Path(__file__).parent / "tests/at_a_persons_speed.py"


#: What is shown while one waits, and taken away again, is no output to compare.
os.environ.setdefault("LABKIT_PROGRESS", "none")

# A checker of addresses that no notebook asks for, and that takes more than a second to import, in each process.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
pytest_plugins = ["nbval.plugin"]

# Compiled modules are kept, where somebody forbade it too (containers do), but not beside the sources: each worker
# compiles the suite else, and each kernel, JupyterLab and command that a test starts compiles what it imports.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    compiled = Path(__file__).parent / ".pytest_cache/compiled"
    for left in compiled.glob(f"{tempfile.gettempdir().lstrip('/')}/pytest-of-*"):  # of an earlier run's own folders
        shutil.rmtree(left, ignore_errors=True)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(compiled)
    sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """WORKERS for the whole suite; none where files or names are given: starting them would take longer."""
    chosen = config.invocation_params.args
    return 0 if any(Path(str(part).partition("::")[0]).exists() for part in chosen) or "-k" in chosen else WORKERS


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file at a time to each worker, and the tests in JupyterLab to one: a JupyterLab and a browser of its own for
    each worker would keep both processors busy for minutes, and what measures beside them would be late."""
    from xdist.scheduler import LoadFileScheduling

    class OneJupyterLab(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return IN_JUPYTERLAB.name if file.startswith("tests/browser/") else file

    return OneJupyterLab(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Lets nbval start a kernel again that has died while it started.

    The kernel's ports are chosen, given free, and opened by the kernel a moment later: on a busy machine another
    connection may have taken one of them. Source: jupyter_client.connect.write_connection_file().
    """
    with contextlib.suppress(ImportError):
        from nbval import kernel

        start = kernel.start_new_kernel

        def start_again(*settings: Any, **options: Any) -> Any:
            with contextlib.suppress(RuntimeError):
                return start(*settings, **options)
            return start(*settings, **options)

        kernel.start_new_kernel = start_again


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the lessons, adds their second run, and puts first what takes longest."""
    for item in items:
        if item.path.suffix == ".ipynb":  # nbval marks nothing, and -m "not notebooks" would run them all
            item.add_marker("notebooks")
    items[:] = list(_with_second_runs(items))
    for item in items:
        if os.environ.get("CI") and any(item.get_closest_marker(name) for name in TRIED_TWICE):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=_place)


def _with_second_runs(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    for place, item in enumerate(items):
        yield item
        after = items[place + 1] if place + 1 < len(items) else None
        if item.path.suffix == ".ipynb" and (after is None or after.path != item.path):
            yield from _second_run(item.parent)


def _second_run(lesson: Any) -> Iterator[pytest.Item]:
    """The lesson's cells again, in the kernel in which they have run, as a person runs them: with pauses, two cells in
    the other order, and each cell twice. Source of the kind of item: nbval."""
    from nbformat.v4 import new_code_cell
    from nbval.plugin import NbCellError

    cells = list(lesson.collect())

    class CellAgain(type(cells[0])):  # type: ignore[misc]
        """A cell that has run before. A claim must say its verdict, and what the text says must be true.

        Too early, before the cells that it needs, it may fail; what is untrue it may not say then either.
        """

        may_fail = False

        def runtest(self) -> None:
            try:
                super().runtest()
            except NbCellError as problem:
                if self.may_fail and "caused an exception" in str(problem):
                    return
                raise
            if any(tag.startswith("claim-") for tag in self.cell.metadata.get("tags", [])):
                assert VERDICT.search(str(self.test_outputs)), self.test_outputs
            for beginning, condition in SENTENCES.items():
                if self.cell.source.startswith(beginning):
                    asked = {"true": condition}
                    reply = self.parent.kernel.kc.execute(
                        "", silent=True, user_expressions=asked, reply=True, timeout=60
                    )
                    assert reply["content"]["user_expressions"]["true"]["data"]["text/plain"] == "True", condition

    def again(name: str, number: int, cell: Any, options: dict[str, Any]) -> Any:
        made = CellAgain.from_parent(lesson, name=name, cell_num=number, cell=cell, options=options)
        made.add_marker("notebooks")
        return made

    first = {"check": False, "skip": False, "check_exception": False}
    begin = new_code_cell(AT_A_PERSONS_SPEED.read_text("utf-8") + "\nbegin()")
    yield again("at a person's speed", -1, begin, first)
    for one, other in itertools.zip_longest(cells[::2], cells[1::2]):
        for cell, when in ((other, "too early"), (one, "late"), (one, "twice"), (other, "late")):
            if (
                cell is None
                or RUNS_ONCE in cell.cell.metadata.get("tags", ())
                or _seconds(cell) >= (LONG_S if when == "late" else 1)
            ):
                continue  # what takes long is not run three times, and what takes very long not even once more
            # A hint goes one step further each time.
            options = {**first, **cell.options, "check": cell.options["check"] and "hint(" not in cell.cell.source}
            made = again(f"{cell.name} {when}", cell.cell_num, cell.cell, options)
            made.may_fail = when == "too early"
            yield made


def _seconds(cell: Any) -> int:
    """How long a cell says that it takes; 0 if it does not say it."""
    said = re.search(r"with takes\((\d+)\)", cell.cell.source)
    return int(said[1]) if said else 0


def _place(item: pytest.Item) -> int:
    """What takes longest first, and last what runs alone: each worker takes a file at a time."""
    if item.get_closest_marker(ALONE):
        return 4
    if item.path.is_relative_to(IN_JUPYTERLAB):
        return 0
    if item.path.suffix == ".ipynb":
        return 1
    return 2 if item.get_closest_marker("browser") else 3


# A lock that many can hold together, or one alone: between processes, on a machine that has fcntl.


@contextlib.contextmanager
def _locked(name: str, shared: bool) -> Iterator[None]:
    import fcntl

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    with (Path(tempfile.gettempdir()) / f"labkit-tests-{run}-{name}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What is marked `alone` waits until no other test runs, and lets no other begin."""
    if "PYTEST_XDIST_WORKER" not in os.environ or os.name == "nt":
        return (yield)
    alone = item.get_closest_marker(ALONE) is not None
    # Who wants to be alone holds the door: otherwise others would go in for as long as there are any.
    with contextlib.ExitStack() as stack:
        with _locked("door", shared=not alone):
            stack.enter_context(_locked("room", shared=not alone))
            if alone:
                return (yield)
        return (yield)
