"""What the tests of the apps share: cuts at random places, and what the doctor says."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

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


def killed_app(name: str, folder: Path, act: Callable[[httpx.Client], httpx.Response]) -> None:
    """Runs `labkit apps NAME` in a process, acts on it, and kills it as kill -9 does."""
    code = "from labkit.command.cli import main; main()"
    command = [sys.executable, "-u", "-c", code, "apps", name, "--folder", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://[^ ,]+", process.stdout.readline())
            assert url is not None
            with httpx.Client(base_url=url[0], trust_env=False) as client:
                assert act(client).is_success
        finally:
            process.kill()
