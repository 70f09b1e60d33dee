"""Which packages a machine without a network needs, at the versions that run here, and how to fetch them."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import LabError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

#: A wheel for the glibc of 2020 runs on Debian 11, Ubuntu 20.04 and what is younger. Envoy's is the one that needs it.
_MANYLINUX = (*(f"manylinux_2_{minor}" for minor in range(31, 4, -1)), "manylinux2014", "manylinux2010", "manylinux1")


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of machine: what markers of requirements see there, and which wheels fit."""

    name: str
    sys_platform: str
    platform_system: str
    platform_machine: str
    os_name: str
    tags: tuple[str, ...]


PLATFORMS = {
    platform.name: platform
    for platform in (
        *(
            Platform(
                f"linux-{cpu}",
                "linux",
                "Linux",
                cpu,
                "posix",
                (*(f"{tag}_{cpu}" for tag in _MANYLINUX), f"linux_{cpu}"),
            )
            for cpu in ("x86_64", "aarch64")
        ),
        Platform("macos-arm64", "darwin", "Darwin", "arm64", "posix", ("macosx_14_0_arm64",)),
        Platform("macos-x86_64", "darwin", "Darwin", "x86_64", "posix", ("macosx_13_0_x86_64",)),
        Platform("windows-x86_64", "win32", "Windows", "AMD64", "nt", ("win_amd64",)),
    )
}


@dataclass(frozen=True, slots=True)
class BundleTarget:
    """The machines that a bundle is for: their platform's name, and their Python, such as "3.12"."""

    platform: str
    python: str

    def environment(self) -> dict[str, str]:
        """What the markers of requirements see on such a machine."""
        from packaging.markers import default_environment

        place = PLATFORMS[self.platform]
        seen = {name: str(value) for name, value in default_environment().items()}
        return seen | {
            "sys_platform": place.sys_platform,
            "platform_system": place.platform_system,
            "platform_machine": place.platform_machine,
            "os_name": place.os_name,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
        }


class BundleFailed(LabError):
    """A bundle cannot be made; `why` says what a program said, in short."""

    def __init__(self, what: str, why: str) -> None:
        self.why = why.strip()[-600:]
        super().__init__(f"{what}: {self.why}")


def pinned_requirements(extras: Iterable[str], target: BundleTarget, package: str = "labkit") -> list[str]:
    """What a package needs on such a machine, each at the version that is installed here, without the package itself.

    What is needed there alone (colorama on Windows) is not installed here, and some versions want a newer Python than
    the first of its line: these may have any version that is allowed.
    """
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name

    environment = target.environment()
    found: dict[str, str] = {}
    loose: dict[str, SpecifierSet] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str]]] = [(package, frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for requirement in _requirements(name, wanted, environment):
            key = canonicalize_name(requirement.name)
            if version := _version_for(key, environment["python_full_version"]):
                found[key] = f"{key}=={version}"
            else:
                loose[key] = loose.get(key, SpecifierSet()) & requirement.specifier
            if version != "":
                waiting.append((key, frozenset(requirement.extras)))
    found |= {key: f"{key}{allowed}" for key, allowed in loose.items()}
    found.pop(package, None)
    return sorted(found.values())


def _version_for(name: str, python: str) -> str | None:
    """The version that is installed here, if it runs on that Python. "" if none is installed."""
    from packaging.specifiers import SpecifierSet

    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    wanted = SpecifierSet(found.metadata["Requires-Python"] or "")
    return found.version if wanted.contains(python) else None


def _requirements(name: str, extras: frozenset[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    from packaging.requirements import Requirement

    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in (extras or {""})):
            yield requirement


def download(requirements: Iterable[str], target: BundleTarget, folder: Path, pip: list[str]) -> None:
    """Fetches the wheels of these requirements for such a machine, and nothing that they need besides.

    Raises:
        BundleFailed: one of them has no wheel for it, or there is no network.
    """
    tags = [part for tag in PLATFORMS[target.platform].tags for part in ("--platform", tag)]
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "requirements.txt").write_text("\n".join(requirements), "utf-8")
        command = [*pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        command += ["--implementation", "cp", "--python-version", target.python, *tags, "--dest", str(folder)]
        _run([*command, "--requirement", f"{place}/requirements.txt"], f"the wheels for {target.platform}")


def find_pip(folder: Path) -> list[str]:
    """A command that runs pip: this Python's, that of the Python behind it, uv's, or one in a new environment.

    Args:
        folder: where the new environment may go.
    """
    commands = [[sys.executable, "-m", "pip"], [getattr(sys, "_base_executable", sys.executable), "-m", "pip"]]
    if uv := shutil.which("uv"):
        commands.append([uv, "tool", "run", "pip"])
    for command in commands:
        if subprocess.run([*command, "--version"], capture_output=True).returncode == 0:
            return command
    try:
        venv.create(folder / "pip", with_pip=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise BundleFailed("there is no pip to fetch wheels with (pip install pip, or uv)", str(problem)) from None
    return [str(folder / "pip" / ("Scripts" if sys.platform == "win32" else "bin") / "python"), "-m", "pip"]


def build_own_wheel(project: Path | None, folder: Path, pip: list[str]) -> Path:
    """Writes labkit's own wheel into the folder, and returns its path.

    Args:
        project: the checkout to build it from; None makes it from what is installed.
        folder: where it goes.
        pip: a command that runs pip.

    Raises:
        BundleFailed: it cannot be built.
    """
    if project is None:
        return pack_installed("labkit", folder)
    build = [*pip, "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(folder)]
    _run([*build, str(project)], "labkit's own wheel")
    return next(folder.glob("labkit-*.whl"))


def pack_installed(package: str, folder: Path) -> Path:
    """Makes a wheel again of an installed package of pure Python, and returns its path.

    Source: the binary distribution format, in the Python Packaging User Guide.
    """
    found = importlib.metadata.distribution(package)
    files = [path for path in found.files or () if ".." not in path.parts and path.suffix != ".pyc"]
    info = next(path.parts[0] for path in files if path.name == "METADATA")
    left_out = {f"{info}/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")}
    wheel = folder / f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files, key=str):
            if str(path) not in left_out:
                content = Path(str(path.locate())).read_bytes()
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                archive.writestr(str(path), content)
                record.append(f"{path},sha256={digest},{len(content)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return wheel


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
        raise BundleFailed(f"{what} could not be fetched or built", " ".join(telling))
