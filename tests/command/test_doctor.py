"""labkit doctor, as a command."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tornado.web import RequestHandler

from labkit.clock import SYSTEM_CLOCK
from labkit.command.cli import main
from labkit.command.doctor import AGAIN_S
from labkit.doctor import causes
from labkit.faults import HoldBytes, HoldHead
from labkit.proxy import LabRelay, launch_relay
from labkit.server import Channel, LabServer, launch

from ..helpers import LABKIT, eventually, free_port

ROOT = Path(__file__).parents[2]


class Hostile(RequestHandler):
    """A page that would drive a terminal."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/html")
        self.finish("<html>\x1b[2J\x9b31m")


class Posted(RequestHandler):
    def post(self) -> None:
        wanted = self.request.headers.get("X-Key") == "k" and json.loads(self.request.body) == {"stream": True}
        self.set_status(200 if wanted else 400)
        self.set_header("Content-Type", "text/event-stream")
        self.finish('data: {"choices": []}\n\ndata: [DONE]\n\n')


CHANNEL = Channel(retry_ms=1000)


@pytest.fixture(scope="module")
def server() -> Iterator[LabServer]:
    made = launch({"/events": CHANNEL, "/page": Hostile, "/chat": Posted}, name="doctor tests")
    yield made
    made.stop()


@pytest.fixture
def relay(server: LabServer) -> Iterator[LabRelay]:
    made = launch_relay(server.url + "/events", HoldBytes(100_000), name="doctor tests")
    yield made
    made.stop()


@pytest.fixture
def ticking(server: LabServer) -> Iterator[None]:
    playing = server.play(CHANNEL, map(str, range(10_000)), every_s=0.05)
    yield
    playing.cancel()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


@pytest.mark.live
def test_exit_codes_tell_healthy_from_ill_and_from_nothing(server: LabServer, ticking: None) -> None:
    fine = run(server.url + "/events", "--seconds", "1")
    assert fine.exit_code == 0 and "✓ healthy" in fine.output, fine.output
    ill = run(server.url + "/page", "--seconds", "1")
    assert ill.exit_code == 1 and "[html-page]" in ill.output and "nginx: give" in ill.output
    nothing = run(f"http://127.0.0.1:{free_port()}/", "--seconds", "1")
    assert nothing.exit_code == 2 and "nothing listens on port" in nothing.stderr
    assert "Traceback" not in fine.output + ill.output + nothing.output


@pytest.mark.live
def test_what_the_server_sends_cannot_drive_the_terminal(server: LabServer) -> None:
    shown = run(server.url + "/page", "--seconds", "1").output
    assert "\x1b[2J" not in shown and "\x9b" not in shown and "\\x1b" in shown


@pytest.mark.live
def test_json_is_for_programs(server: LabServer) -> None:
    told = json.loads(run(server.url + "/page", "--json", "--seconds", "1").stdout)
    assert told["findings"][0]["cause"] == "html-page" and told["healthy"] is False


@pytest.mark.live
def test_a_post_with_headers(server: LabServer, tmp_path: Path) -> None:
    url, key = server.url + "/chat", ("--header", "X-Key: k")
    assert run(url, "--post", '{"stream": true}', *key).exit_code == 0
    body = tmp_path / "body.json"
    body.write_text('{"stream": true}')
    assert run(url, "--post", f"@{body}", *key).exit_code == 0
    assert run(url, "--post", "{}", *key).exit_code == 1
    missing = run(url, "--post", "@nowhere.json")
    assert missing.exit_code == 2 and "cannot be read" in missing.stderr


