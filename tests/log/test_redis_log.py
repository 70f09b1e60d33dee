"""One log for several processes, on a real Redis: its numbers, what it forgets, and what is told where it is away."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

from labkit.cluster.redis_server import RedisServer
from labkit.errors import LabError, LogFailed
from labkit.log import RedisLog
from labkit.log.redis_connection import _checked_version, name_with_version, shown_redis_url
from labkit.wire import Frame

pytestmark = pytest.mark.live


def texts(log: RedisLog, last_event_id: str) -> list[str]:
    return [frame.data or "" for frame in log.since(last_event_id).frames]


@pytest.fixture
def name() -> str:
    return f"test {uuid.uuid4().hex[:8]}"


@pytest.fixture
def own(tool: Callable[[str], str]) -> Iterator[RedisServer]:
    """A Redis that the test may kill; it keeps what it was told."""
    tool("redis")
    with RedisServer(persistent=True) as server:
        yield server


def test_two_processes_share_one_numbering(redis: RedisServer, name: str) -> None:
    here, there = RedisLog(redis.url, name, epoch="e"), RedisLog(redis.url, name, epoch="f")
    assert [here.append(Frame(data="1")), there.append(Frame(data="2")), here.append(Frame(data="3"))] == [
        "e-1",
        "e-2",
        "e-3",
    ]
    assert here.last_id() == there.last_id() == "e-3"
    assert texts(here, "e-1") == texts(there, "e-1") == ["2", "3"]


def test_many_threads_of_several_processes_leave_no_hole(redis: RedisServer, name: str) -> None:
    logs = [RedisLog(redis.url, name, epoch="e") for _ in range(4)]
    with ThreadPoolExecutor(20) as threads:
        ids = list(threads.map(lambda n: logs[n % 4].append(Frame(data=str(n))), range(400)))
    assert sorted(int(id.removeprefix("e-")) for id in ids) == list(range(1, 401))
    assert sorted(map(int, texts(logs[0], "e-0"))) == list(range(400))
    assert dict(zip(ids, map(str, range(400)), strict=True)) == {
        frame.id: frame.data for frame in logs[1].since("e-0").frames
    }


def test_it_is_bounded_in_bytes_and_what_was_dropped_is_a_gap(redis: RedisServer, name: str) -> None:
    log = RedisLog(redis.url, name, max_bytes=1000, epoch="e")
    for number in range(1, 8):
        log.append(Frame(data=str(number) * 300))
    assert [text[0] for text in texts(log, "e-4")] == ["5", "6", "7"] and not log.since("e-4").gap
    assert [text[0] for text in texts(log, "e-3")] == ["5", "6", "7"] and log.since("e-3").gap
    log.append(Frame(data="8" * 5000))
    assert [text[0] for text in texts(log, "e-0")] == ["8"]  # the newest is kept at any size


def test_who_waits_is_told_at_once_and_who_waits_in_vain_gets_nothing(redis: RedisServer, name: str) -> None:
    here, there = RedisLog(redis.url, name, epoch="e"), RedisLog(redis.url, name)
    publishing = threading.Timer(0.05, lambda: there.append(Frame(data="news")))
    publishing.start()
    assert [frame.data for frame in here.wait_since("e-0", 20.0).frames] == ["news"]
    publishing.join()
    assert here.wait_since("e-1", 0.01).frames == () and not here.wait_since("e-1", 0.01).gap


def test_a_redis_that_was_emptied_is_a_new_epoch_and_the_old_ids_are_a_gap(redis: RedisServer, name: str) -> None:
    log = RedisLog(redis.url, name, epoch="e")
    for text in "abc":
        log.append(Frame(data=text))
    Redis.from_url(redis.url).delete(*log.keys)
    assert log.since("e-3").gap and log.wait_since("e-3", 0.01).gap
    newest = log.append(Frame(data="d"))
    assert newest.endswith("-4") and not newest.startswith("e-")  # no number means two events
    assert log.since("e-3").gap and texts(log, "e-3") == ["d"]


def test_a_stream_that_lost_its_end_is_a_new_epoch(redis: RedisServer, name: str) -> None:
    """As a replica has it that takes over and has not got all."""
    log = RedisLog(redis.url, name, epoch="e")
    for text in "abc":
        log.append(Frame(data=text))
    Redis.from_url(redis.url).xdel(log.keys[1], "0-3")
    assert log.since("e-3").gap
    assert log.append(Frame(data="d")).rpartition("-")[0] != "e"
    assert "d" in texts(log, "e-2") and log.since("e-2").gap


def test_killed_and_started_again_with_its_file_it_knows_every_id(own: RedisServer, name: str) -> None:
    log = RedisLog(own.url, name, epoch="e")
    log.append(Frame(data="a"))
    own.kill()
    with pytest.raises(LogFailed, match="Does Redis run there") as away:
        log.append(Frame(data="b"))
    assert away.value.is_away
    own.start()
    second = log.append(Frame(data="b"))
    assert texts(log, "e-0") == ["a", "b"] and not log.since("e-1").gap
    assert second.endswith("-2")


def test_an_append_waits_for_a_redis_that_comes_back_as_long_as_it_is_told(own: RedisServer, name: str) -> None:
    waits_s: list[float] = []

    def sleep_s(seconds: float) -> None:
        waits_s.append(seconds)
        own.start()

    log = RedisLog(own.url, name, wait_s=30.0, sleep_s=sleep_s)
    own.kill()
    assert log.append(Frame(data="a")).endswith("-1")
    assert waits_s and max(waits_s) <= 0.5


def test_an_append_whose_answer_was_lost_is_kept_once(redis: RedisServer, name: str) -> None:
    log = RedisLog(redis.url, name, wait_s=5.0, epoch="e", sleep_s=lambda seconds: None)
    script, calls = log._append_script, []

    def lose_the_first_answer(**arguments: Any) -> Any:
        calls.append(arguments)
        answer = script(**arguments)
        if len(calls) == 1:
            raise RedisAway("Connection closed by server.")
        return answer

    log._append_script = lose_the_first_answer  # type: ignore[assignment]
    assert log.append(Frame(data="once")) == "e-1"
    assert len(calls) == 2 and texts(log, "e-0") == ["once"]


def test_an_append_that_comes_after_its_own_second_attempt_is_kept_once(redis: RedisServer, name: str) -> None:
    log = RedisLog(redis.url, name, wait_s=5.0, epoch="e", sleep_s=lambda seconds: None)
    script, held_up = log._append_script, list[dict[str, Any]]()

    def hold_up_the_first(**arguments: Any) -> Any:
        if not held_up:
            held_up.append(arguments)
            raise RedisAway("Timeout reading from socket")
        return script(**arguments)

    log._append_script = hold_up_the_first  # type: ignore[assignment]
    assert log.append(Frame(data="once")) == "e-1"
    assert script(**held_up[0]) == [b"e", b"1"], "it got through at last"
    assert log.append(Frame(data="next")) == "e-2" and texts(log, "e-0") == ["once", "next"]


def test_what_cannot_be_used_is_told_in_a_sentence(redis: RedisServer, name: str) -> None:
    client = Redis.from_url(redis.url)
    for kind, make in {
        "list": lambda key: client.rpush(key, 1),
        "stream": lambda key: client.xadd(key, {"a": 1}),
    }.items():
        taken = f"{name} {kind}"
        make(f"labkit:{{{taken}}}:events")
        with pytest.raises(LabError, match="Another program uses this key"):
            RedisLog(redis.url, taken)
    for url, said in {
        "redis://127.0.0.1:9/0": "Does Redis run there",
        redis.url.replace("//", "//:a-secret-word@"): "leave it out of the URL",
        "http://127.0.0.1/": "is no URL of a Redis",
        "redis://127.0.0.1:99999/0": "is no URL of a Redis",
        "redis+sentinel://127.0.0.1:9/": "names no service",
    }.items():
        with pytest.raises(LabError, match=said) as caught:
            RedisLog(url, name)
        assert "a-secret-word" not in str(caught.value)


def test_an_older_redis_is_refused_and_a_valkey_taken() -> None:
    assert _checked_version({"redis_version": "7.0.15"}) == "Redis 7.0.15"
    assert (
        _checked_version({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "9.1.2"})
        == "Valkey 9.1.2"
    )
    listener = {"name": "tcp", "port": 6379}  # as Redis 7.2 and Valkey have it among their values
    for told, shown in {
        "a newer one": ({"redis_version": "8.2.1", "listener0": listener}, "Redis 8.2.1"),
        "a cluster": ({"one": {"redis_version": "7.0.15"}, "two": {"redis_version": "7.0.15"}}, "Redis 7.0.15"),
    }.values():
        assert name_with_version(SimpleNamespace(info=lambda section, told=told: told)) == shown  # type: ignore[arg-type,misc]
    with pytest.raises(LabError, match=r"this is Redis 6\.0\.16: a log needs Redis 6\.2 or newer"):
        _checked_version({"redis_version": "6.0.16"})


@pytest.mark.parametrize(
    "settings", [{"max_events": 0}, {"max_bytes": 0}, {"name": ""}, {"name": "a}b"}, {"epoch": "a-b"}]
)
def test_settings_that_no_log_can_have(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"max_events|name|epoch"):
        RedisLog("redis://127.0.0.1:9/0", **settings)


def test_a_password_is_never_shown() -> None:
    assert shown_redis_url("rediss://:p@ss@host:1/0") == "rediss://:***@host:1/0"
    assert shown_redis_url("redis://host") == "redis://host"
    assert shown_redis_url("redis://:se/cret@host:1/0") == "redis://:***@host:1/0", "its / was not encoded"
    assert shown_redis_url("redis://host/0?password=se@cret&db=1") == "redis://host/0?password=***&db=1"
    with pytest.raises(LabError, match="its port is no number") as told:
        RedisLog("redis://:se/cret@host:1/0")
    assert "se'" not in str(told.value) and "cret" not in str(told.value)
