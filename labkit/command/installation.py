"""Is everything here that the lessons need? A list of findings, each with what to do about it."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.command.lessons import Place

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from rich.console import Console

OLDEST_PYTHON = (3, 11)
#: The extra that has what the lessons need. Without it labkit is a library with a few commands.
LESSONS = "lab"


@dataclass(frozen=True, slots=True)
class InstallationCheck:
    """Whether one thing is in order; if not, `advice` says what to do."""

    ok: bool
    what: str
    advice: str = ""


def inspect(place: Place) -> Iterator[InstallationCheck]:
    """All findings, in the order in which they should be put right, as they are made. Nothing is changed."""
    yield python()
    yield from dependencies()
    yield kernel()
    yield lessons(place)
    yield writable(place.work)


def show_checks(findings: Iterable[InstallationCheck], console: Console) -> bool:
    """True if all is in order. Prints a line for each finding, with a mark and a word; colour only repeats them."""
    from rich.text import Text

    fine = True
    for finding in findings:
        fine = fine and finding.ok
        mark = Text("✓ ok     ", "green") if finding.ok else Text("✗ NOT OK ", "bold red")
        console.print(mark + Text(finding.what), soft_wrap=True)
        if not finding.ok:
            console.print(Text(f"         → {finding.advice}"), soft_wrap=True)
    return fine


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> InstallationCheck:
    """Whether this Python is new enough."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    number = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return InstallationCheck(True, f"Python {number}")
    return InstallationCheck(
        False, f"Python {number} is older than {wanted}", f"install labkit on Python {wanted} or newer"
    )


def dependencies(requirements: Iterable[str] | None = None) -> Iterator[InstallationCheck]:
    """One finding for each package that labkit and its lessons need at run time, as its metadata names them."""
    try:
        from packaging.requirements import Requirement

        wanted = importlib.metadata.requires("labkit") if requirements is None else requirements
    except ImportError as problem:  # PackageNotFoundError is one
        what = f"labkit is not installed in full ({problem})"
        yield InstallationCheck(False, what, "in its folder: uv sync, or pip install -e .")
        return
    for requirement in map(Requirement, wanted or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": LESSONS}):
            yield _dependency(requirement)


def kernel(folders: list[str] | None = None) -> InstallationCheck:
    """Whether the kernel that the lessons ask for, python3, is this Python: elsewhere there may be no labkit."""
    advice = f'run: "{sys.executable}" -m ipykernel install --sys-prefix'
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
        from jupyter_core.paths import jupyter_path

        # This environment first, as labkit.command.jupyter tells JupyterLab.
        first = str(Path(sys.prefix) / "share" / "jupyter" / "kernels")
        manager = KernelSpecManager(kernel_dirs=folders or [first, *jupyter_path("kernels")])
        program = manager.get_kernel_spec("python3").argv[0]
    except ImportError as problem:
        return InstallationCheck(
            False, f"the kernel python3 cannot be looked up ({problem})", "install JupyterLab first"
        )
    except (NoSuchKernel, IndexError):
        return InstallationCheck(False, "there is no Jupyter kernel python3", advice)
    if _is_this_python(program):
        return InstallationCheck(True, f"the Jupyter kernel python3 is this Python ({sys.executable})")
    return InstallationCheck(False, f"the Jupyter kernel python3 is another Python: {program}", advice)


def lessons(place: Place) -> InstallationCheck:
    """Whether the originals of the lessons are there."""
    count = len(place.lessons)
    if count:
        return InstallationCheck(True, f"{count} lesson{'s' * (count != 1)} in {place.originals}")
    return InstallationCheck(False, f"no lessons in {place.originals}", "get labkit again, with its folder notebooks")


def writable(folder: Path) -> InstallationCheck:
    """Whether the folder can be written in, or made. It is tried, since permissions alone do not tell."""
    folder_there = folder if folder.exists() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder_there):
            pass
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        advice = "give yourself the right to write there, or move what is in the way"
        return InstallationCheck(False, f"{folder} cannot be written in ({why})", advice)
    return InstallationCheck(True, f"{folder} can be written in")


def _dependency(wanted: Requirement) -> InstallationCheck:
    package = f"{wanted.name}{wanted.specifier}" if wanted.marker is None else f"labkit[{LESSONS}]"
    advice = f'run: uv sync, or: pip install "{package}"'
    try:
        version = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return InstallationCheck(False, f"{wanted.name} is not installed", advice)
    try:
        importlib.import_module(wanted.name.replace("-", "_"))
    except Exception as problem:  # whatever a broken package raises
        why = f"{type(problem).__name__}: {problem}"
        return InstallationCheck(False, f"{wanted.name} {version} cannot be imported ({why})", advice)
    if not wanted.specifier.contains(version, prereleases=True):
        return InstallationCheck(False, f"{wanted.name} {version} is not within {wanted.specifier}", advice)
    return InstallationCheck(True, f"{wanted.name} {version}")


def _is_this_python(program: str) -> bool:
    major, minor = sys.version_info[:2]
    if program in ("python", f"python{major}", f"python{major}.{minor}"):
        return True  # jupyter_client then takes the Python that JupyterLab itself runs on
    # The folder decides, not the file: in two environments the same Python may stand behind two links.
    return Path(program).is_absolute() and Path(program).parent.resolve() == Path(sys.executable).parent.resolve()
