"""The command line: `labkit`, and its commands `serve`, `listen`, `doctor` and `reset`."""
