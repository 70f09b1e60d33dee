"""Explains in one line why a stream cannot be read, and what to do."""

from __future__ import annotations

import socket
import urllib.request

import httpx

from labkit.errors import DecompressionBomb, LimitExceeded, StreamLost, StreamRejected
from labkit.system.secrets import shown_url
from labkit.system.sockets import is_loopback

DEMO_PORT = 8080
PROBE_S = 2.0


def why_unreachable(problem: Exception, url: str) -> str:
    """The line that explains the error that ended EventSource, with what to do now.

    After a failed connection it probes the port, for at most PROBE_S.
    """
    shown = shown_url(url)
    if isinstance(problem, LimitExceeded) and not isinstance(problem, DecompressionBomb):
        return (
            f"{problem.item} grew past {problem.limit_bytes:,} bytes: the sender forgot its blank lines, "
            "or its events are that large; then allow more with --max-event-bytes"
        )
    if isinstance(problem, StreamRejected) and problem.status in (401, 403):
        return f"{problem} Give it with --header 'Authorization: ...'"
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        why = "is signed by nobody whom this machine trusts, or is another host's"
        return f"{shown}: its certificate {why}. --insecure takes it all the same"
    if isinstance(problem, StreamLost):
        return _why_unreachable(httpx.URL(url)) or f"{str(problem).rstrip(': ')}{_without_tls(shown)}"
    if isinstance(problem, httpx.TooManyRedirects):
        return f"{shown} redirects in a circle. Look where it leads with: curl -sIL {shown}"
    if isinstance(problem, httpx.DecodingError):
        return f"{shown} sends a broken compression ({problem}). Ask for none with --header 'Accept-Encoding: identity'"
    return str(problem)


def _without_tls(url: str) -> str:
    """The advice to try http, for an https URL whose server answers; "" for others."""
    return f". If it speaks plain HTTP: http{url[5:]}" if url.lower().startswith("https:") else ""


def _why_unreachable(url: httpx.URL) -> str | None:
    """What is wrong with the host or the port, found by connecting; None if nothing is."""
    host, port = url.host, url.port or (443 if url.scheme == "https" else 80)
    loopback = is_loopback(host)
    if urllib.request.getproxies() and not loopback:
        return None  # a proxy does the looking up, and the connecting
    try:
        with socket.create_connection((host, port), timeout=PROBE_S):
            return None
    except socket.gaierror:
        return f"there is no host {host!r}, or no network to ask. Is the name right?"
    except ConnectionRefusedError:
        start = "labkit serve" + (f" --port {port}" if port > 1023 and port != DEMO_PORT else "")
        way_on = f"Start one in another terminal: {start}" if loopback else "Is the port right, and the server running?"
        return f"nothing listens on port {port} of {host}. {way_on}"
    except TimeoutError:
        return f"{host} does not answer on port {port}. Is the address right, and does a firewall stand between?"
    except OSError:
        return None
