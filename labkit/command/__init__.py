"""Everything behind the command line: what `labkit`, `labkit serve`, `listen`, `doctor` and `reset` do."""
