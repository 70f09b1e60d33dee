"""What was published, kept for those who come back."""

from labkit.log.contract import EventLog, Replay
from labkit.log.memory import MemoryLog
from labkit.log.sqlite import SQLiteLog

__all__ = ["EventLog", "MemoryLog", "Replay", "SQLiteLog"]
