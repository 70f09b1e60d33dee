"""What `labkit bundle` puts beside the wheels: it runs on machines that have no labkit yet."""
