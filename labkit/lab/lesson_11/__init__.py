"""The experiments of lesson 11, "What if one server is not enough?", and the verdicts on its claims."""

from labkit.lab.lesson_11.claims import (
    c61_a_shared_log,
    c65_sticky_sessions,
    c66_pub_sub,
    c67_a_deploy_needs_the_clients,
)
from labkit.lab.lesson_11.crowd import CrowdTally, Whereabouts, crowd_reads, watch_nodes
from labkit.lab.lesson_11.stories import KillAtRandom, kill_one, rolling_deploy

__all__ = [
    "CrowdTally",
    "KillAtRandom",
    "Whereabouts",
    "c61_a_shared_log",
    "c65_sticky_sessions",
    "c66_pub_sub",
    "c67_a_deploy_needs_the_clients",
    "crowd_reads",
    "kill_one",
    "rolling_deploy",
    "watch_nodes",
]  # fmt: skip
