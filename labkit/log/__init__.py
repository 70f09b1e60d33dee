"""What was published, kept for those who come back."""

from labkit.log.memory import MemoryLog
from labkit.log.model import EventLog, Replay

__all__ = ["EventLog", "MemoryLog", "Replay"]
