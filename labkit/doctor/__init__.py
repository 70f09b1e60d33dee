"""What is wrong with an event stream, by URL: evidence, cause, and the line that mends it."""

from labkit.doctor.causes import Cause, Remedy, causes
from labkit.doctor.comparing import compare
from labkit.doctor.diagnosis import Diagnosis, Finding, FurtherAnswers
from labkit.doctor.examine import NotExamined, examine
from labkit.doctor.judge import judge

__all__ = [
    "Cause", "Diagnosis", "Finding", "FurtherAnswers", "NotExamined", "Remedy", "causes", "compare", "examine",
    "judge",
]  # fmt: skip
