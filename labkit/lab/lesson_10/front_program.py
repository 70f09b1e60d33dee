"""A server of HTTP/2, and of HTTP/3 too: its arguments are a port, the certificate's file, and "quic" or nothing."""

from __future__ import annotations

import asyncio
import sys

from labkit.asgi import asgi_app
from labkit.lab.lesson_10.protocols import front_routes


def main(port: str, certificate: str, quic: str) -> None:
    """Serves until the process is ended."""
    import hypercorn.asyncio
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.quic_bind = config.bind if quic else []
    config.certfile = config.keyfile = certificate
    config.errorlog = None
    asyncio.run(hypercorn.asyncio.serve(asgi_app(front_routes()), config))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
