"""Checks of the installation: whether everything is there that the lessons need, and what to do if not."""

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
from labkit.errors import counted

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from rich.console import Console

OLDEST_PYTHON = (3, 11)
#: The extra that has what the lessons need. Without it labkit is a library with a few commands.
LESSONS = "lab"


@dataclass(frozen=True, slots=True)
class InstallationCheck:
    """The result of one check: whether it is `ok`, a `description`, and `advice` what to do if it is not."""

    ok: bool
    description: str
    advice: str = ""


def inspect(place: Place) -> Iterator[InstallationCheck]:
    """Runs all checks, in the order in which problems should be solved. Nothing is changed."""
    yield check_python()
    yield from check_dependencies()
    yield check_kernel()
    yield check_lessons(place)
    yield check_writable(place.work)


def show_checks(findings: Iterable[InstallationCheck], console: Console) -> bool:
    """Prints a line for each check, and returns whether all are ok. Colour only repeats the mark and the word."""
    from rich.text import Text

    all_ok = True
    for finding in findings:
        all_ok = all_ok and finding.ok
        mark = Text("✓ ok     ", "green") if finding.ok else Text("✗ NOT OK ", "bold red")
        console.print(mark + Text(finding.description), soft_wrap=True)
        if not finding.ok:
            console.print(Text(f"         → {finding.advice}"), soft_wrap=True)
    return all_ok


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> InstallationCheck:
    """Checks that this Python is new enough."""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    number = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return InstallationCheck(True, f"Python {number}")
    return InstallationCheck(
        False, f"Python {number} is older than {oldest}", f"install labkit on Python {oldest} or newer"
    )


def check_dependencies(requirements: Iterable[str] | None = None) -> Iterator[InstallationCheck]:
    """Checks each package that labkit and its lessons need, as labkit's metadata names them."""
    try:
        from packaging.requirements import Requirement

        requirement_texts = importlib.metadata.requires("labkit") if requirements is None else requirements
    except ImportError as problem:  # PackageNotFoundError is one
        description = f"labkit is not installed in full ({problem})"
        yield InstallationCheck(False, description, "in its folder: uv sync, or pip install -e .")
        return
    for requirement in map(Requirement, requirement_texts or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": LESSONS}):
            yield _dependency(requirement)


def check_kernel(folders: list[str] | None = None) -> InstallationCheck:
    """Checks that the lessons' kernel, python3, is this Python: another one may have no labkit."""
    advice = f'run: "{sys.executable}" -m ipykernel install --sys-prefix'
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
        from jupyter_core.paths import jupyter_path

        # This environment first, as labkit.command.jupyter tells JupyterLab.
        own_folder = str(Path(sys.prefix) / "share" / "jupyter" / "kernels")
        manager = KernelSpecManager(kernel_dirs=folders or [own_folder, *jupyter_path("kernels")])
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


def check_lessons(place: Place) -> InstallationCheck:
    """Checks that the originals of the lessons are there."""
    count = len(place.lessons)
    if count:
        return InstallationCheck(True, f"{counted(count, 'lesson')} in {place.originals}")
    return InstallationCheck(False, f"no lessons in {place.originals}", "get labkit again, with its folder notebooks")


def check_writable(folder: Path) -> InstallationCheck:
    """Checks that the folder can be written in, or made, by trying: permissions alone do not tell."""
    existing_folder = folder if folder.exists() else folder.parent
    try:
        with tempfile.TemporaryFile(dir=existing_folder):
            pass
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        advice = "give yourself the right to write there, or move what is in the way"
        return InstallationCheck(False, f"{folder} cannot be written in ({why})", advice)
    return InstallationCheck(True, f"{folder} can be written in")


def _dependency(requirement: Requirement) -> InstallationCheck:
    package = f"{requirement.name}{requirement.specifier}" if requirement.marker is None else f"labkit[{LESSONS}]"
    advice = f'run: uv sync, or: pip install "{package}"'
    try:
        distribution = importlib.metadata.distribution(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return InstallationCheck(False, f"{requirement.name} is not installed", advice)
    version = distribution.version
    # A package may be imported by another name than it is installed by: ipython is IPython.
    module = _module_of(distribution, requirement.name.replace("-", "_"))
    try:
        importlib.import_module(module)
    except Exception as problem:  # whatever a broken package raises
        why = f"{type(problem).__name__}: {problem}"
        return InstallationCheck(False, f"{requirement.name} {version} cannot be imported ({why})", advice)
    if not requirement.specifier.contains(version, prereleases=True):
        return InstallationCheck(False, f"{requirement.name} {version} is not within {requirement.specifier}", advice)
    return InstallationCheck(True, f"{requirement.name} {version}")


def _is_this_python(program: str) -> bool:
    major, minor = sys.version_info[:2]
    if program in ("python", f"python{major}", f"python{major}.{minor}"):
        return True  # jupyter_client then takes the Python that JupyterLab itself runs on
    # The folder decides, not the file: in two environments the same Python may stand behind two links.
    return Path(program).is_absolute() and Path(program).parent.resolve() == Path(sys.executable).parent.resolve()


def _module_of(distribution: importlib.metadata.Distribution, name: str) -> str:
    """What a distribution is imported as: graphql-core is `graphql`. Its own name, where its files do not tell."""
    if listed := (distribution.read_text("top_level.txt") or "").split():
        return listed[0]
    packages = [file.parts[0] for file in distribution.files or () if file.parts[1:] == ("__init__.py",)]
    modules = [file.stem for file in distribution.files or () if len(file.parts) == 1 and file.suffix == ".py"]
    found = [*packages, *modules]
    return name if name in found or not found else found[0]
