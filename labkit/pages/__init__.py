"""Pages that a server of this package gives to a browser, each with its scripts beside it."""
