"""What a node of a cluster runs, in a process of its own: it loads no more than it serves with."""
