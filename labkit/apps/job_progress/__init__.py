"""A job that takes its time in a process of its own: start, watch from anywhere, cancel, and learn how it ended."""
