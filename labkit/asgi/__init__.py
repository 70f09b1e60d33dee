"""Streams inside somebody else's server: every route as an ASGI app, for Starlette, FastAPI, HTTP/2 and 3."""

from labkit.asgi.app import AsgiApp, asgi_app

__all__ = ["AsgiApp", "asgi_app"]
