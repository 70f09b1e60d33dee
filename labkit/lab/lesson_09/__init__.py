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
from labkit.lab.lesson_09.expiry import after_a_token_runs_out
from labkit.lab.lesson_09.markdown_files import MARKDOWN_LIBRARIES
from labkit.lab.lesson_09.mirror import Mirror, RequestList, SocketMirror
from labkit.lab.lesson_09.sites import PLACES, ask_from
from labkit.lab.lesson_09.tickets import open_by_tickets

__all__ = [
    "MARKDOWN_LIBRARIES", "PLACES", "Mirror", "RequestList", "SocketMirror", "after_a_token_runs_out", "ask_from",
    "c21_who_sends_headers", "c22_cookies_and_cors", "c23_token_in_the_log", "c24_get_only", "c25_inner_html_runs_it",
    "c64_websocket_sends_none", "logging_server", "open_by_tickets",
]  # fmt: skip
