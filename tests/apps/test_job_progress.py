"""Job progress: cuts, restarts, jobs that raise or lose their process, and many who watch."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.apps import find_app, launch_app
from labkit.apps.job_progress.workers import LIMITS, STEPS, count_primes, job_in
from labkit.doctor import examine
from labkit.errors import LabError
from labkit.faults import FillBuffers, Unless
from labkit.log.ids import number_in
from labkit.proxy import relay
from labkit.server import LabServer, serve
from labkit.wire import Event

from ..chromium import in_chromium
from ..helpers import LABKIT, eventually, free_port, soon
from .random_cuts import asked, read_events, read_through_cuts, values_of

EVENTS = "/events?lastEventId=jobs-0"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    server = launch_app("job_progress", tmp_path)
    yield server
    server.stop()


def start(url: str, work: str = "primes", limit: int = 1000) -> None:
    assert asked(url, "start", work=work, limit=str(limit)).status_code == 204


def over(count: int) -> Callable[[list[Event]], bool]:
    """Whether so many jobs have come to their end."""
    return lambda seen: sum(job["state"] != "running" for job in values_of(seen, "job")) == count


def last_jobs(seen: list[Event]) -> list[dict[str, Any]]:
    """What was said last of each job, by number."""
    jobs = {job["id"]: job for job in values_of(seen, "job")}
    return [jobs[id] for id in sorted(jobs, key=int)]


def listens(url: str) -> bool:
    try:
        return bool(asked(url, "start", work="", limit="").status_code)
    except httpx.ConnectError:
        return False


def children_of(pid: int) -> list[Path]:
    """The processes that this one has started; none where the system does not list them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [Path("/proc") / child for child in listed.read_text().split()] if listed.exists() else []


def is_running(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()  # a dead one may wait for somebody who asks for its result
    except OSError:
        return False


def test_the_steps_of_a_job_find_all_primes() -> None:
    assert sum(count_primes("primes", 1009, step) for step in range(STEPS)) == 168  # below 1009, which is one itself
    with pytest.raises(ValueError, match="from 504 on cannot be read"):
        count_primes("raises", 1009, STEPS // 2)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"work": "sums", "limit": "1000"}, "no work 'sums'. There is: primes"),
        ({"work": "primes", "limit": "999"}, "'999' is no limit: a whole number from 1,000 to 1,000,000"),
        ({"work": "primes", "limit": "1_000"}, "no limit"),
        ({"work": "primes", "limit": "٣٠٠٠"}, "no limit"),
        ({"work": "primes", "limit": 1000}, "'limit' is missing"),
    ],
)
def test_a_job_that_cannot_be_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(LabError, match=why):
        job_in(values)
    assert job_in({"work": "primes", "limit": str(LIMITS[-1])})["limit"] == 1_000_000


@pytest.mark.live
def test_jobs_end_well_raise_or_lose_their_process_and_all_is_told_through_fifty_cuts(server: LabServer) -> None:
    start(server.url)
    start(server.url, "raises")
    first = asyncio.run(read_events(server.url + EVENTS, over(2)))
    start(server.url, "dies")
    asyncio.run(read_events(server.url + EVENTS, over(3)))
    start(server.url, limit=60_000)  # the pool that lost a process has a successor
    asyncio.run(read_events(server.url + EVENTS, lambda seen: last_jobs(seen)[3:] and last_jobs(seen)[3]["done"] > 0))
    server.pause()  # jobs rest with the server, and go on with it
    server.resume()
    seen = asyncio.run(read_through_cuts(server.url, EVENTS, over(4)))
    assert [number_in(event.last_event_id) for event in seen] == list(range(1, len(seen) + 1))
    assert seen[: len(first)] == first  # who watches later sees the same
    assert [(job["state"], job["done"], job["found"]) for job in last_jobs(seen)] == [
        ("done", STEPS, 168), ("failed", 25, 95), ("failed", 25, 95), ("done", STEPS, 6057),
    ]  # fmt: skip
    errors = [job["error"] for job in last_jobs(seen)]
    assert errors[1] == "ValueError: the numbers from 500 on cannot be read"
    assert errors[2].startswith("BrokenProcessPool: ") and errors[0] == errors[3] == ""
    assert not server.problems


@pytest.mark.live
def test_a_bound_and_a_cancel_that_comes_too_late(server: LabServer) -> None:
    for _ in range(4):
        start(server.url, limit=1_000_000)
    for path, values, why in (
        ("start", {"work": "primes", "limit": "1000"}, "4 jobs run already"),
        ("cancel", {"id": "5"}, "does not run any more"),
        ("cancel", {"id": [1]}, "'id' is missing"),
    ):
        answer = asked(server.url, path, **values)
        assert answer.status_code == 400 and why in answer.text
    for id in "1234":
        assert asked(server.url, "cancel", id=id).status_code == 204
    seen = asyncio.run(read_events(server.url + EVENTS, over(4)))
    assert [job["state"] for job in last_jobs(seen)] == ["cancelled"] * 4
    assert "does not run" in asked(server.url, "cancel", id="1").text


