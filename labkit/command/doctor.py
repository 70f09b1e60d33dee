"""`labkit doctor`: examines a stream, prints the diagnosis, and gives the exit code."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import click
import httpx
from rich.console import Console

from labkit.command.report import show_diagnosis
from labkit.command.terminal import Failure, printable, say
from labkit.command.unreachable import why_unreachable
from labkit.doctor import Diagnosis, NotExamined, compare, examine
from labkit.errors import StreamLost, counted
from labkit.system.secrets import shown_url

HEALTHY, FINDINGS = 0, 1  # 2, for what could not be examined, is Failure's


@dataclass(frozen=True)
class DoctorOptions:
    """The arguments of `labkit doctor`, as the command line gives them."""

    url: str
    seconds: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    post: str | None = None
    origin: str = ""
    compare: str | None = None
    as_json: bool = False
    yes: bool = False
    insecure: bool = False


def run_doctor(options: DoctorOptions) -> int:
    """Examines the stream, prints the diagnosis, and returns the exit code: 0 healthy, 1 something has to be mended.

    Raises:
        Failure: there was nothing to examine.
    """
    if not options.as_json:
        both = f" and {shown_url(options.compare)}" if options.compare else ""
        say(f"watching {shown_url(options.url)} for {options.seconds:g} s{both}")
    try:
        return asyncio.run(_run(options))
    except NotExamined as problem:
        cause = problem.__cause__
        unreachable = isinstance(cause, httpx.ConnectError)
        raise Failure(why_unreachable(StreamLost(str(problem)), options.url) if unreachable else str(problem)) from None
    except KeyboardInterrupt:
        raise Failure("stopped before there was a diagnosis; --seconds 3 watches for less") from None


async def _run(options: DoctorOptions) -> int:
    if options.compare is None:
        diagnosis = await _examine(options, options.url)
        _print(options, diagnosis)
        return HEALTHY if diagnosis.healthy else FINDINGS
    # At the same time, so that both see the same moments of the same source: two streams, and no third.
    asking = (_examine(options, options.compare, watch_only=True), _examine(options, options.url, watch_only=True))
    direct, through = await asyncio.gather(*asking, return_exceptions=True)
    if isinstance(direct, BaseException):
        raise direct
    if isinstance(through, NotExamined):  # a proxy that holds the head too shows nothing at all
        held, sentence = bool(direct.recording.events), f"{through}. The stream itself brought"
        _print_both(
            options, direct, None, held, f"{sentence} {counted(len(direct.recording.events), 'event')} meanwhile"
        )
        return FINDINGS
    if isinstance(through, BaseException):
        raise through
    try:
        recordings = direct.recording.decompressed, through.recording.decompressed
    except ValueError as problem:
        held, sentence = False, f"They cannot be compared: {problem}"
    else:
        held, sentence = compare(*recordings, same_events=options.post is None)
    _print_both(options, direct, through, held, sentence)
    return HEALTHY if through.healthy and not held else FINDINGS


async def _examine(options: DoctorOptions, url: str, watch_only: bool = False) -> Diagnosis:
    content = None if options.post is None else options.post.encode()
    return await examine(
        url,
        seconds=options.seconds,
        headers=options.headers,
        content=content,
        origin=options.origin,
        verify=not options.insecure,
        watch_only=watch_only,
        may_open_more=lambda why: _may_open_more(options, why),
    )


def _may_open_more(options: DoctorOptions, why: str) -> bool:
    if options.yes or not sys.stdin.isatty() or options.as_json:
        return options.yes
    return click.confirm(f"labkit: open a third stream, to see {why}?", default=False, err=True)


def _print(options: DoctorOptions, diagnosis: Diagnosis) -> None:
    if options.as_json:
        click.echo(json.dumps(diagnosis.as_json(), indent=2))
    else:
        show_diagnosis(diagnosis, Console(highlight=False))


def _print_both(
    options: DoctorOptions, direct: Diagnosis, through: Diagnosis | None, held: bool, sentence: str
) -> None:
    if options.as_json:
        diagnoses = {"direct": direct.as_json(), "through": through.as_json() if through is not None else None}
        click.echo(json.dumps({"held_between": held, "compared": sentence, **diagnoses}, indent=2))
        return
    console = Console(highlight=False)
    for name, url, diagnosis in (("direct", options.compare, direct), ("through", options.url, through)):
        console.print(f"{name}: {printable(shown_url(url or ''))}", markup=False, soft_wrap=True)
        if diagnosis is not None:
            show_diagnosis(diagnosis, console)
    console.print(printable(sentence), markup=False, soft_wrap=True, style="bold")
