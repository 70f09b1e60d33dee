"""The checks of the lessons' exercises: what is wrong and why, hints in steps, and the solution last.

>>> from labkit.check import check, solution
>>> check("split_lines", solution("split_lines")).passed
True
"""

from labkit.check.engine import check, hint, solution
from labkit.check.exercises.how_late_servers import Servers
from labkit.check.exercises.listen_network import Attempt, Network
from labkit.check.feedback import CheckResult, Hint, Solution
from labkit.check.progress import LearnerProgress, my_progress
from labkit.check.truth_table import Vector, vectors

__all__ = [
    "Attempt",
    "CheckResult",
    "Hint",
    "LearnerProgress",
    "Network",
    "Servers",
    "Solution",
    "Vector",
    "check",
    "hint",
    "my_progress",
    "solution",
    "vectors",
]
