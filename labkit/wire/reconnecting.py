"""What a client does after a connection has ended: the standard and two browsers, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.wire.session import Answered, Ended, Outcome, Unreachable

#: "again": it connects once more after the reconnection time; "stop": for good.
AfterEnd = Literal["again", "stop"]


@dataclass(frozen=True, slots=True)
class Situation:
    """One row of the table: how a connection ended, and what the standard and each browser do then.

    `after_open` tells whether the stream had been open before; `note` is a remark on what surprises.
    """

    situation: str
    outcome: Outcome
    after_open: bool
    standard: AfterEnd
    chromium: AfterEnd
    firefox: AfterEnd
    note: str = ""


#: What the two columns were measured with, on Debian 12, and when: by benchmarks/firefox.py.
MEASURED_WITH = {"Chromium": "Chromium 156.0.8078.108", "Firefox": "Firefox 153.8.0esr"}
MEASURED_ON = "2026-11-28"

#: The standard is WHATWG HTML 9.2.2 and 9.2.3. Lesson 05 asks a Chromium about its column anew.
TABLE = (
    Situation("the response ends", Ended(), True, "again", "again", "again", "also where the answer was finished"),
    Situation("the connection breaks", Ended("the connection broke", broken=True), True, "again", "again", "again"),
    Situation("no connection, first time", Unreachable("refused"), False, "again", "again", "again",
        "the standard lets a browser stop where it knows that trying is futile"),
    Situation("no connection, later", Unreachable("refused"), True, "again", "again", "again"),
    Situation("the same, another origin", Unreachable("refused"), True, "again", "again", "stop",
        "so a restart of the server ends Firefox's stream, where the page is of another origin"),
    Situation("status 204", Answered(204, None), True, "stop", "stop", "stop", "the way for a server to say: no more"),
    Situation("status 200, another type", Answered(200, "text/html"), False, "stop", "stop", "stop"),
    Situation("status 404", Answered(404, "text/html"), False, "stop", "stop", "stop"),
    Situation("status 500", Answered(500, "text/html"), True, "stop", "stop", "stop"),
    Situation("status 502", Answered(502, "text/html"), True, "stop", "stop", "stop",
        "so a deploy behind a proxy ends them all"),
    Situation("status 503, Retry-After", Answered(503, "text/html"), True, "stop", "stop", "stop",
        "Retry-After is ignored"),
)  # fmt: skip
