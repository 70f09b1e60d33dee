"""Redis Pub/Sub between nodes: what many people build first, to see what it is not enough for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from labkit.errors import LabError

AGAIN_S = 0.1


class Broadcast:
    """Sends each text to all nodes that listen at that moment. Redis keeps nothing: who is away misses it.

    Source: Redis manual, "Pub/Sub", delivery semantics: at most once.

    Args:
        url: the Redis server.
        key: the name of its channel.

    Raises:
        LabError: the package redis is missing.
    """

    def __init__(self, url: str, key: str) -> None:
        try:
            import redis
        except ImportError:
            raise LabError("Redis Pub/Sub needs the package redis: pip install 'labkit[scale]'") from None
        self._redis: Any = redis.Redis.from_url(url, socket_connect_timeout=1)
        self._lost: type[Exception] = redis.RedisError
        self._key = key

    def send(self, text: str) -> str:
        """Sends the text, and returns "": it has no id, each node gives it its own.

        Raises:
            LabError: Redis did not take it; no node got it.
        """
        try:
            self._redis.publish(self._key, text)
        except self._lost as problem:
            raise LabError(f"Redis did not take the event: {problem}") from None
        return ""

    def listen(self, on_text: Callable[[str], object]) -> None:
        """Calls `on_text` with each text, on a thread of its own. Where Redis is away it asks again."""
        threading.Thread(target=self._listen, args=(on_text,), daemon=True).start()

    def _listen(self, on_text: Callable[[str], object]) -> None:
        while True:
            with contextlib.suppress(self._lost), self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                subscription.subscribe(self._key)
                for message in subscription.listen():
                    on_text(message["data"].decode("utf-8"))
            time.sleep(AGAIN_S)
