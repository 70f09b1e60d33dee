"""Several server processes behind one balancer: which node serves whom, and what happens when one dies."""

from labkit.cluster.balancer import Balancer, start_balancer
from labkit.cluster.cluster import Cluster, cluster
from labkit.cluster.node import Node, NodeStatus

__all__ = ["Balancer", "Cluster", "Node", "NodeStatus", "cluster", "start_balancer"]
