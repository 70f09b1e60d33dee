"""Experiments: each runs for real, and returns data that can tell its story.

Here are the instruments that several lessons share; each lesson has a room of its own.
"""

from labkit.lab.browser import BrowserAnswer, in_both_browsers, in_browser
from labkit.lab.cell import short_errors, takes
from labkit.lab.engines import find_browser, find_firefox
from labkit.lab.jupyter_proxy import jupyter_proxy
from labkit.lab.raw_server import loopback, raw_server
from labkit.lab.record import collect, curl, record, send
from labkit.lab.ticking import Ticks, cured, ticking

__all__ = [
    "BrowserAnswer", "Ticks", "collect", "cured", "curl", "find_browser", "find_firefox", "in_both_browsers",
    "in_browser", "jupyter_proxy", "loopback", "raw_server", "record", "send", "short_errors", "takes", "ticking",
]  # fmt: skip
