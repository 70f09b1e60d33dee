"""The capstone: build a live status page for a flaky job, and let a checklist say how far it is.

`capstone.begin("status_page.py")` gives you a file to begin with, `capstone.check("status_page.py")` checks it.
"""

from labkit.capstone.checklist import check_status_page
from labkit.capstone.flaky_job import flaky_job, flaky_job_sync
from labkit.capstone.hints import CapstoneHint, begin, hint_for
from labkit.capstone.result import CapstoneResult, CheckedLine
from labkit.capstone.runs import Settings

check = check_status_page
hint = hint_for

__all__ = [
    "CapstoneHint", "CapstoneResult", "CheckedLine", "Settings", "begin", "check", "check_status_page", "flaky_job",
    "flaky_job_sync", "hint", "hint_for",
]  # fmt: skip
