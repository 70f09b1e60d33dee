"""Arrivals in, numbers out. Pure: what recorded them is elsewhere."""

from labkit.measure.recording import Arrival, Recording
from labkit.measure.verdict import Verdict

__all__ = ["Arrival", "Recording", "Verdict"]