@pytest.mark.live
def test_a_job_that_died_with_a_killed_server_is_told_as_lost(tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # without `if __name__ == "__main__"`, as learners write them
    script.write_text(LABKIT)
    command = [sys.executable, str(script), "apps", "job_progress", "--port", str(free_port())]
    with subprocess.Popen([*command, "--folder", tmp_path], stdout=subprocess.DEVNULL) as killed:
        url = f"http://127.0.0.1:{command[-1]}"
        try:
            eventually(lambda: listens(url))
            start(url, limit=1_000_000)
            asyncio.run(read_events(url + EVENTS, lambda seen: values_of(seen, "job")[-1]["done"] > 0))
            workers = children_of(killed.pid)
        finally:
            killed.kill()  # SIGKILL
    assert workers or sys.platform != "linux"
    eventually(lambda: not any(map(is_running, workers)), "the end of the workers")
    with launch_app("job_progress", tmp_path) as server:
        start(server.url)
        jobs = last_jobs(asyncio.run(read_events(server.url + EVENTS, lambda seen: len(last_jobs(seen)) == 2)))
    assert [(job["id"], job["state"]) for job in jobs] == [("1", "lost"), ("2", "running")]
    assert "restarted while it ran" in jobs[0]["error"] and 0 < jobs[0]["done"] < STEPS


@pytest.mark.live
def test_the_doctor_finds_nothing_also_behind_a_proxy_that_buffers(server: LabServer) -> None:
    async def main() -> list[str]:
        async with relay(server.url, Unless("x-accel-buffering", "no", FillBuffers())) as proxy:
            text = '{"id": "1", "state": "running"}'
            server.play(server.channels["/events"], [text] * 9, 0.1, "job")
            diagnosis = await examine(f"{proxy.url}/events", seconds=0.6)
        return [repr(finding) for finding in diagnosis.findings if finding.severity != "note"]

    assert asyncio.run(main()) == []


@pytest.mark.live
def test_the_naive_version_is_silent_of_a_job_that_raises_and_tells_nothing_to_who_comes_later(tmp_path: Path) -> None:
    async def main() -> list[dict[str, Any]]:
        app: Any = find_app("job_progress", tmp_path, naive=True)
        working = asyncio.ensure_future(app.work())
        async with serve(app.routes) as server:
            seen: list[Event] = []
            first = asyncio.ensure_future(read_events(server.base_url + EVENTS, lambda new: seen.append(new[-1])))
            await soon(lambda: app.queues)
            await asyncio.to_thread(start, server.base_url, "raises")
            await soon(lambda: app.jobs and app.jobs["1"][1].done())
            later = asyncio.ensure_future(read_events(server.base_url + EVENTS, bool))
            await soon(lambda: len(app.queues) == 2 and len(seen) == STEPS // 2 + 1)
            assert isinstance(app.jobs["1"][1].exception(), ValueError) and not later.done()
            for task in (first, later, working):
                task.cancel()
            await asyncio.gather(first, later, working, return_exceptions=True)
        return last_jobs(seen)

    (job,) = asyncio.run(main())
    assert (job["state"], job["done"], job["error"]) == ("running", STEPS // 2, "")


@pytest.mark.browser
def test_two_who_watch_through_a_cut_a_reload_and_a_restart(
    server: LabServer, tmp_path: Path, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        # A window for each: Chromium lets the hidden tabs of one window wait for a second at each click.
        page, other = pages = [browser.new_page(viewport={"width": 390, "height": 700}) for _ in range(2)]
        for each in pages:
            each.goto(server.url)
            expect(each.locator("#state")).to_have_text("open")

        def begin(limit: str, work: str = "primes") -> None:
            page.locator("#work").select_option(work)
            page.locator("#limit").fill(limit)
            page.get_by_role("button", name="Start").click()

        def both_see(*jobs: str) -> None:
            for each in pages:
                expect(each.locator("li > span")).to_have_text([re.compile(job) for job in jobs])

        begin("<img src=x>")
        expect(page.locator("#problem")).to_contain_text("'<img src=x>' is no limit")
        expect(page.locator("#limit")).to_have_value("<img src=x>")
        assert page.locator("#problem img").count() == 0
        begin("1000")
        expect(page.locator("#problem")).to_have_text("")
        done = "Job 1, done: 168 primes below 1,000"
        both_see(done)
        begin("1000", "raises")
        failed = "Job 2, failed: 95 primes below 1,000ValueError: the numbers from 500 on cannot be read"
        both_see(failed, done)
        begin("1000000")
        both_see("Job 3, running", failed, done)
        server.call(server.channels["/events"].cut)
        other.get_by_role("button", name="Cancel").first.click()
        both_see("Job 3, cancelled", failed, done)
        page.reload()
        both_see("Job 3, cancelled", failed, done)
        begin("1000000")
        both_see("Job 4, running", "Job 3", failed, done)
        server.stop()
        with launch_app("job_progress", tmp_path, port=server.port):
            both_see("Job 4, lost.*restarted while it ran; start it again", "Job 3", failed, done)
            expect(page.get_by_role("button", name="Cancel").first).to_be_disabled()
            assert [bar.evaluate("bar => bar.position") for bar in page.locator("progress").all()][2:] == [0.5, 1]
            page.screenshot(path=artifacts / "job-progress-phone.png")

    in_chromium(tool("chromium"), visit)
