"""A log file, line by line in a page: it rotates, it is truncated, it is written fast, and nobody misses a line."""
