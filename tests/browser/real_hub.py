"""A real JupyterHub with its real proxy, whose users are all on this machine."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from labkit.command.jupyter import environment as jupyter_environment
from labkit.system.sockets import reserved_port

ROOT = Path(__file__).parent.parent.parent
#: npm's package is installed once, and kept for the next run.
NODE_FOLDER = Path(tempfile.gettempdir()) / f"labkit-hub-node-{os.getuid() if hasattr(os, 'getuid') else 0}"
PROXY = NODE_FOLDER / "node_modules" / ".bin" / "configurable-http-proxy"
#: On a machine of two processors that do other work too, the hub alone has taken a minute.
START_TIMEOUT_S = 180.0
#: As the browser sees it: none of this machine's own names, and it leads here all the same.
NAME = "hub.localhost"

CONFIGURATION = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {environment!r}
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "tokens"]}}]
"""


def missing() -> str:
    """What is not installed that a hub needs; "" if all is there. Installs the proxy where npm can."""
    if importlib.util.find_spec("jupyterhub") is None:
        return "jupyterhub is not installed: uv sync --group hub"
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "node and npm are not installed (Debian: apt install nodejs npm)"
    if not PROXY.exists():
        NODE_FOLDER.mkdir(exist_ok=True)
        install = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--silent",
            "configurable-http-proxy",
        ]
        if subprocess.run(install, cwd=NODE_FOLDER, timeout=170, check=False).returncode:
            return "npm could not install configurable-http-proxy"
    return ""


@dataclass
class Hub:
    """A running hub. Its users' homes are folders of `home`."""

    url: str
    origin: str
    home: Path
    token: str
    process: subprocess.Popen[bytes]

    def add(self, user: str) -> str:
        """Makes a user with a running server, whose root is home/USER, and returns a token of this user."""
        (self.home / user).mkdir(exist_ok=True)
        api, own = f"{self.url}/hub/api/users/{user}", {"Authorization": f"token {self.token}"}
        httpx.post(api, headers=own).raise_for_status()
        httpx.post(f"{api}/server", headers=own, timeout=START_TIMEOUT_S).raise_for_status()
        token = str(httpx.post(f"{api}/tokens", headers=own, json={}).raise_for_status().json()["token"])
        self.wait(f"{self.url}/user/{user}/api", token)
        return token

    def wait(self, url: str, token: str) -> None:
        """Until this answers with status 200."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                if httpx.get(url, headers={"Authorization": f"token {token}"}).status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, (self.home / "hub.log").read_text()[-2000:]
            assert time.monotonic() < deadline_s, (
                f"{url} does not answer: {(self.home / 'hub.log').read_text()[-2000:]}"
            )
            time.sleep(0.3)


@contextmanager
def running_hub(home: Path, **variables: str) -> Iterator[Hub]:
    """A hub that keeps everything in `home`. Its users' servers get these variables."""
    token = secrets.token_hex(16)
    defaults = jupyter_environment({})  # this environment's kernel, and labkit's defaults
    with (
        reserved_port() as public,
        reserved_port() as hub,
        reserved_port() as api,
        (home / "hub.log").open("wb") as log,
    ):
        text = CONFIGURATION.format(
            public=public, hub=hub, api=api, proxy=str(PROXY), home=str(home), python=sys.executable, token=token,
            environment={**defaults, **variables},
        )  # fmt: skip
        (home / "jupyterhub_config.py").write_text(text, "utf-8")
        command = [sys.executable, "-m", "jupyterhub", "-f", str(home / "jupyterhub_config.py")]
        process = subprocess.Popen(command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            running = Hub(f"http://127.0.0.1:{public}", f"http://{NAME}:{public}", home, token, process)
            running.wait(f"{running.url}/hub/api/", token)
            yield running
        finally:
            process.terminate()  # it ends its users' servers, and its proxy
            process.wait(timeout=60)
