"""labkit: server-sent events, exactly; and the instruments of the lab built on them.

Importing this costs nothing: the rooms (labkit.wire, labkit.server, labkit.client, ...) are imported by name.
"""

__version__ = "0.2.0"
