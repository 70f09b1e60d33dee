"""Experiments: each runs for real, and returns data that can tell its story."""

from labkit.lab.accents import ACCENTS, by_format, by_habit, understood
from labkit.lab.accesslog import logging_server
from labkit.lab.asked_again import Asked, questions
from labkit.lab.asking import Streamed, ask, streamed
from labkit.lab.browser import BrowserAnswer, find_browser, in_browser
from labkit.lab.decide import Need, decide
from labkit.lab.everycut import HOWS, REFERENCE, cut_in_memory, places
from labkit.lab.headers import opens, opens_without
from labkit.lab.herd import herd, herd_on_sockets, per_tenth
from labkit.lab.holding import (
    CHEAT_SHEET,
    accept_matters,
    arrivals,
    as_they_come,
    cheat_sheet,
    each,
    lag_by_size,
    remedies,
    replayed,
    watched,
)
from labkit.lab.jupyterproxy import jupyter_proxy
from labkit.lab.mirror import Heard, Mirror, SocketMirror
from labkit.lab.mystery import Mystery, three_hops
from labkit.lab.naive import typing_handler
from labkit.lab.outages import ForgetfulLog, deploy, from_the_start, notices_silence, through_a_cut
from labkit.lab.pages import PAGES, page_lines
from labkit.lab.raw import loopback, raw_server
from labkit.lab.readers import chunk_by_chunk, labkit_decoder, reconnect_waits, survives_every_cut
from labkit.lab.record import curl, record, send, until
from labkit.lab.slow import slow_reader
from labkit.lab.ticking import Ticks, cured, ticking
from labkit.lab.timers import by_heartbeat, under_a_total_timer
from labkit.lab.upgrading import both_through

__all__ = [
    "ACCENTS", "CHEAT_SHEET", "HOWS", "PAGES", "REFERENCE", "Asked", "BrowserAnswer", "ForgetfulLog", "Heard",
    "Mirror", "Mystery", "Need", "SocketMirror", "Streamed", "Ticks", "accept_matters", "arrivals", "as_they_come",
    "ask", "both_through", "by_format", "by_habit", "by_heartbeat", "cheat_sheet", "chunk_by_chunk", "cured", "curl",
    "cut_in_memory", "decide", "deploy", "each", "find_browser", "from_the_start", "herd", "herd_on_sockets",
    "in_browser", "jupyter_proxy", "labkit_decoder", "lag_by_size", "logging_server", "loopback", "notices_silence",
    "opens", "opens_without", "page_lines", "per_tenth", "places", "questions", "raw_server", "reconnect_waits",
    "record", "remedies", "replayed", "send", "slow_reader", "streamed", "survives_every_cut", "three_hops",
    "through_a_cut", "ticking", "typing_handler", "under_a_total_timer", "understood", "until", "watched",
]  # fmt: skip
