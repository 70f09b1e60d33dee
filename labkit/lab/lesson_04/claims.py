"""The verdicts of lesson 04: each is computed from what was recorded, and turns when somebody does the opposite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.lab.verdict import Verdict


def c15_reconnects(ready_states: Mapping[str, int]) -> Verdict:
    """EventSource reconnects by itself when the connection drops: `ready_states` of a page, after each kind of drop."""
    words = {0: "still trying", 1: "open again", 2: "closed for good"}
    finding = ", ".join(f"after {how} {words[state]}" for how, state in ready_states.items())
    return Verdict("C15", bool(ready_states) and all(state < 2 for state in ready_states.values()), finding)


def c16_sends_last_event_id(sent: Sequence[str], seen_before: Sequence[str]) -> Verdict:
    """On reconnecting it sends Last-Event-ID: `sent` by request, `seen_before` each request."""
    holds = len(sent) > 1 and list(sent) == list(seen_before) and any(sent)
    pairs = ", ".join(
        f"had seen {before or 'nothing'} and sent {id or 'nothing'}"
        for id, before in zip(sent, seen_before, strict=False)
    )
    return Verdict("C16", holds, f"the client {pairs}")


def c17_server_resumes(published: Sequence[str], by_log: Sequence[str], without_log: Sequence[str]) -> Verdict:
    """The browser replays nothing: resuming is the server's work."""
    lost = len(published) - len(set(without_log) & set(published))
    holds = list(by_log) == list(published) and lost > 0
    because = f"with a log {len(by_log)} of {len(published)} events arrived; with a server that forgets, {lost}"
    return Verdict("C17", holds, f"{because} {'was' if lost == 1 else 'were'} lost")


def c18_ignoring_the_id(published: Sequence[str], only_new: Sequence[str], from_start: Sequence[str]) -> Verdict:
    """A server that ignores Last-Event-ID makes the client miss events or see them twice."""
    missed = [text for text in published if text not in only_new]
    doubled = len(from_start) - len(set(from_start))
    because = f"a server that goes on with what is new: {len(missed)} missed; one that begins again: {doubled} twice"
    return Verdict("C18", bool(missed) and doubled > 0, because)
