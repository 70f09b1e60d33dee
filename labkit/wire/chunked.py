"""The chunked framing of HTTP/1.1, in which a stream travels.

Source: RFC 9112, 7.1.
"""

from __future__ import annotations

LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """The bytes as one chunk of a chunked response.

    >>> chunk(b"data: hi")
    b'8\\r\\ndata: hi\\r\\n'
    """
    return b"%x\r\n%b\r\n" % (len(data), data)
