"""The verdicts of lesson 06: each is computed from what was recorded, and turns when somebody does the opposite."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labkit.errors import counted
from labkit.lab.lesson_06.timers import Ends
from labkit.lab.verdict import Verdict
from labkit.recording import Lags

LATE_S = 0.1  # a reader sees it
ONE_IN = 5  # so many late ones are no hiccup of the machine


def is_held(run: Lags) -> bool:
    """Whether one event in five, or more, comes over a tenth of a second late."""
    late = [lag for lag in run.lags_s if lag > LATE_S]
    return bool(late) and len(late) * ONE_IN >= len(run.at_s)


def _lag_words(runs: Mapping[str, Lags]) -> str:
    return "; ".join(f"{name}: {len(run.bursts)} of {len(run.at_s)}" for name, run in runs.items())


def c26_proxies_buffer(direct: Lags, behind: Mapping[str, Lags]) -> Verdict:
    """Reverse proxies buffer by default, so events arrive in lumps."""
    held = [name for name, run in behind.items() if is_held(run)]
    free = [name for name in behind if name not in held]
    finding = f"held by {', '.join(held) or 'none'}; passed on at once by {', '.join(free) or 'none'}"
    return Verdict("C26", bool(held) and not is_held(direct), finding)


def c27_cured(before: Lags, cures: Mapping[str, Lags]) -> Verdict:
    """`X-Accel-Buffering: no` or `proxy_buffering off` cures nginx."""
    holds = is_held(before) and bool(cures) and not any(is_held(run) for run in cures.values())
    finding = _lag_words({"bursts without a cure": before, **{f"with {name}": run for name, run in cures.items()}})
    return Verdict("C27", holds, finding)


def c28_compression_holds(unflushed: Lags, flushed: Lags) -> Verdict:
    """Compression on the stream holds events back."""
    finding = _lag_words({"bursts without a flush": unflushed, "flushed after each event": flushed})
    return Verdict("C28", is_held(unflushed) and not is_held(flushed), finding)


def c29_timers(counts: Mapping[str, tuple[int, int]], events: int, plan: Ends, published: int) -> Verdict:
    """Intermediaries close idle connections; heartbeats and planned reconnects cure that."""
    cut = [name for name, (without, _) in counts.items() if without < events]
    cured = [name for name in cut if counts[name][1] == events]
    left = [name for name in cut if name not in cured]
    resumed = len(plan.texts) == published and plan.streams > 1
    because = f"a heartbeat cured {len(cured)} of {counted(len(cut), 'timer')}, not {', '.join(left) or 'less'}"
    finding = (
        f"{because}; under a total timer {len(plan.texts)} of {published} events arrived "
        f"over {counted(plan.streams, 'stream')}"
    )
    return Verdict("C29", bool(cured) and resumed, finding)


def c31_survives(websocket: str, stream: str) -> Verdict:
    """SSE survives proxies that break WebSockets by dropping `Upgrade`."""
    holds = not _brought(websocket, "message") and _brought(stream, "event")
    return Verdict(
        "C31", holds, f"through the same proxy the WebSocket was {websocket}, and the stream brought {stream}"
    )


def c54_typewriter_becomes_a_lump(direct: Lags, through: Lags) -> Verdict:
    """Buffering anywhere on the way turns a typewriter into a lump."""
    first_ms = [round(run.at_s[0] * 1000) if run.at_s else 0 for run in (direct, through)]
    finding = f"the first token came after {first_ms[0]} ms, and after {first_ms[1]} ms behind the proxy"
    lumps = "in one lump" if len(through.bursts) == 1 else f"in {counted(len(through.bursts), 'burst')}"
    holds = not is_held(direct) and is_held(through)
    return Verdict("C54", holds, f"{finding}, all {len(through.at_s)} {lumps}")


def _brought(finding: str, noun: str) -> bool:
    """Whether such a finding, as "3 events" or "refused: 502", says that something came."""
    return re.fullmatch(rf"[1-9][\d,]* {noun}s?", finding) is not None
