"""How large a deployment must be: reckoned from what was measured, and compared with what this machine allows."""

from labkit.capacity.limits import LimitAdvice, MachineLimits, advise, read_limits
from labkit.capacity.reckoning import Measured, Reckoning, measured, reckon

__all__ = ["LimitAdvice", "MachineLimits", "Measured", "Reckoning", "advise", "measured", "read_limits", "reckon"]
