"""The verdicts of lesson 08: each is computed from what was measured, and turns when somebody measures the opposite."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.bench.break_even import BreakEven
from labkit.bench.clients import OVER_HTTP
from labkit.bench.cost import Costs
from labkit.bench.outage import Outage
from labkit.bench.overhead import Wire
from labkit.bench.result import NULL, Result
from labkit.errors import counted
from labkit.lab.verdict import Verdict

FELT_MS = 100.0  # what a person feels


def c35_polling_costs(result: Result, cost: Wire, every_s: float) -> Verdict:
    """Polling costs latency (about half the interval) and requests that bring nothing."""
    share = result.median("polling") / (every_s * 1000)
    late = f"asked every {every_s * 1000:.0f} ms: {result.median('polling'):.0f} ms late, {share:.0%} of the interval"
    holds = 0.2 < share < 0.8 and cost.requests > 1
    return Verdict("C35", holds, f"{late}; {cost.requests:.1f} requests for each event where events are rare")


def c36_long_polling_is_slow(results: Mapping[float, Result]) -> Verdict:
    """Long polling has "horrible latency": at which event rates?"""
    late = {rate: result.median("long polling") for rate, result in results.items()}
    finding = ", ".join(f"{late_ms:.2g} ms at {rate:g} a second" for rate, late_ms in late.items())
    if any(result.noisy for result in results.values()):
        return Verdict("C36", None, f"{finding}; but this machine is too busy")
    return Verdict("C36", any(late_ms > FELT_MS for late_ms in late.values()), f"median {finding}")


def c37_smaller_overhead(costs: Mapping[str, Wire]) -> Verdict:
    """WebSocket has the smaller overhead per message."""
    sse, socket = costs["SSE, data alone"].overhead_bytes, costs["WebSocket, data alone"].overhead_bytes
    finding = f"data alone: SSE +{sse:.0f} bytes, WebSocket +{socket:.0f}"
    whole = (
        f"with id and type: SSE +{costs['SSE'].overhead_bytes:.0f}, WebSocket +{costs['WebSocket'].overhead_bytes:.0f}"
    )
    beside = {
        "long polling": "long polling",
        "SSE, compressed": "compressed: SSE",
        "WebSocket, compressed": "WebSocket",
    }
    whole += "".join(f", {label} {costs[name].overhead_bytes:+.0f}" for name, label in beside.items() if name in costs)
    return Verdict("C37", socket < sse, f"{finding}; {whole}")


def c38_lower_latency(result: Result) -> Verdict:
    """WebSocket has lower latency: both fed by one server in the same way."""
    sse, socket = "SSE, data alone", "WebSocket, data alone"
    finding = f"{sse} {result.median(sse):.2g} ms, {socket} {result.median(socket):.2g} ms"
    if nulls := [name for name in result.subjects if name.startswith(NULL)]:
        finding += f" ({', '.join(f'{name} {result.median(name):.2g}' for name in nulls)})"
    if result.noisy:
        return Verdict("C38", None, f"{finding}; but this machine is too busy for such differences")
    lower = result.lower(socket, sse)
    sure = {True: "lower", False: "higher", None: "no difference that could be told"}[lower]
    return Verdict("C38", lower is True, f"median {finding}: {sure}")


def c39_needs_a_handshake(result: Result) -> Verdict:
    """SSE starts at once, WebSocket needs a handshake."""
    sse, socket = result.median("SSE"), result.median("WebSocket")
    finding = f"round trips to the first event, TCP not counted: SSE {sse:.1f}, WebSocket {socket:.1f}"
    return Verdict("C39", socket > sse + 0.5, finding)


def c40_written_by_hand(outages: Mapping[str, Outage], lines: Mapping[str, int]) -> Verdict:
    """Reconnecting and resuming come with SSE, and are hand-written elsewhere."""
    whole = [
        name
        for name, outage in outages.items()
        if not (outage.lost or outage.doubled) and outage.recovered_ms is not None
    ]
    finding = ", ".join(f"{name} {counted(count, 'line')}" for name, count in lines.items())
    fewest = min((count for name, count in lines.items() if name != "SSE"), default=0)
    holds = len(whole) == len(outages) > 0 and lines.get("SSE", 0) < fewest
    return Verdict("C40", holds, f"{len(whole)} of {len(outages)} outlived a cut without a loss; in a page: {finding}")


def c41_costs(costs: Costs) -> Verdict:
    """Memory, descriptors and CPU per idle and per busy connection, for each transport."""
    finding = ", ".join(
        f"{name} {costs.memory.median(name):.3g} KiB, {costs.events.median(name):.0f} µs for an event, "
        f"descriptors {costs.descriptors.median(name):.2g}"
        for name in costs.memory.subjects
        if name in OVER_HTTP
    )
    finding = f"does an idle event stream take less memory than a WebSocket? {finding}"
    if problem := _untold(costs.memory, "SSE", "WebSocket"):
        return Verdict("C41", None, f"{finding}; but {problem}")
    return Verdict("C41", costs.memory.lower("SSE", "WebSocket"), finding)


def c42_threads_fall_early(costs: Costs) -> Verdict:
    """Capacity is planned by concurrent connections; a thread per connection falls over early: by its memory?"""
    loop, thread = "SSE", "SSE, a thread each"
    if problem := _untold(costs.memory, loop, thread):
        return Verdict("C42", None, problem)
    times = costs.memory.median(thread) / costs.memory.median(loop)
    finding = f"a connection with a thread takes {times:.1f} times the memory"
    finding += " (benchmarks/threads.py tries how many make a server fall over)"
    lower = costs.memory.lower(loop, thread)
    return Verdict("C42", lower and times > 1.5, finding)


def _untold(memory: Result, *names: str) -> str:
    """Why the memory of these is not known; "" if it is."""
    if not any(map(memory.median, memory.subjects)):
        return "this machine does not tell how much memory a process has"
    small = [name for name in names if memory.median(name) <= 0]
    return f"with so few connections the memory of {' and '.join(small)} is too small to be seen" if small else ""


def c43_rare_is_fine(even: BreakEven) -> Verdict:
    """Infrequent updates are fine with polling: where is the break-even?"""
    return Verdict("C43", 1 < even.interval_s < 3600, repr(even))


def c44_post_beside_sse(result: Result) -> Verdict:
    """SSE down plus POST up can stand in for a WebSocket chat."""
    both, socket = result.median("SSE and POST"), result.median("WebSocket")
    finding = f"one hears oneself after {both:.1f} ms over SSE and POST, after {socket:.1f} ms over a WebSocket"
    return Verdict("C44", both < FELT_MS, finding)
