"""What the tests of the apps share: cuts at random places, and what the doctor says."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from labkit.doctor import examine
from labkit.faults import Cut, Pass
from labkit.faults.fault import Fault, Machine
from labkit.faults.holding import FillBuffers, Unless

#: What a proxy does that collects whole buffers, unless it is told not to.
BUFFERS = Unless("x-accel-buffering", "no", FillBuffers())


@dataclass(frozen=True)
class CutAnywhere(Fault):
    """Cuts the first `times` connections after a number of bytes that chance chooses."""

    times: int = 50
    most_bytes: int = 1500

    def start(self, n: int, rng: Random) -> Machine:
        return (Cut(bytes=rng.randrange(self.most_bytes)) if n <= self.times else Pass()).start(n, rng)


def complaints_of_the_doctor(url: str, seconds: float = 0.5) -> list[str]:
    """What is more than a note."""
    diagnosis = asyncio.run(examine(url, seconds=seconds))
    return [f"{finding.name}: {finding.evidence}" for finding in diagnosis.findings if finding.severity != "note"]


def killed_app(name: str, folder: Path, act: str) -> None:
    """Runs `labkit apps NAME` in a process, `act`s on it (Python, with `client`), and kills it as kill -9 does."""
    program = (
        "import sys, pathlib, httpx, os, signal\n"
        "from labkit.apps import launch_app\n"
        "server = launch_app(sys.argv[1], pathlib.Path(sys.argv[2]))\n"
        "client = httpx.Client(base_url=server.url, trust_env=False)\n"
        f"{act}\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, name, str(folder)], capture_output=True, text=True)
    assert done.returncode == (-signal.SIGKILL if os.name == "posix" else 1), done.stderr
