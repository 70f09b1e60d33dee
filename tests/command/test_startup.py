"""What a command does not import: each case in a fresh Python."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from labkit.command.startup import load_httpx
load_httpx({urls})
print(*(name in sys.modules for name in ("httpx", "httpcore", "rich", "h2")))
import httpcore, httpx
from httpcore._async.http2 import AsyncHTTP2Connection
httpx.AsyncClient(http2=True)
print("h2" in sys.modules, sys.modules.get("httpx._main", "none"))
"""


@pytest.mark.parametrize(
    ("urls", "seen"), [("'http://x/'", "True True False False"), ("'https://x/'", "True False False False")]
)
def test_httpx_comes_without_what_costs_much_and_http2_can_be_had_later(urls: str, seen: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(urls=urls)], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [seen, "True none"], done.stderr
