"""The verdicts of lesson 05: each is computed from what was recorded, and turns when somebody does the opposite."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.errors import counted
from labkit.lab.verdict import Verdict


def c20_status_decides(after: Mapping[str, int]) -> Verdict:
    """204 stops the reconnecting; other errors behave differently from one another: readyState after each answer."""
    stopped = [name for name, state in after.items() if state == 2]
    going = [name for name, state in after.items() if state < 2]
    if not stopped:  # also a 204 seems to be tried again: the lesson's server is gone
        return Verdict("C20", None, "nobody has answered: run the cell that launches the server, then the one above")
    holds = "204" in stopped and bool(going) and len(stopped) > 1
    return Verdict(
        "C20", holds, f"stopped for good: {', '.join(stopped)}; goes on trying: {', '.join(going) or 'none'}"
    )


def c30_only_a_watchdog_tells(noticed_s: Mapping[str, float | None], waited_s: float) -> Verdict:
    """A dead connection can look alive for a long time; only a heartbeat with a read timeout tells."""
    without, with_it = noticed_s.get("without a watchdog"), noticed_s.get("with a watchdog")
    finding = f"within {waited_s:g} s the client without a watchdog noticed {'nothing' if without is None else 'it'}"
    other = "nothing" if with_it is None else f"it after {with_it:.2g} s without a byte"
    if with_it is not None and with_it < 0:
        early = "the one with it gave up a living connection, for its time is shorter than a heartbeat"
        return Verdict("C30", False, f"{finding}; {early}")
    return Verdict("C30", without is None and with_it is not None, f"{finding}; the one with it noticed {other}")


def c62_jitter_spreads(peaks: Mapping[str, int]) -> Verdict:
    """A crowd that reconnects at the same moment is a thundering herd; jitter cures it: the most in 0.1 s."""
    fixed, jitter = peaks["fixed"], peaks["jitter"]
    most = f"at most {counted(fixed, 'connection')} in a tenth of a second"
    because = f"{most} with a fixed wait, {jitter:,} with backoff and jitter"
    return Verdict("C62", fixed >= 5 * jitter > 0, because)
