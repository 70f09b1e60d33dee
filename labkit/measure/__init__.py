"""Arrivals in, numbers out. Pure: what recorded them is elsewhere."""

from labkit.measure.clocks import sender_times
from labkit.measure.lags import Lags, Repeated, lags, repeated
from labkit.measure.recording import Arrival, Recording, bursts
from labkit.measure.verdict import Verdict

__all__ = ["Arrival", "Lags", "Recording", "Repeated", "Verdict", "bursts", "lags", "repeated", "sender_times"]
