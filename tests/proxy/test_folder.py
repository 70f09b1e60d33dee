"""The folder of a real proxy: nobody else reads it, and it goes with its process, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.proxy.folder import ProxyFolder, sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these modes nor these locks")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_nobody_else_lists_it_or_reads_its_files() -> None:
    old = os.umask(0)
    try:
        folder = ProxyFolder()
        folder.open("proxy.conf").close()
    finally:
        os.umask(old)
    assert folder.path.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
    assert {file.stat().st_mode & 0o777 for file in folder.path.iterdir()} == {0o600}
    folder.remove()
    assert not folder.path.exists()


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    program = f"import tempfile; tempfile.tempdir = {str(tmp_path)!r}; from labkit.proxy.folder import ProxyFolder; "
    program += "folder = ProxyFolder(); folder.open('key.pem').close(); print(folder.path, flush=True); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        mine = ProxyFolder()
        assert (left / "key.pem").exists()  # its process runs: it is left alone
        process.kill()
    (tmp_path / "labkit-proxy-of-somebody").mkdir()
    sweep()
    assert not left.exists() and mine.path.exists() and (tmp_path / "labkit-proxy-of-somebody").exists()
    mine.remove()


def test_many_that_start_at_once_sweep_nothing_of_each_other() -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: ProxyFolder(), range(200)))
    assert all((folder.path / "owner.lock").exists() for folder in folders)
    for folder in folders:
        folder.remove()
