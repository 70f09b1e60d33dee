"""The fixture `sse` in a suite of somebody else, with nothing but an installed labkit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
from labkit.testing import CheckFailed
import pytest

async def app(scope, receive, send):
    assert scope["type"] == "http"
    last = int(dict(scope["headers"]).get(b"last-event-id", b"0"))
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(last + 1, 5):
        await send({"type": "http.response.body", "body": b"id: %d\\ndata: tick\\n\\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})

def test_my_stream(sse):
    sse(app, path="/events", seconds=1).resumes()

async def page(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>Sign in</title>"})

def test_a_page(sse):
    sse(page).streams()
"""


@pytest.mark.live
@pytest.mark.slow  # a pytest of its own: the entry point is found, and a failure is printed as its reader sees it
def test_the_fixture_is_there_and_a_failure_is_the_doctors_sentence(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(SUITE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path).stdout
    assert "1 failed, 1 passed" in told, told
    assert "does not stream: " in told and "[html-page]" in told and "    mend   " in told


def test_the_plugin_imports_nothing_before_it_is_asked() -> None:
    code = "import sys, labkit.testing.plugin; print(sorted(name for name in sys.modules if name.startswith('labkit')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "['labkit', 'labkit.testing', 'labkit.testing.plugin']"