@pytest.mark.live
def test_comparing_tells_which_hop_holds(
    server: LabServer, relay: LabRelay, ticking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = server.url + "/events"
    monkeypatch.setattr(sys.modules["labkit.doctor.examine"], "PATIENCE_S", 0.0)
    held = run(relay.url, "--compare", direct, "--seconds", "1")
    assert held.exit_code == 1 and "[held-between]" in held.output and "held everything" in held.output, held.output
    relay.set()
    free = run(relay.url, "--compare", direct, "--seconds", "1")
    assert free.exit_code == 0 and "nothing is held there" in free.output, free.output
    relay.set(HoldBytes(100_000), HoldHead())
    told = json.loads(run(relay.url, "--compare", direct, "--seconds", "0.6", "--json").stdout)
    assert told["held_between"] is True and told["direct"]["healthy"] is True
    assert told["through"]["findings"][0]["cause"] == "head-held"
    assert told["measured"]["direct"]["events"] > told["measured"]["through"]["events"] == 0
    assert run(relay.url, "--seconds", "0.5").exit_code == 2


@pytest.mark.live
def test_ctrl_c_is_no_traceback(server: LabServer) -> None:
    command = [sys.executable, "-c", LABKIT, "doctor", server.url + "/events", "--seconds", "60"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None and "watching" in running.stderr.readline()
    eventually(lambda: CHANNEL.clients, "the doctor's first stream")  # by then it has its handler for Ctrl-C
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 2 and "stopped before there was a diagnosis" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["localhost:8080/events"], "Did you mean http://localhost:8080/events"),
        (["http://localhost/", "--compare", "ftp://x/"], "does not start with http"),
        (["http://localhost/", "--seconds", "0"], "0.5<=x<=3600"),
        (["http://localhost/", "--header", "nonsense"], "is not a header"),
    ],
)
def test_bad_arguments_are_told(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.stderr


def test_the_page_is_what_the_causes_say() -> None:
    spec = importlib.util.spec_from_file_location("doctor_page", ROOT / "tools" / "doctor_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "run: uv run python tools/doctor_page.py"


def test_each_cause_is_told_in_full() -> None:
    page = (ROOT / "docs/doctor.md").read_text("utf-8")
    for cause in causes().values():
        assert f"### {cause.name}\n" in page and cause.title in page
        assert re.fullmatch(r"[a-z0-9-]+", cause.name) and cause.why.endswith((".", "?", ")"))
        for remedy in cause.remedies:
            assert remedy.source.startswith("https://")
        assert cause.remedies or cause.severity == "note"


STARTS = """
import sys
from click.testing import CliRunner
from labkit.command.cli import main

connected, late = [], []

def audit(event, arguments):
    if event == "socket.connect":
        connected.append(arguments)
    elif event == "import" and connected:
        late.append(arguments[0])

sys.addaudithook(audit)
assert CliRunner().invoke(main, ["doctor", sys.argv[1], "--seconds", "0.5"]).exit_code == 0
assert connected
print(late)
print(sorted(name for name in ("rich", "pygments", "tornado", "matplotlib", "IPython") if name in sys.modules))
"""


@pytest.mark.live
def test_nothing_is_imported_while_the_clock_runs(server: LabServer, ticking: None) -> None:
    """2 s: a process of its own, since here everything is imported. Half a second of watching is enough."""
    command = [sys.executable, "-c", STARTS, server.url + "/events"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert shown.stdout.splitlines() == ["[]", "[]"], shown.stdout + shown.stderr


@pytest.mark.live
def test_the_report_has_severity_first_and_one_remedy(server: LabServer) -> None:
    short = run(server.url + "/page", "--seconds", "0.5").stdout.splitlines()
    assert short[0].startswith("✗ error") and "[html-page]" in short[0]
    marks = [line.split(" ")[0] for line in short if line[:1] in "✗!·"]
    assert marks == sorted(marks, key="✗!·".index)
    mends = [line for line in short if line.startswith("    mend")]
    every = run(server.url + "/page", "--seconds", "0.5", "--all").stdout
    assert len(mends) == sum(finding.startswith(("✗", "!")) for finding in short)
    known = causes()["html-page"].remedies
    assert all(f"mend   {remedy.where}" in every for remedy in known) and "--all" not in every
    if len(known) > 1:
        assert "to mend it: --all" in "\n".join(short)


@pytest.mark.live
def test_watching_goes_on_until_it_is_cured(
    server: LabServer, relay: LabRelay, ticking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    sleep_s = SYSTEM_CLOCK.sleep_s

    async def mend_after_two(seconds: float) -> None:
        if seconds != AGAIN_S:  # another reader on the same clock
            await sleep_s(seconds)
            return
        waits.append(seconds)
        if len(waits) == 2:
            relay.set()

    monkeypatch.setattr(SYSTEM_CLOCK, "sleep_s", mend_after_two)
    monkeypatch.setattr(sys.modules["labkit.doctor.examine"], "PATIENCE_S", 0.0)
    watched = run(relay.url, "--seconds", "0.6", "--watch", "--compare", server.url + "/events")
    assert watched.exit_code == 0 and len(waits) == 2, watched.output
    assert watched.output.count("[held-between]") == 1 and "still held-between" in watched.stderr
    assert "✓ healthy" in watched.output


def test_watching_does_not_send_a_post_again_and_again() -> None:
    refused = run("http://127.0.0.1:9/", "--watch", "--post", "{}")
    assert refused.exit_code == 2 and "may cost money" in refused.stderr
