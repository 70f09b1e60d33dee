"""Jupyter's own proxy, as it stands between a page and a stream on a hub: a real one, for experiments."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx

from labkit.errors import LabError
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

START_TIMEOUT_S = 60.0


@contextlib.asynccontextmanager
async def jupyter_proxy() -> AsyncIterator[Callable[[str], str]]:
    """A function that makes of a URL on this machine the one that leads there through jupyter-server-proxy.

    A Jupyter server of its own runs for it as long as the `with` block lasts; it takes some seconds to start.
    Who has a kernel of it can run programs as you do. So it asks for a token, which stands in the URL and changes each
    time.

    Raises:
        LabError: it did not start.
    """
    with reserved_port() as port, tempfile.TemporaryDirectory(prefix="labkit-jupyter-") as home:
        command = [
            sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0", f"--ServerApp.root_dir={home}",
            "--ServerApp.jpserver_extensions={'jupyter_server_proxy': True}",
        ]  # fmt: skip
        token = secrets.token_urlsafe()
        # In the environment: the arguments of a program can be read by every user of the machine.
        child = Child(
            command,
            environment={
                "JUPYTER_CONFIG_DIR": home,
                "JUPYTER_RUNTIME_DIR": home,
                "JUPYTER_TOKEN": token,
                "JUPYTER_NO_CONFIG": "1",
            },
        )
        try:
            await _answers(f"http://127.0.0.1:{port}/api", child)
            yield lambda url: f"http://127.0.0.1:{port}/proxy/{urlsplit(url).port}{urlsplit(url).path}?token={token}"
        finally:
            await asyncio.to_thread(child.stop)


async def _answers(url: str, child: Child) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT_S):
                while child.running:
                    with contextlib.suppress(httpx.TransportError):
                        await client.get(url)
                        return
                    await asyncio.sleep(0.1)
    raise LabError("the Jupyter server for this experiment did not start. Is jupyter-server-proxy installed?")
