"""`labkit doctor`: examines a stream, prints the diagnosis, and gives the exit code."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click
import httpx

from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.command.report import show_comparison, show_diagnosis
from labkit.command.terminal import Failure, say
from labkit.command.unreachable import why_unreachable
from labkit.doctor import ComparedDiagnosis, Diagnosis, NotExamined, examine, examine_both
from labkit.errors import StreamLost
from labkit.system.secrets import shown_url

HEALTHY, FINDINGS = 0, 1  # 2, for what could not be examined, is Failure's
AGAIN_S = 3.0  # as Chromium waits before it reconnects
ENOUGH_S = 60.0  # who watches for so long is not told to watch for longer


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
    show_all: bool = False
    watch: bool = False


def run_doctor(options: DoctorOptions) -> int:
    """Examines the stream, prints the diagnosis, and returns the exit code: 0 healthy, 1 something has to be mended.

    Raises:
        Failure: there was nothing to examine.
    """
    if not options.as_json:
        both = f" and {shown_url(options.compare)}" if options.compare else ""
        say(f"watching {shown_url(options.url)} for {options.seconds:g} s{both}")
    try:
        return asyncio.run(_run_until_cured(options) if options.watch else _run(options))
    except NotExamined as problem:
        raise Failure(_sentence_of(problem, options)) from None
    except KeyboardInterrupt:
        if options.watch:
            raise Failure("stopped before it was cured") from None
        raise Failure("stopped before there was a diagnosis; --seconds 3 watches for less") from None


def _sentence_of(problem: NotExamined, options: DoctorOptions) -> str:
    if isinstance(problem.__cause__, httpx.ConnectError):
        return why_unreachable(StreamLost(str(problem)), options.url)
    return str(problem)


async def _run(options: DoctorOptions) -> int:
    found = await _find(options)
    _print(options, found)
    return HEALTHY if found.healthy else FINDINGS


async def _run_until_cured(options: DoctorOptions, clock: Clock = SYSTEM_CLOCK) -> int:
    """Examines again and again until nothing has to be mended. What has not changed is told in one line."""
    told: object = None
    while True:
        try:
            found = await _find(options)
        except NotExamined as problem:
            now: object = _sentence_of(problem, options)
            say(str(now))
        else:
            now = _names(found)
            if now == told:
                say(f"still {_first(found)}")
            else:
                _print(options, found)
            if found.healthy:
                return HEALTHY
        told = now
        say(f"once more in {AGAIN_S:g} s; Ctrl-C stops")
        await clock.sleep_s(AGAIN_S)


async def _find(options: DoctorOptions) -> Diagnosis | ComparedDiagnosis:
    arguments: dict[str, Any] = {
        "seconds": options.seconds,
        "headers": options.headers,
        "content": None if options.post is None else options.post.encode(),
        "origin": options.origin,
        "verify": not options.insecure,
        "may_open_more": lambda why: _may_open_more(options, why),
    }
    if options.compare is not None:
        return await examine_both(options.url, options.compare, **arguments)
    found = await examine(options.url, **arguments)
    return found.while_running("--seconds") if options.seconds >= ENOUGH_S else found


def _names(found: Diagnosis | ComparedDiagnosis) -> list[str]:
    """The names of what has to be mended."""
    diagnosis = found.through if isinstance(found, ComparedDiagnosis) else found
    findings = diagnosis.findings if diagnosis is not None else ()
    names = [finding.name for finding in findings if finding.severity != "note"]
    return [*names, *(["held"] if isinstance(found, ComparedDiagnosis) and found.held else [])]


def _first(found: Diagnosis | ComparedDiagnosis) -> str:
    return next(iter(_names(found)), "without an answer")


def _may_open_more(options: DoctorOptions, why: str) -> bool:
    if options.yes or not sys.stdin.isatty() or options.as_json or options.watch:
        return options.yes
    return click.confirm(f"labkit: open a third stream, to see {why}?", default=False, err=True)


def _print(options: DoctorOptions, found: Diagnosis | ComparedDiagnosis) -> None:
    if options.as_json:
        click.echo(json.dumps(found.as_json(), indent=None if options.watch else 2))
    elif isinstance(found, ComparedDiagnosis):
        show_comparison(found, shown_url(options.url), shown_url(options.compare or ""), show_all=options.show_all)
    else:
        show_diagnosis(found, show_all=options.show_all)
