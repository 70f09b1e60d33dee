"""A connection to Redis by its URL, and what goes wrong with it in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from labkit.errors import LabError

if TYPE_CHECKING:
    import redis

#: How long Redis may take for one answer. Precedent: redis-py's own default is 5 s; who waits here may be a server.
TIMEOUT_S = 2.0
#: XTRIM MINID came with it.
OLDEST_VERSION = (6, 2)

_SECRET = re.compile(r"(?<=password=)[^&]*")
_CLUSTER, _SENTINEL = "+cluster", "+sentinel"
_SENTINEL_PORT = 26379

#: What Redis, or redis-py, says (or a part of it), and what to do about it.
_ADVICE = (
    (("WRONGPASS", "invalid username-password", "invalid password"), "Its password is another: look at the URL"),
    (("NOAUTH", "Authentication required"), "It wants a password: redis://:PASSWORD@host:port/0"),
    (("without any password configured",), "It has no password: leave it out of the URL"),
    (("NOPERM", "NoPermission"), "Its user needs the commands of streams, hashes and scripts, and INFO"),
    (("WRONGTYPE", "FOREIGN"), "Another program uses this key: take another name, or another database"),
    (("READONLY", "ReadOnlyError"), "This is a replica: name the one that takes writes"),
    (("maxmemory", "OutOfMemory"), "Its memory is full: raise maxmemory, or keep fewer events"),
    (("MISCONF", "NOREPLICAS"), "It takes no writes now: look at its own log"),
    (("ClusterDown", "ClusterError"), "Its nodes have not agreed yet who has which keys: try again soon"),
    (("LOADING", "BusyLoading"), "It still reads its file: try again soon"),
    (("unknown command", "Unknown Redis command"), "Redis 6.2 or newer, or Valkey, is needed"),
    (("refused", "No such file"), "Does Redis run there?"),
    (("Name or service not known", "name resolution", "not known", "getaddrinfo"), "Is the host's name right?"),
    (("SSL", "TLS"), "Encrypted it is rediss://, plain redis://"),
    (("Timeout", "timed out"), "Redis is busy, or cannot be reached: look after it, and try again"),
    (("Invalid Response", "Protocol Error"), "What answers there is not Redis"),
)


def advice_for(problem: Exception) -> str:
    """What to do about an error of redis-py."""
    said = f"{problem} {type(problem).__name__}"
    return next((advice for words, advice in _ADVICE if any(word in said for word in words)), "Is Redis well there?")


def cause_of(problem: Exception) -> str:
    """What an error of redis-py says, in one line and without a stop at its end."""
    said = str(problem).partition(" script: ")[0].strip().splitlines()  # which line of ours it was helps nobody
    return (said[0] if said else type(problem).__name__).removesuffix(".")


def shown_redis_url(url: str) -> str:
    """The URL without its password.

    >>> shown_redis_url("redis://ann:secret@host:6379/0?password=secret")
    'redis://ann:***@host:6379/0?password=***'
    """
    scheme, slashes, rest = url.partition("://")
    # The last of all @: whoever forgot to encode the / of a password must not see it in an error.
    user, at, place = _SECRET.sub("***", rest).rpartition("@")
    if ":" in user:
        user = f"{user.partition(':')[0]}:***"
    return f"{scheme}{slashes}{user}{at}{place}"


def redis_package() -> Any:
    """The package redis.

    Raises:
        LabError: it is not installed.
    """
    try:
        import redis
    except ImportError:
        raise LabError("a log on Redis needs the package redis: pip install labkit[scale]") from None
    return redis


def open_client(url: str, answer_timeout_s: float = TIMEOUT_S) -> redis.Redis:
    """A client for this URL, which connects when it is first asked. It never asks a second time by itself.

    Beside the URLs of redis-py (redis://, rediss://, unix://) there are `redis+cluster://host:port,host:port` and
    `redis+sentinel://host:port,host:port/SERVICE/DATABASE`, with rediss as well. Precedent: the package limits.

    Raises:
        LabError: the package redis is not installed, or this is no such URL.
    """
    package = redis_package()
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # An append that is sent twice may be kept twice: only the log itself can tell.
    settings: dict[str, Any] = {
        "socket_connect_timeout": TIMEOUT_S, "socket_timeout": answer_timeout_s, "retry": Retry(NoBackoff(), 0),
        "protocol": 2, "client_name": "labkit",
    }  # fmt: skip
    scheme, _, rest = url.partition("://")
    try:
        if scheme.endswith(_CLUSTER):
            return _open_cluster(package, scheme.removesuffix(_CLUSTER), rest, settings)
        if scheme.endswith(_SENTINEL):
            return _open_sentinel(scheme.removesuffix(_SENTINEL), url, settings)
        client: redis.Redis = package.Redis.from_url(url, **settings)
        _port_of(client.connection_pool.connection_kwargs)
        return client
    except (ValueError, TypeError, AttributeError) as problem:
        # What urllib says of a port would show the password whose / was not encoded.
        why = "its port is no number" if "Port could not" in str(problem) else cause_of(problem)
        raise LabError(
            f"{shown_redis_url(url)!r} is no URL of a Redis: {why}. Such a URL is redis://:PASSWORD@host:6379/0, "
            "rediss:// for TLS, or unix:///path/to/socket; in a password / is written %2F, and @ is %40"
        ) from None


def _port_of(settings: dict[str, Any]) -> None:
    port = settings.get("port", 6379)
    if not (isinstance(port, int) and 0 < port < 65536):
        raise ValueError(f"port {port!r} is none")


def _nodes(authority: str, default_port: int) -> list[tuple[str, int]]:
    pairs = (node.rpartition(":") if ":" in node else (node, "", str(default_port)) for node in authority.split(","))
    return [(host, int(port)) for host, _, port in pairs]


def _open_cluster(package: Any, scheme: str, rest: str, settings: dict[str, Any]) -> redis.Redis:
    from redis.cluster import ClusterNode, RedisCluster

    credentials, at, place = rest.rpartition("@")
    authority, *options = place.split("?", 1)
    make_node: Any = ClusterNode
    nodes = [make_node(host, port) for host, port in _nodes(authority.strip("/"), 6379)]
    settings.pop("protocol")
    first = f"{scheme}://{credentials}{at}{nodes[0].host}:{nodes[0].port}"
    url = "?".join([first, *options])
    cluster: redis.Redis = RedisCluster.from_url(url, startup_nodes=nodes[1:] or None, **settings)  # type: ignore[assignment]
    return cluster


def _open_sentinel(scheme: str, url: str, settings: dict[str, Any]) -> redis.Redis:
    from redis.sentinel import Sentinel

    parts = urlsplit(url)
    authority = parts.netloc.rpartition("@")[2]
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it names no service of the sentinels")
    settings |= dict(parse_qsl(parts.query))
    settings |= {"db": int(database or 0), "ssl": scheme == "rediss"}
    for name, value in (("username", parts.username), ("password", parts.password)):
        if value:
            settings[name] = unquote(value)
    timeouts: dict[str, Any] = {name: settings[name] for name in ("socket_connect_timeout", "socket_timeout")}
    make_sentinel: Any = Sentinel
    sentinel = make_sentinel(_nodes(authority, _SENTINEL_PORT), sentinel_kwargs=timeouts)
    master: redis.Redis = sentinel.master_for(service, **settings)
    return master


def name_with_version(client: redis.Redis) -> str:
    """The name and version that a server says it is, such as "Redis 7.0.15" or "Valkey 9.1.2".

    Raises:
        LabError: it is too old.
    """
    try:
        answer = client.info("server")
    except redis_package().ResponseError as problem:
        if "unknown command" not in str(problem):
            raise
        return "a server that does not tell its version"  # an imitation of Redis, as for tests
    # A cluster answers for each of its nodes. (A dict alone says nothing: so does "listener0", since Redis 7.2.)
    several = [node for node in answer.values() if isinstance(node, dict) and "redis_version" in node]
    names = [_checked_version(node) for node in several or [answer]]
    return names[0]


def _checked_version(said: dict[str, Any]) -> str:
    is_valkey = said.get("server_name") == "valkey"
    version = str(said.get("valkey_version" if is_valkey else "redis_version", "0"))
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_VERSION and not is_valkey:
        raise LabError(f"this is Redis {version}: a log needs Redis 6.2 or newer, or Valkey")
    return f"{'Valkey' if is_valkey else 'Redis'} {version}"


def may_pass(problem: Exception) -> bool:
    """Whether what went wrong may be over soon: nobody answers, it starts, another machine takes over."""
    package = redis_package()
    if isinstance(problem, package.AuthenticationError):
        return False
    away = (
        package.ConnectionError,
        package.TimeoutError,
        package.ReadOnlyError,
        package.RedisClusterException,
        package.exceptions.ClusterError,  # it is down, or asks to try again
        OSError,
    )
    return isinstance(problem, away)
