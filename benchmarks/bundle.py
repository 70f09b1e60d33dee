"""How large a bundle is, how long it takes to make, and to install where there is no network.

    uv run python benchmarks/bundle.py [--small] [--python /usr/bin/python3] [--lesson]

It needs the network to fetch the wheels, and Linux with `unshare` to unplug it for the install.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from labkit.command.bundle import EXTRAS, make_bundle, this_machine
from labkit.command.lessons import find_place

#: Also in a namespace without a network there must be the machine itself.
UNPLUGGED = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "unplugged"]


def timed(*command: str | Path) -> str:
    """Runs a command with the network unplugged, and returns its times; ends the program where it fails."""
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([*UNPLUGGED, *map(str, command)], capture_output=True, text=True)
    took_s, after = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("    " + done.stdout.strip().splitlines()[-1])
    return f"{took_s:.0f} s, of which the processor worked {cpu_s:.0f} s"


def size_mib(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the lessons alone")
    parser.add_argument("--python", default=sys.executable, help="the Python that installs it")
    parser.add_argument("--lesson", action="store_true", help="room-check with browsers and a lesson too")
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="labkit-bundle-") as place:
        usb, home = Path(place) / "usb", Path(place) / "home"
        began_s = time.monotonic()
        make_bundle(find_place(), usb, [this_machine()], EXTRAS[:1] if options.small else EXTRAS, print)
        took_s, count = time.monotonic() - began_s, len(list((usb / "wheels").iterdir()))
        print(f"made:      {took_s:.0f} s, {size_mib(usb):.0f} MiB, {count} wheels")
        print(f"installed: {timed(options.python, usb / 'install.py', '--to', home)}, {size_mib(home):.0f} MiB")
        print(f"again:     {timed(options.python, usb / 'install.py', '--to', home)}")
        if options.lesson:
            print(f"checked:   {timed(home / 'start', 'room-check')}")


if __name__ == "__main__":
    main()
