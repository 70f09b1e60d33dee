"""What the other packages need of the operating system: threads, child processes, sockets, resource usage."""
