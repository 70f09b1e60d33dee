"""What answers at a port from which no head comes: a proxy that holds, a worker that is busy, or no HTTP at all."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import replace
from urllib.parse import urlsplit

from labkit.doctor.diagnosis import PortAnswer

ANSWER_S = 1.0
_MAX_BYTES = 8192
_HEAD_END = b"\r\n\r\n"


async def ask_port(url: str, verify: bool) -> PortAnswer:
    """What answers at the port of this URL, found with two small requests that open no stream.

    Args:
        url: the URL from which no head came.
        verify: False accepts any certificate.
    """
    answered = await ask_root(url, verify)
    if answered.http:
        return answered
    # What is no request is answered by the first that reads it: a proxy, if there is one. (RFC 9112, 2.2: with a 400)
    answer, closed = await _say(url, verify, b"GET\r\n\r\n", hang_up=True)
    front = _is_head(answer)
    return PortAnswer(front=front, reads=bool(answer) or closed)


async def ask_root(url: str, verify: bool) -> PortAnswer:
    """How HEAD /favicon.ico is answered there; `http` is "" if it is not answered within ANSWER_S."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    began_s = time.monotonic()
    answer, _ = await _say(
        url, verify, f"HEAD /favicon.ico HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )
    status = answer.split(b" ", 2)[1:2]
    if not _is_head(answer) or not status:
        return PortAnswer()
    text = f"{status[0][:3].decode('ascii', 'replace')} within {(time.monotonic() - began_s) * 1000:.0f} ms"
    return PortAnswer(text, front=True, headers=_headers_of(answer))


def _headers_of(head: bytes) -> dict[str, str]:
    lines = head.partition(_HEAD_END)[0].decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def _say(url: str, verify: bool, text: bytes, hang_up: bool = False) -> tuple[bytes, bool]:
    """The head that comes back, or what comes instead of one; and whether the other side closed.

    With `hang_up` we close our half after a moment. Whoever reads from the connection notices that, and closes too; a
    server that is busy or blocked does not.
    """
    parts = urlsplit(url)
    context = _tls(verify) if parts.scheme == "https" else None
    port = parts.port or (443 if context else 80)
    answer, writer = b"", None
    hanging_up: asyncio.TimerHandle | None = None
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
            writer.write(text)
            if hang_up and writer.can_write_eof():
                hanging_up = asyncio.get_running_loop().call_later(ANSWER_S / 2, writer.write_eof)
            while _HEAD_END not in answer and len(answer) < _MAX_BYTES:
                piece = await reader.read(_MAX_BYTES)
                if not piece:
                    return answer, True
                answer += piece
    except (OSError, TimeoutError, ValueError):
        pass  # what has come until now is the answer
    finally:
        if hanging_up is not None:
            hanging_up.cancel()
        if writer is not None:
            writer.transport.abort()
    return answer, False


def _is_head(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/") and _HEAD_END in answer


def _tls(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def offers_http2(url: str, verify: bool) -> bool:
    """Whether the server chooses HTTP/2, found by a TLS handshake alone.

    Source: RFC 7301 (ALPN).
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return False
    context = _tls(verify)
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        async with asyncio.timeout(3.0):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    except (OSError, TimeoutError):
        return False
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.close()
    return bool(chosen == "h2")


class PortQuestion:
    """Asks what else is answered at the port, while the first request waits: once, if no head came within `after_s`."""

    def __init__(self, url: str, verify: bool, after_s: float | None) -> None:
        self._url, self._verify = url, verify
        self._asking = None if after_s is None else asyncio.ensure_future(self._ask(after_s))

    def cancel(self) -> None:
        """Called when the head has come: nothing has to be asked."""
        if self._asking is not None:
            self._asking.cancel()

    async def answer(self) -> PortAnswer | None:
        """What was found; None if nothing was asked. The first request must be over."""
        if self._asking is None or not self._asking.done():
            self.cancel()
            return None
        if self._asking.cancelled():
            return None
        found = self._asking.result()
        if found.http:
            return found
        later = await ask_root(self._url, self._verify)
        return replace(found, after_leaving=later.http, headers=later.headers)

    async def _ask(self, after_s: float) -> PortAnswer:
        await asyncio.sleep(after_s)
        return await ask_port(self._url, self._verify)
