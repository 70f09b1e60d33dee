"""The experiments of lesson 11, "What if one server is not enough?", and the verdicts on its claims."""

from labkit.lab.lesson_11.claims import (
    c61_a_shared_log,
    c65_sticky_sessions,
    c66_pub_sub,
    c67_a_deploy_needs_the_clients,
)
from labkit.lab.lesson_11.crowd import CrowdTally, crowd_reads, two_crowds_read
from labkit.lab.lesson_11.stories import KillAtRandom, kill_one, rolling_deploy
from labkit.lab.lesson_11.whereabouts import WatchedDeploy

__all__ = [
    "CrowdTally",
    "KillAtRandom",
    "WatchedDeploy",
    "c61_a_shared_log",
    "c65_sticky_sessions",
    "c66_pub_sub",
    "c67_a_deploy_needs_the_clients",
    "crowd_reads",
    "kill_one",
    "rolling_deploy",
    "two_crowds_read",
]  # fmt: skip
