"""The lines of the checklist, in the order in which a learner builds: each with what it needs, and who judges it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import httpx

from labkit.capstone import judging
from labkit.capstone.hostile_text import find_running_text, page_files
from labkit.capstone.judging import Found, Untold
from labkit.capstone.runs import FirstRun, JobRuns, ShortRun
from labkit.capstone.sleepers import find_cost
from labkit.clock import wait_until
from labkit.doctor import Finding
from labkit.errors import LabError

#: The job must go on for longer than a reader's leaving may take to be noticed, or its end is taken for that.
SHARE_OF_THE_REST = 0.8


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One line: its name, what it promises, the lines that must be green before it, and what finds that it is not."""

    name: str
    title: str
    needs: tuple[str, ...]
    find: Callable[[JobRuns], Awaitable[Found]]


def _of_first(judge: Callable[[FirstRun], Found]) -> Callable[[JobRuns], Awaitable[Found]]:
    async def find(runs: JobRuns) -> Found:
        return judge(await runs.first())

    return find


def _of_both(judge: Callable[[FirstRun, ShortRun], Found]) -> Callable[[JobRuns], Awaitable[Found]]:
    async def find(runs: JobRuns) -> Found:
        return judge(await runs.first(), await runs.short())

    return find


async def _find_idle_cut(runs: JobRuns) -> Found:
    return judging.find_idle_cut(await runs.first(), runs.settings.idle_s)


async def find_asked_again(runs: JobRuns) -> Found:
    """Why the stream does not end with the job, or why a browser goes on asking."""
    run = await runs.first()
    found = judging.find_endless(run)
    if found is not None or run.returned is None or run.returned.status == 204:
        return found
    with contextlib.suppress(httpx.HTTPError):
        files = await page_files(runs.target.page)
        if isinstance(files, dict) and any(".close(" in text for text in files.values()):
            return None
    evidence = "who comes back with the last id gets an empty stream, and the page does not close() at done"
    return Finding("asks-again", evidence, "warning")


async def find_unnoticed(runs: JobRuns) -> Found:
    """Whether the server goes on for a reader who has left."""
    requests, before = runs.target.open_requests, await runs.reader_count()
    if requests is None and before is None:
        return Untold("give the app or the file, not its URL; or answer HEAD with Labkit-Readers: how many there are")
    _, rest_s = await runs.leave()
    within_s = min(runs.settings.notice_s, SHARE_OF_THE_REST * rest_s)
    if before is None and requests is not None:
        noticed = await asyncio.to_thread(requests.wait_until_none, within_s)
    else:
        noticed = await _count_falls(runs, before or 0, within_s)
    if noticed:
        return None
    return Finding("leaving-unnoticed", f"{within_s:.2g} s after the only reader had left, its answer still went on")


async def _count_falls(runs: JobRuns, before: int, within_s: float) -> bool:
    counts = [before + 1]

    async def ask() -> None:
        while counts[-1] > before:
            count = await runs.reader_count()
            counts.append(before if count is None else count)
            await asyncio.sleep(0.1)

    asking = asyncio.ensure_future(ask())
    try:
        return await wait_until(asking.done, within_s)
    finally:
        asking.cancel()


CHECKLIST = (
    ChecklistLine("starts", "POST /start starts the job, and /events answers", (), _of_first(judging.find_no_start)),
    ChecklistLine("stream", "/events is an event stream", ("starts",), _of_first(judging.find_other_than_stream)),
    ChecklistLine("streams", "events come while the job works, not in a lump", ("stream",),
                  _of_first(judging.find_lump)),
    ChecklistLine("says", "each event says the job's state, as JSON", ("stream",), _of_first(judging.find_no_state)),
    ChecklistLine("once", "the job is asked once: no reload starts a second", ("streams", "says"),
                  _of_first(judging.find_second_job)),
    ChecklistLine("snapshot", "who comes late sees the newest state at once", ("once",),
                  _of_first(judging.find_no_snapshot)),
    ChecklistLine("ends", "the stream ends with the job, and nobody who comes back starts another", ("once",),
                  find_asked_again),
    ChecklistLine("resumes", "after a cut, at every byte, nothing is missing", ("once", "ends"),
                  _of_both(judging.find_loss_in_cuts)),
    ChecklistLine("doubles", "after a cut nothing comes twice", ("resumes",), _of_both(judging.find_doubled)),
    ChecklistLine("unknown", "an id that nobody knows is told as a gap, or gets the newest state", ("snapshot",),
                  _of_first(judging.find_silence_about_unknown)),
    ChecklistLine("beats", "an idle timeout on the way does not cut it", ("streams",), _find_idle_cut),
    ChecklistLine("proxy", "a proxy that buffers passes each event on at once", ("once",),
                  _of_first(judging.find_held)),
    ChecklistLine("slow", "a slow reader costs a bounded amount", ("once", "ends"), find_cost),
    ChecklistLine("leaves", "a reader who leaves is noticed", ("once", "ends"), find_unnoticed),
    ChecklistLine("text", "hostile text in a note stays text in the page", ("starts",), find_running_text),
)  # fmt: skip


def lines_for(only: str | Collection[str] | None) -> tuple[ChecklistLine, ...]:
    """The lines of these names with all that they need, in order; every line for None.

    Raises:
        LabError: there is no such line.
    """
    by_name = {line.name: line for line in CHECKLIST}
    names = list(by_name) if only is None else [only] if isinstance(only, str) else list(only)
    wanted: set[str] = set()
    while names:
        name = names.pop()
        if name not in by_name:
            raise LabError(f"the checklist has no line {name!r}. It has: {', '.join(by_name)}")
        wanted.add(name)
        names += [need for need in by_name[name].needs if need not in wanted]
    return tuple(line for line in CHECKLIST if line.name in wanted)
