"""`labkit listen`: shows a stream in the terminal, event by event."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import shlex
import sys
import time
from dataclasses import dataclass, field
from typing import Literal

import click
import httpx

from labkit.client import CLOSED, OPEN, STANDARD, EventSource, State
from labkit.command.terminal import INTERRUPTED, Failure, forget_closed_pipes, never_fail_on_a_character, printable, say
from labkit.command.unreachable import why_unreachable
from labkit.dialects import EndMark, read_event
from labkit.errors import LabError, counted
from labkit.system.secrets import shown_url
from labkit.wire import Comment, Event, Ignored, Retry, Signal
from labkit.wire.session import FLOOR_MS


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """The arguments of `labkit listen`. `count` is the number of events to stop after; None: none.

    `post` is the body of a POST; None: a GET.
    """

    url: str
    form: Literal["text", "json", "raw"]
    last_event_id: str
    headers: dict[str, str] = field(repr=False)
    count: int | None
    verbose: bool
    max_event_bytes: int
    post: str | None = None
    insecure: bool = False
    until_done: bool = False


def run_listen(options: ListenOptions) -> int:
    """Shows the stream, and returns the exit code: 0, or 130 after Ctrl-C.

    It returns when the stream is finished, after `count` events, or when nobody reads the output any more.

    Raises:
        Failure: there is no stream, or it cannot be read further.
    """
    never_fail_on_a_character()
    listening = Listening(options)
    try:
        asyncio.run(listening.run())
    except KeyboardInterrupt:
        say(listening.how_to_resume())
        return INTERRUPTED
    except (LabError, httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Failure(why_unreachable(problem, options.url)) from None
    except OSError as problem:
        if problem.errno not in (errno.EPIPE, errno.EINVAL):  # Windows calls a closed pipe an invalid argument
            raise Failure(f"the events cannot be written: {problem}") from None
        forget_closed_pipes()
    return 0


class Listening:
    """One run of `labkit listen`: shows and counts the events. `last_event_id` is where to resume."""

    def __init__(self, options: ListenOptions) -> None:
        self.events = 0
        self.last_event_id = options.last_event_id
        self._options = options
        self._opened = False
        self._why_closed = "the stream is finished"
        self._started_s = time.monotonic()

    async def run(self) -> None:
        """Shows events until the stream is finished, or `count` events were shown.

        Raises:
            LabError: there is no stream, or it cannot be read further.
        """
        options = self._options
        source = EventSource(
            options.url,
            method="GET" if options.post is None else "POST",
            content=options.post,
            headers={**({} if options.post is None else {"Content-Type": "application/json"}), **options.headers},
            done=ends_answer if options.until_done else None,
            verify=not options.insecure,
            last_event_id=options.last_event_id,
            policy=dataclasses.replace(STANDARD, must_open_first=True, floor_ms=FLOOR_MS),
            max_event_bytes=options.max_event_bytes,
            on_state=self._on_state,
            on_signal=self._on_signal if options.verbose else None,
            on_bytes=_write_raw if options.form == "raw" else None,
        )
        async with source:
            async for event in source:
                self._show(event)
                if self.events == options.count:
                    return
        say(self._why_closed)

    def how_to_resume(self) -> str:
        """The sentence for Ctrl-C: how many events were shown, and how to resume."""
        stopped = f"stopped after {counted(self.events, 'event')}"
        if not self.last_event_id:
            return stopped
        return f"{stopped}; resume with --last-event-id {shlex.quote(self.last_event_id)}"

    def _show(self, event: Event) -> None:
        self.events += 1
        self.last_event_id = event.last_event_id
        if self._options.form == "json":
            fields = {"type": event.type, "data": event.data, "last_event_id": event.last_event_id}
            click.echo(json.dumps(fields))  # in ASCII: no terminal is driven, no encoding fails
        elif self._options.form == "text":
            click.echo(event_line(event, time.monotonic() - self._started_s))

    def _on_state(self, state: State, why: str) -> None:
        if state == CLOSED:
            self._why_closed = why
        elif state == OPEN:
            say(f"open{' again' if self._opened else ''}: {shown_url(self._options.url)}")
            self._opened = True
        else:
            say(f"reconnecting: {why}; Ctrl-C stops")

    def _on_signal(self, signal: Signal) -> None:
        if not isinstance(signal, Event):
            click.secho(f"{'':11}  {_note_text(signal)}", dim=True, err=self._options.form != "text")


def ends_answer(event: Event) -> bool:
    """Whether the event ends an answer: the end mark of any model's dialect, or an event of type "done" or "end"."""
    return event.type in ("done", "end") or any(isinstance(part, EndMark) for part in read_event(event))


def event_line(event: Event, elapsed_s: float) -> str:
    """The lines that show an event: seconds since the start, its type and id if it has them, and its data.

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


def _note_text(signal: Comment | Retry | Ignored) -> str:
    if isinstance(signal, Comment):
        return printable(f": {signal.text}")
    if isinstance(signal, Retry):
        return f"retry: {signal.ms} ms"
    return f"ignored {printable(ascii(signal.line))}: {signal.why}"


def _write_raw(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
