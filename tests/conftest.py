"""What every test can rely on: markers for lessons, and tools that are there or say how to get them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .chromium import end_chromium

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "artifacts"
#: Where a package puts its programs: not always on the PATH.
BESIDE_PYTHON = f"{Path(sys.executable).parent}/"

#: Tools that a machine may lack: the commands that show they are there, and how to get them.
TOOLS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome", "chrome"), "Debian: apt install chromium"),
    "nginx": (("nginx", "/usr/sbin/nginx"), "Debian: apt install nginx"),
    "haproxy": (("haproxy", "/usr/sbin/haproxy"), "Debian: apt install haproxy"),
    "apache": (("apache2", "httpd", "/usr/sbin/apache2", "/usr/sbin/httpd"), "Debian: apt install apache2-bin"),
    "caddy": (("caddy", BESIDE_PYTHON + "caddy"), "uv sync --extra proxies; Debian: apt install caddy"),
    "varnish": (("varnishd", "/usr/sbin/varnishd"), "Debian: apt install varnish"),
    "envoy": (("envoy", BESIDE_PYTHON + "envoy"), "uv sync --extra proxies"),
    "firefox": (("firefox", "firefox-esr"), "Debian: apt install firefox-esr"),
    "node": (("node",), "Debian: apt install nodejs npm"),
    "npm": (("npm",), "Debian: apt install nodejs npm"),
    "redis": (("redis-server",), "Debian: apt install redis-server"),
}


def required_tools() -> set[str]:
    """The tools that LABKIT_REQUIRE names: lacking one of them is a failure, not a skip."""
    names = {name.strip() for name in os.environ.get("LABKIT_REQUIRE", "").split(",")} - {""}
    if unknown := names - set(TOOLS):
        raise pytest.UsageError(f"LABKIT_REQUIRE names {sorted(unknown)}; known are {sorted(TOOLS)}")
    return names


def pytest_configure(config: pytest.Config) -> None:
    required_tools()


def pytest_sessionfinish() -> None:
    end_chromium()


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """The path of a tool, by its name in TOOLS. Skips where it is missing, fails where it is required."""

    def find(name: str) -> str:
        commands, advice = TOOLS[name]
        if name == "firefox" and name not in required_tools() and not os.environ.get("LABKIT_THOROUGH"):
            pytest.skip("a Firefox takes its time: LABKIT_THOROUGH=1, or LABKIT_REQUIRE=firefox, asks it")
        for command in commands:
            if path := shutil.which(command):
                return path
        complaint = f"{name} is not installed ({advice})"
        if name in required_tools():
            pytest.fail(f"{complaint}, and LABKIT_REQUIRE names it")
        pytest.skip(complaint)

    return find


@pytest.fixture
def artifacts() -> Path:
    """A folder for screenshots and the like, kept after the run and ignored by git."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest.fixture(autouse=True)
def _signals_are_put_back() -> Iterator[None]:
    """Servers that a test starts leave no handler behind.

    Two uvicorns on one loop that end in the order in which they began put each other's handler back, and sse-starlette
    then takes the process to be one that is stopping.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) != handler:
            signal.signal(number, handler)
