"""The experiments of lesson 09, "Who may listen?", and the verdicts on its claims."""

from labkit.lab.lesson_09.access_log import logging_server
from labkit.lab.lesson_09.claims import (
    c21_who_sends_headers,
    c22_cookies_and_cors,
    c23_token_in_the_log,
    c24_get_only,
    c25_inner_html_runs_it,
    c64_websocket_sends_none,
)
from labkit.lab.lesson_09.markdown_files import MARKDOWN_LIBRARIES
from labkit.lab.lesson_09.mirror import Mirror, RequestList, SocketMirror

__all__ = [
    "MARKDOWN_LIBRARIES", "Mirror", "RequestList", "SocketMirror", "c21_who_sends_headers", "c22_cookies_and_cors",
    "c23_token_in_the_log", "c24_get_only", "c25_inner_html_runs_it", "c64_websocket_sends_none", "logging_server",
]  # fmt: skip
