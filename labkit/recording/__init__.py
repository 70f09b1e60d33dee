"""Recordings of responses, and the numbers that are computed from them. Pure: nothing here opens a connection."""

from labkit.recording.clocks import sender_times
from labkit.recording.lags import Lags, Repeated, lags, repeated
from labkit.recording.recording import Arrival, Recording, bursts

__all__ = ["Arrival", "Lags", "Recording", "Repeated", "bursts", "lags", "repeated", "sender_times"]
