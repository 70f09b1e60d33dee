"""Programs of set-ups: a source text in a folder of its own, and the command that serves it at a free port."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
import textwrap
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from labkit.errors import LabError
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

from .set_up import Address

START_S = 40.0
#: npm's packages are installed once, and kept for the next run.
NODE_FOLDER = Path(tempfile.gettempdir()) / "labkit-set-ups-node"
_installing = asyncio.Lock()


@contextlib.asynccontextmanager
async def program(
    source: str,
    command: Sequence[str],
    *,
    file: str = "app.py",
    path: str = "/events",
    readers: int = 0,
    environment: Mapping[str, str] | None = None,
    packages: Sequence[str] = (),
) -> AsyncIterator[Address]:
    """The address of a program that serves `source`.

    Args:
        source: the text of its file.
        command: what runs it, in which PORT and FILE are put in, and PYTHON is this interpreter.
        file: the name of its file.
        path: where the stream is.
        readers: how many other readers hold the stream already.
        environment: further variables.
        packages: npm's packages that it needs.

    Raises:
        LabError: the program is not installed, or did not start.
    """
    name = sys.executable if command[0] == "PYTHON" else shutil.which(command[0])
    if name is None:
        raise LabError(f"{command[0]} is not installed")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labkit-set-up-")))
        if packages:
            await _install(packages)
            (folder / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
        (folder / file).write_text(textwrap.dedent(source))
        log = stack.enter_context((folder / "log.txt").open("wb"))
        with reserved_port() as port:
            words = {"PORT": str(port), "FILE": str(folder / file), "FOLDER": str(folder)}
            arguments = [_filled(word, words) for word in command[1:]]
            variables = {"PYTHONPATH": str(folder), "PORT": str(port), **(environment or {})}
            child = stack.enter_context(Child([name, *arguments], environment=variables, log=log))
            if not await _listens(port, child):
                said = (folder / "log.txt").read_text(errors="replace").strip()[-400:]
                raise LabError(f"{command[0]} did not start: {said}")
            await _answers(port)
            holding = [await _hold(port, path) for _ in range(readers)]
            await asyncio.sleep(0.5 if readers else 0)
            try:
                yield Address(f"http://127.0.0.1:{port}{path}")
            finally:
                for writer in holding:
                    writer.transport.abort()
                await asyncio.to_thread(child.stop)


def _filled(word: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        word = word.replace(name, value)
    return word


async def _install(packages: Sequence[str]) -> None:
    async with _installing:
        if all((NODE_FOLDER / "node_modules" / package).exists() for package in packages):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise LabError("npm is not installed")
        NODE_FOLDER.mkdir(exist_ok=True)
        installing = await asyncio.create_subprocess_exec(
            npm, "install", "--no-audit", "--no-fund", "--silent", *packages, cwd=NODE_FOLDER
        )
        if await installing.wait():
            raise LabError(f"npm could not install {' '.join(packages)}")


async def _listens(port: int, child: Child) -> bool:
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + START_S
    while child.running and loop.time() < deadline_s:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await asyncio.sleep(0.3)
            return child.running
        await asyncio.sleep(0.1)
    return False


async def _answers(port: int) -> None:
    """Returns when a small request is answered: some listen before they have loaded what they serve."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(START_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HEAD /favicon.ico HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            await reader.readline()
            writer.close()


async def _hold(port: int, path: str) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
    return writer
