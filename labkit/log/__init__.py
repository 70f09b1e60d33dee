"""Logs: they keep published events, so that a client that reconnects can resume."""

from labkit.log.contract import EventLog, Replay, SharedLog
from labkit.log.memory import MemoryLog
from labkit.log.redis_log import RedisLog
from labkit.log.sqlite import SQLiteLog

__all__ = ["EventLog", "MemoryLog", "RedisLog", "Replay", "SQLiteLog", "SharedLog"]
