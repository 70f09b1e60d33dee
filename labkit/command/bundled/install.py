"""Installs labkit and its lessons from this folder, without a network: python3 install.py

The standard library is enough, and any Python 3 can read this file, so that an old one gets a sentence, not an error.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
#: What is unpacked takes more than four times the room of the wheels.
ROOM_FACTOR = 5
NOTHING_WRONG = ""


def machine_name(system: str, machine: str) -> str:
    """This machine's name among the bundle's platforms, such as "linux-x86_64"."""
    systems = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
    machines = {"amd64": "x86_64"} if system != "Darwin" else {"aarch64": "arm64"}
    name = machine.lower()
    return "%s-%s" % (systems.get(system, system.lower()), machines.get(name, name))


def why_not(bundle: "dict[str, object]", version: "tuple[int, ...]", here: str) -> str:
    """Why this bundle cannot be installed with this Python on this machine, and what to do; "" if it can."""
    targets = bundle["targets"]
    assert isinstance(targets, list)
    python = "%d.%d" % tuple(version[:2])
    if {"platform": here, "python": python} in targets:
        return NOTHING_WRONG
    fitting = sorted(target["python"] for target in targets if target["platform"] == here)
    if not fitting:
        known = ", ".join(sorted({target["platform"] for target in targets}))
        return (
            "this folder is for %s, and this machine is %s. Make one for it, where there is a network:\n"
            "  labkit bundle --out FOLDER --platform %s" % (known, here, here)
        )
    lines = ["this is Python %s, and this folder is for Python %s." % (python, ", ".join(fitting))]
    for number in fitting:
        if shutil.which("python%s" % number):
            return "\n".join([*lines, "You have it. Say: python%s install.py" % number])
    lines.append("Install one of them, or make a folder for yours: labkit bundle --out FOLDER --python %s" % python)
    return "\n".join(lines)


def damaged(bundle: "dict[str, object]", folder: str) -> "list[str]":
    """The files of the bundle that are missing or not as they were written: sticks lose bytes."""
    files = bundle["files"]
    assert isinstance(files, dict)
    wrong = []
    for name, digest in sorted(files.items()):
        try:
            with open(os.path.join(folder, "wheels", name), "rb") as file:
                if hashlib.sha256(file.read()).hexdigest() != digest:
                    wrong.append(name)
        except OSError:
            wrong.append(name)
    return wrong


def missing_bytes(folder: str, home: str) -> int:
    """How many bytes are missing on the disk of `home` for what is in this folder; 0 if none are."""
    wheels = os.path.join(folder, "wheels")
    size = sum(os.path.getsize(os.path.join(wheels, name)) for name in os.listdir(wheels))
    there = os.path.abspath(home)
    while not os.path.exists(there):
        there = os.path.dirname(there)
    return max(0, ROOM_FACTOR * size - shutil.disk_usage(there).free)


def install(bundle: "dict[str, object]", folder: str, home: str) -> None:
    """Makes an environment in `home`, and installs into it from the wheels in `folder`, and from nowhere else."""
    import venv

    environment = os.path.join(home, "venv")
    again = os.path.exists(environment)
    # Without pip of its own: Debian's Python has none to give. The bundle brings it as a wheel, which runs as it is.
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(environment)
    wheels = os.path.join(folder, "wheels")
    files = os.listdir(wheels)
    pip = max(name for name in files if name.startswith("pip-"))
    python = program(home, "python")
    command = [python, os.path.join(wheels, pip, "pip"), "--isolated", "--disable-pip-version-check", "install"]
    command += ["--quiet", "--no-index", "--no-cache-dir", "--no-warn-script-location", "--find-links", wheels]
    own = max(name for name in files if name.startswith("labkit-"))
    labkit = "%s[%s]" % (os.path.join(wheels, own), ",".join(map(str, list_of(bundle, "extras"))))
    subprocess.check_call([*command, "--upgrade", labkit])
    if again:  # the same version may have changed since
        subprocess.check_call([*command, "--force-reinstall", "--no-deps", os.path.join(wheels, own)])


def list_of(bundle: "dict[str, object]", name: str) -> "list[object]":
    """A list in the bundle's description; empty if it is none."""
    found = bundle.get(name)
    return found if isinstance(found, list) else []


def program(home: str, name: str) -> str:
    """The path of a program of the environment."""
    folder, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return os.path.join(home, "venv", folder, name + ending)


def write_start(home: str) -> str:
    """Writes the script that opens the lessons, and returns its path."""
    windows = os.name == "nt"
    path = os.path.join(home, "start.cmd" if windows else "start")
    text = '@cd /d "%~dp0"\r\n@venv\\Scripts\\labkit.exe %*\r\n'
    if not windows:
        text = '#!/bin/sh\ncd "$(dirname "$0")" && exec venv/bin/labkit "$@"\n'
    with open(path, "w", newline="") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def main(arguments: "list[str] | None" = None, folder: str = HERE) -> int:
    """Installs, hands out the lessons, and says how to begin. The exit code: 0, or 1 with a sentence."""
    parser = argparse.ArgumentParser(description="Install labkit and its lessons from this folder, without a network.")
    default = os.path.join(os.path.expanduser("~"), "labkit")
    parser.add_argument("--to", default=default, metavar="FOLDER", help="where it goes; default: %(default)s")
    home = os.path.abspath(parser.parse_args(arguments).to)
    with open(os.path.join(folder, "bundle.json"), encoding="utf-8") as file:
        bundle = json.load(file)
    wrong = why_not(bundle, tuple(sys.version_info[:2]), machine_name(platform.system(), platform.machine()))
    broken = [] if wrong else damaged(bundle, folder)
    if broken:
        wrong = "this folder is damaged: %s. Copy it again" % ", ".join(broken[:5])
    missing = 0 if wrong else missing_bytes(folder, home)
    if missing:
        wrong = "the disk of %s is too full: make room for %d MiB more" % (home, missing // 2**20 + 1)
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    print("Installing %d packages into %s. This takes a minute or two." % (len(os.listdir(folder + "/wheels")), home))
    sys.stdout.flush()
    try:
        os.makedirs(home, exist_ok=True)
        install(bundle, folder, home)
        subprocess.check_call([program(home, "labkit"), "update-lessons"], cwd=home)
    except ImportError as problem:
        print("this Python lacks a part of its own (%s). Debian: apt install python3-venv" % problem, file=sys.stderr)
        return 1
    except (OSError, subprocess.CalledProcessError) as problem:
        print("it could not be installed: %s. Say --to FOLDER for another place" % problem, file=sys.stderr)
        return 1
    start = write_start(home)
    subprocess.call([program(home, "labkit"), "room-check", "--quick", "--offline"], cwd=home)
    print("Begin with: %s" % start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
