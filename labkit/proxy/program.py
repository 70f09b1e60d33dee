"""Runs a real proxy as a child process: without root, on a free port, in a temporary folder."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.proxy.folder import ProxyFolder
from labkit.system.child import Child
from labkit.system.secrets import clean_environment, shown_url
from labkit.system.sockets import reserved_port

START_TIMEOUT_S = 30.0
ATTEMPTS = 3  # where a port cannot be reserved, another program may take it before the proxy listens


@dataclass(frozen=True, slots=True)
class ProxyPlace:
    """Where a proxy runs: its port, its folder, and the certificate's file if it speaks TLS."""

    port: int
    folder: Path
    certificate: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to start a proxy: its name with its version, its configuration, and the command that runs it.

    `config` and `command` are called with the ProxyPlace; `command` also with the file of the configuration, whose name
    is `file_name`. `home_variables` are variables of the environment that name where the program keeps its own files:
    they are set to the proxy's folder. `patience_s` is how long it may take to end. `complaint` is a command that says
    what is wrong with the file, for a program that does not say it when it is started.
    """

    name: str
    config: Callable[[ProxyPlace], str]
    command: Callable[[ProxyPlace, Path], list[str]]
    tls: bool = False
    file_name: str = "proxy.conf"
    home_variables: tuple[str, ...] = ()
    patience_s: float = 5.0
    complaint: Callable[[Path], list[str]] | None = None


class RunningProxy:
    """A real proxy that runs. `url` leads through it to the origin; `config` and `log` are the texts of its files.

    It ends with stop(), at the end of a `with` block, and with this process, however that ends.

    Args:
        plan: how to start it.
        origin: the URL that it passes requests on to.
        port: where it listens; 0 takes a free port, and so does a port that is taken.

    Raises:
        LabError: it did not start (with what it says), the origin is no http:// URL, or the port is none.
    """

    def __init__(self, plan: Plan, origin: str, port: int = 0) -> None:
        parts = urlsplit(origin)
        if parts.scheme != "http" or not parts.hostname:
            raise LabError(f"{shown_url(origin)!r} cannot stand behind {plan.name} here: the origin is an http:// URL")
        if not 0 <= port <= 65535:
            raise LabError(f"port={port}: a port is a number from 1 to 65535, and 0 stands for any that is free")
        self.name, self.origin = plan.name, origin
        self._folder = ProxyFolder()
        try:
            self.certificate = certificate = _make_certificate(self._folder) if plan.tls else None
            self.port, self._child = self._start(plan, certificate, port)
        except BaseException:
            self._folder.remove()
            raise
        self.url = f"{'https' if plan.tls else 'http'}://127.0.0.1:{self.port}{parts.path or '/'}"

    def _start(self, plan: Plan, certificate: Path | None, preferred_port: int) -> tuple[int, Child]:
        file = self._folder.path / plan.file_name
        homes = dict.fromkeys(plan.home_variables, str(self._folder.path))
        for attempt in range(ATTEMPTS):
            with reserved_port(preferred_port if attempt == 0 else 0) as port:
                place = ProxyPlace(port, self._folder.path, certificate)
                self.config = plan.config(place)
                with self._folder.open(plan.file_name) as config_file:
                    config_file.write(self.config.encode())
                with self._folder.open("log.txt") as log:
                    command = plan.command(place, file)
                    child = Child(command, environment=homes, log=log, patience_s=plan.patience_s)
                if _wait_until_serving(port, child):
                    return port, child
                child.stop()
        said = self.log + ("" if plan.complaint is None else said_by(plan.complaint(file)))
        raise LabError(f"{plan.name} did not start. It says: {said.strip()[-500:] or '(nothing)'}")

    @property
    def running(self) -> bool:
        """Whether the proxy still runs."""
        return self._child.running

    @property
    def log(self) -> str:
        """The text that the proxy has logged; "" after stop()."""
        file = self._folder.path / "log.txt"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def stop(self) -> None:
        """Ends the proxy with everything that it has started, and removes its files. Returns when that is done."""
        self._child.stop()
        self._folder.remove()

    def __enter__(self) -> RunningProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{self.name} {'at ' + self.url + ' for ' + shown_url(self.origin) if self.running else 'has ended'}>"


def _wait_until_serving(port: int, child: Child) -> bool:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while child.running and time.monotonic() < deadline_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            # Our child, or another program that was faster? HAProxy would have ended by now. (nginx tries for 2.5 s to
            # get its port: where none can be reserved, it is not told from another program.)
            time.sleep(0.05)
            return child.running
        time.sleep(0.01)
    return False


def _make_certificate(folder: ProxyFolder) -> Path:
    """The file of a fresh certificate for this machine, with its key."""
    try:
        import trustme
    except ImportError:
        advice = "uv sync --extra proxies, or pip install trustme"
        raise LabError(f"a certificate needs the package trustme: {advice}") from None
    certificate = trustme.CA().issue_cert("127.0.0.1", "localhost")
    with folder.open("certificate.pem") as file:
        file.write(certificate.private_key_and_cert_chain_pem.bytes())
    return folder.path / "certificate.pem"


def find_program(variable: str, *commands: str) -> str | None:
    """The path of the first of these commands that exists; None if none does.

    The environment's `variable` may name a path that goes first. Set to "none" it hides the program, for tests.
    """
    configured_path = os.environ.get(variable, "")
    if configured_path == "none":
        return None
    return next((path for command in (configured_path, *commands) if command and (path := shutil.which(command))), None)


def said_by(command: Sequence[str]) -> str:
    """The text that a program prints, in a home of its own: Caddy 2.6 makes a folder there, even to say its version."""
    with tempfile.TemporaryDirectory(prefix="labkit-asked-") as home:
        environment = {**clean_environment(), "HOME": home}
        process = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return process.stdout + process.stderr


@functools.cache
def version_of(path: str, product: str, prefix: str, asked_with: str = "-v") -> str:
    """The version that a program prints when it is called so: the number behind `prefix`.

    Raises:
        LabError: it does not say that it is that product.
    """
    output = said_by([path, asked_with])
    match = re.search(re.escape(prefix) + r"(\d+(?:\.\d+)*)", output)
    if match is None:
        raise LabError(f"{path} is not {product}: asked for its version, it said {output[:100]!r}")
    return match[1]
