"""The verdicts of lesson 11: each is computed from what a crowd got, and turns when somebody does the opposite."""

from __future__ import annotations

from labkit.errors import counted
from labkit.lab.lesson_11.crowd import CrowdTally
from labkit.lab.verdict import Verdict


def c61_a_shared_log(apart: CrowdTally, shared: CrowdTally) -> Verdict:
    """More than one server process needs a shared event log: Last-Event-ID must mean the same on every node."""
    holds = not apart.exact and shared.exact
    return Verdict("C61", holds, f"each node with a memory of its own: {apart.in_brief}; one log: {shared.in_brief}")


def c65_sticky_sessions(sticky: CrowdTally) -> Verdict:
    """Sticky sessions are enough for resuming: what they lost and doubled while nodes were restarted."""
    return Verdict("C65", sticky.exact, f"each reader was led back to its node, and it was {sticky.in_brief}")


def c66_pub_sub(told: CrowdTally) -> Verdict:
    """Redis Pub/Sub is enough for several servers: what was lost and doubled while nodes were restarted."""
    return Verdict("C66", told.exact, f"each node was told of each event, and it was {told.in_brief}")


def c67_a_deploy_needs_the_clients(coming_back: CrowdTally, staying_away: CrowdTally) -> Verdict:
    """A deploy needs the clients' help: the same deploy, with readers that resume, and with readers that do not."""
    why = f"who came back: {coming_back.in_brief}; who did not: {counted(staying_away.lost, 'event')} lost"
    return Verdict("C67", coming_back.exact and staying_away.lost > 0, why)
