"""What is wrong with an event stream, by URL: evidence, cause, and the line that mends it."""

from labkit.doctor.causes import Cause, Remedy, causes
from labkit.doctor.comparing import HopComparison, compare
from labkit.doctor.course import Course
from labkit.doctor.diagnosis import Diagnosis, Finding, FurtherAnswers, PortAnswer
from labkit.doctor.examine import ComparedDiagnosis, examine, examine_both
from labkit.doctor.judge import judge
from labkit.doctor.request import NotExamined

__all__ = [
    "Cause",
    "ComparedDiagnosis",
    "Course",
    "Diagnosis",
    "Finding",
    "FurtherAnswers",
    "HopComparison",
    "NotExamined",
    "PortAnswer",
    "Remedy",
    "causes",
    "compare",
    "examine",
    "examine_both",
    "judge",
]  # fmt: skip
