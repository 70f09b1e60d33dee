"""A stream in the terminal, event by event."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import shlex
import sys
import time
from dataclasses import dataclass
from typing import Literal

import click
import httpx

from labkit.client import CLOSED, OPEN, STANDARD, EventSource, State
from labkit.command.terminal import Failure, forget_closed_pipes, never_fail_on_a_character, printable, say
from labkit.command.unreachable import why_unreachable
from labkit.errors import LabError
from labkit.wire import Comment, Event, Ignored, Retry, Signal

INTERRUPTED = 130  # precedent: the shell's 128 + SIGINT


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What to listen to, and how to show it. `count` None: for ever."""

    url: str
    form: Literal["text", "json", "raw"]
    last_event_id: str
    headers: dict[str, str]
    count: int | None
    verbose: bool
    max_event_bytes: int


def run_listen(wish: ListenOptions) -> int:
    """The exit code, once the stream is finished, enough events came, nobody reads any more, or Ctrl-C was pressed.

    Raises:
        Failure: there is no stream, or it cannot be read further.
    """
    never_fail_on_a_character()
    listening = Listening(wish)
    try:
        asyncio.run(listening.run())
    except KeyboardInterrupt:
        say(listening.how_to_resume())
        return INTERRUPTED
    except (LabError, httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Failure(why_unreachable(problem, wish.url)) from None
    except OSError as problem:
        if problem.errno not in (errno.EPIPE, errno.EINVAL):  # Windows calls a closed pipe an invalid argument
            raise Failure(f"the events cannot be written: {problem}") from None
        forget_closed_pipes()
    return 0


class Listening:
    """One run: shows what comes, and counts."""

    def __init__(self, wish: ListenOptions) -> None:
        self.events = 0
        self.last_event_id = wish.last_event_id
        self._wish = wish
        self._opened = False
        self._why_closed = "the stream is finished"
        self._started_s = time.monotonic()

    async def run(self) -> None:
        wish = self._wish
        source = EventSource(
            wish.url,
            headers=wish.headers,
            last_event_id=wish.last_event_id,
            policy=dataclasses.replace(STANDARD, must_open_first=True),
            max_event_bytes=wish.max_event_bytes,
            on_state=self._on_state,
            on_signal=self._on_signal if wish.verbose else None,
            on_bytes=_write_raw if wish.form == "raw" else None,
        )
        async with source:
            async for event in source:
                self._show(event)
                if self.events == wish.count:
                    return
        say(self._why_closed)

    def how_to_resume(self) -> str:
        """What Ctrl-C leaves behind."""
        stopped = f"stopped after {self.events} event{'s' * (self.events != 1)}"
        if not self.last_event_id:
            return stopped
        return f"{stopped}; resume with --last-event-id {shlex.quote(self.last_event_id)}"

    def _show(self, event: Event) -> None:
        self.events += 1
        self.last_event_id = event.last_event_id
        if self._wish.form == "json":
            shown = {"type": event.type, "data": event.data, "last_event_id": event.last_event_id}
            click.echo(json.dumps(shown))  # in ASCII: no terminal is driven, no encoding fails
        elif self._wish.form == "text":
            click.echo(event_line(event, time.monotonic() - self._started_s))

    def _on_state(self, state: State, why: str) -> None:
        if state == CLOSED:
            self._why_closed = why
        elif state == OPEN:
            say(f"open{' again' if self._opened else ''}: {self._wish.url}")
            self._opened = True
        else:
            say(f"reconnecting: {why}; Ctrl-C stops")

    def _on_signal(self, signal: Signal) -> None:
        if not isinstance(signal, Event):
            click.secho(f"{'':11}  {_as_note(signal)}", dim=True, err=self._wish.form != "text")


def event_line(event: Event, elapsed_s: float) -> str:
    """The lines that a person reads: seconds since the start, type and id if there is one, and the data.

    >>> click.unstyle(event_line(Event("two\\nlines", "tick", "7"), 1.5))
    '    1.500 s  event=tick  id=7  two\\n                               lines'
    """
    head = [(f"{elapsed_s:9.3f} s", {"dim": True})]
    if event.type != "message":
        head.append((f"event={printable(event.type)}", {"bold": True}))
    if event.last_event_id:
        head.append((f"id={printable(event.last_event_id)}", {"dim": True}))
    margin = " " * sum(len(text) + 2 for text, _ in head)
    styled = "".join(click.style(text, **style) + "  " for text, style in head)
    return styled + f"\n{margin}".join(map(printable, event.data.split("\n")))


def _as_note(signal: Comment | Retry | Ignored) -> str:
    if isinstance(signal, Comment):
        return printable(f": {signal.text}")
    if isinstance(signal, Retry):
        return f"retry: {signal.ms} ms"
    return f"ignored {printable(ascii(signal.line))}: {signal.why}"


def _write_raw(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
