"""labkit listen, against real servers; where it matters, as a real process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tornado.web import RequestHandler

from labkit.command.cli import main
from labkit.command.listen import ends_answer
from labkit.proxy import Nginx, nginx
from labkit.server import Channel, LabServer, launch
from labkit.wire import Event, Frame

from ..helpers import LABKIT, free_port

pytestmark = pytest.mark.live

HOSTILE = "\x1b[2Jgone\x9b31m"


def answer(status: int, content_type: str = "text/html") -> type[RequestHandler]:
    class Answer(RequestHandler):
        def get(self) -> None:
            self.set_status(status)
            if status != 204:
                self.set_header("Content-Type", content_type)
                self.finish("<p>no stream</p>")

    return Answer


class Echo(RequestHandler):
    """One event: what the request said."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        wanted = {name: self.request.headers.get_list(name) for name in ("Accept", "X-Key", "Last-Event-ID")}
        self.finish(f"data: {json.dumps(wanted)}\n\n")


class Odd(RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.finish(": beat\nretry: 20\nfoo: \x1b[2J\ndata: one\n\n")


async def three(last_event_id: str) -> AsyncGenerator[Frame, None]:
    for number in range(int(last_event_id or 0) + 1, 4):
        yield Frame(data=f"line {number}\nmore", event="tick" if number == 2 else None, id=str(number))
    await asyncio.sleep(60)


async def hostile(last_event_id: str) -> AsyncGenerator[Frame, None]:
    yield Frame(data=HOSTILE, event=HOSTILE, id=HOSTILE)
    await asyncio.sleep(60)


async def large(last_event_id: str) -> AsyncGenerator[Frame, None]:
    yield Frame(data="x" * 5000)


@pytest.fixture(scope="module")
def server() -> Iterator[LabServer]:
    class Once(answer(204)):  # type: ignore[misc]
        asked = 0

        def get(self) -> None:
            Once.asked += 1
            if Once.asked == 1:
                self.set_header("Content-Type", "text/event-stream")
                self.finish("retry: 200\ndata: one\n\n")
            else:
                super().get()

    server = launch(
        {
            "/three": three, "/hostile": hostile, "/large": large, "/echo": Echo, "/odd": Odd, "/once": Once,
            "/html": answer(200), "/500": answer(500), "/401": answer(401), "/204": answer(204),
        },
        name="listen",
    )  # fmt: skip
    yield server
    server.stop()


def listen(url: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["listen", url, *options])


def test_the_human_form_has_time_type_id_and_indented_data(server: LabServer) -> None:
    result = listen(f"{server.url}/three", "--count", "2")
    assert result.exit_code == 0
    lines = [re.sub(r"^ +\d+\.\d{3} s", "T", line) for line in result.stdout.splitlines()]
    assert [line.rstrip() for line in lines] == [
        "T  id=1  line 1",
        " " * 19 + "more",
        "T  event=tick  id=2  line 2",
        " " * 31 + "more",
    ]
    assert result.stderr == f"labkit: open: {server.url}/three\n"


def test_json_is_one_object_per_event_and_line(server: LabServer) -> None:
    result = listen(f"{server.url}/three", "--json", "--count", "3")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"type": "tick" if number == 2 else "message", "data": f"line {number}\nmore", "last_event_id": str(number)}
        for number in (1, 2, 3)
    ]


def test_raw_is_what_was_sent(server: LabServer) -> None:
    result = listen(f"{server.url}/odd", "--raw", "--count", "1")
    assert result.stdout_bytes == b": beat\nretry: 20\nfoo: \x1b[2J\ndata: one\n\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_hostile_stream_cannot_drive_the_terminal(server: LabServer, form: list[str]) -> None:
    result = listen(f"{server.url}/hostile", "--count", "1", *form)
    assert result.exit_code == 0 and "gone" in result.stdout
    assert "\x1b" not in result.output and "\x9b" not in result.output


def test_comments_and_ignored_lines_come_with_verbose_only(server: LabServer) -> None:
    quiet = listen(f"{server.url}/odd", "--count", "1").stdout
    verbose = listen(f"{server.url}/odd", "--count", "1", "-v").stdout
    assert len(quiet.splitlines()) == 1
    notes = [line.strip() for line in verbose.splitlines()[:3]]
    assert notes == [": beat", "retry: 20 ms", r"ignored 'foo: \x1b[2J': 'foo' is no field of the standard"]
    assert "\x1b" not in verbose
    only_json = listen(f"{server.url}/odd", "--count", "1", "-v", "--json")
    assert len(only_json.stdout.splitlines()) == 1 and ": beat" in only_json.stderr


def test_the_id_and_the_headers_are_sent(server: LabServer) -> None:
    asked = ["--last-event-id", "7", "--header", "X-Key: a: b", "--header", "accept: text/event-stream, */*"]
    result = listen(f"{server.url}/echo", "--json", "--count", "1", *asked)
    got = json.loads(json.loads(result.stdout)["data"])
    assert got == {"Accept": ["text/event-stream, */*"], "X-Key": ["a: b"], "Last-Event-ID": ["7"]}


def test_after_it_was_open_it_reconnects_until_204_says_that_it_is_finished(server: LabServer) -> None:
    result = listen(f"{server.url}/once")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 1
    said = result.stderr.splitlines()
    assert said[1].startswith("labkit: reconnecting: the response ended; next attempt in 0.2 s")
    assert said[2:] == ["labkit: the server answered 204: the stream is finished"]


@pytest.mark.parametrize(
    ("url", "said", "way_on"),
    [
        ("http://127.0.0.1:{free}/events", "nothing listens on port {free} of 127.0.0.1", "labkit serve --port {free}"),
        ("http://no-such-host.invalid/", "there is no host 'no-such-host.invalid'", "Is the name right?"),
        ("{server}/html", "status 200 with Content-Type text/html", "Is this the URL of a page?"),
        ("{server}/nix", "status 404", "Is the path right?"),
        ("{server}/500", "status 500", "look at its log"),
        ("{server}/401", "status 401", "--header 'Authorization: ...'"),
        ("localhost:8080/events", "does not start with http://", "Did you mean http://localhost:8080/events ?"),
        ("ftp://host/events", "does not start with http://", "Did you mean http://host/events ?"),
        ("http:/host", "does not start with http://", "Did you mean http://host ?"),
        ("http://", "is not a URL", "http://localhost:8080/events"),
        ("http://localhost:99999/", "is not a URL", "http://localhost:8080/events"),
        ("http://[::1", "is not a URL", "http://localhost:8080/events"),
    ],
)
def test_no_stream_is_one_line_with_a_way_on(
    server: LabServer, monkeypatch: pytest.MonkeyPatch, url: str, said: str, way_on: str
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", dict)
    names = {"free": str(free_port()), "server": server.url}
    result = listen(url.format(**names))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("labkit: ") and result.stderr.count("\n") == 1
    assert said.format(**names) in result.stderr and way_on.format(**names) in result.stderr


def test_an_event_past_the_limit_names_the_option(server: LabServer) -> None:
    result = listen(f"{server.url}/large", "--max-event-bytes", "4000")
    assert result.exit_code == 2 and result.stdout == ""
    assert "4,000 bytes" in result.stderr.splitlines()[-1] and "--max-event-bytes" in result.stderr
    assert listen(f"{server.url}/large", "--max-event-bytes", "6000", "--count", "1").exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--header", "no colon"],
        ["--header", "X: a\r\nY: b"],
        ["--header", "bad name: x"],
        ["--last-event-id", "a\nb"],
        ["--last-event-id", "\udcff"],
        ["--raw", "--json"],
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(options: list[str]) -> None:
    result = listen("http://127.0.0.1:9/", *options)
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert "nothing listens" not in result.stderr


def spawn(*arguments: str) -> subprocess.Popen[str]:
    # A shell's background job ignores Ctrl-C, and so would its children: the tests must not depend on who runs them.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", LABKIT, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=buffered, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")


def test_ctrl_c_says_how_to_resume(server: LabServer) -> None:
    process = spawn("listen", f"{server.url}/three", "--json")
    assert process.stdout is not None
    for _ in range(3):  # each line is here although the stream goes on: it was flushed
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said.splitlines()[1:] == ["labkit: stopped after 3 events; resume with --last-event-id 3"]
    resumed = listen(f"{server.url}/three", "--last-event-id", "2", "--json", "--count", "1")
    assert json.loads(resumed.stdout)["last_event_id"] == "3"


@pytest.mark.parametrize("form", [[], ["--json"], ["--raw"]])
def test_a_closed_pipe_ends_it_in_silence(form: list[str]) -> None:
    channel = Channel()
    server = launch({"/events": channel}, name="pipe")
    server.play(channel, map(str, range(10_000)), every_s=0.01)
    try:
        process = spawn("listen", f"{server.url}/events", *form)
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(10) == 0
        assert said == f"labkit: open: {server.url}/events\n"
    finally:
        server.stop()


def test_a_server_that_says_retry_0_is_not_asked_at_full_speed() -> None:
    class Eager(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", "text/event-stream")
            self.finish("retry: 0\ndata: one\n\n")

    with launch({"/eager": Eager}, name="eager") as server:
        result = listen(f"{server.url}/eager", "--count", "3")
    assert result.stderr.count("the response ended; next attempt in 0.1 s") == 2


class Model(RequestHandler):
    """Answers a question that was posted, and leaves the stream open behind its last event."""

    async def post(self) -> None:
        asked = json.loads(self.request.body)
        assert self.request.headers.get_list("Content-Type") == ["application/json"]
        self.set_header("Content-Type", "text/event-stream")
        for word in asked["say"].split():
            self.write(f"data: {word}\n\n")
        self.write("data: [DONE]\n\n" if asked.get("done") else "")
        await self.flush()
        if asked.get("done"):
            await asyncio.sleep(60)


@pytest.fixture
def chat() -> Iterator[str]:
    server = launch({"/chat": Model}, name="listen to a model")
    yield server.url + "/chat"
    server.stop()


def test_a_question_is_posted_once_and_its_answer_shown(chat: str, tmp_path: Path) -> None:
    answer = listen(chat, "--post", '{"say": "two words"}', "--json")
    assert answer.exit_code == 0 and [json.loads(line)["data"] for line in answer.stdout.splitlines()] == [
        "two", "words",
    ]  # fmt: skip
    body = tmp_path / "question.json"
    body.write_text('{"say": "a b"}')
    assert len(listen(chat, "--post", f"@{body}").stdout.splitlines()) == 2


def test_until_done_stops_at_the_end_mark_and_misses_it_where_there_is_none(chat: str) -> None:
    done = listen(chat, "--post", '{"say": "a b", "done": true}', "--until-done", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout.splitlines()[-1])["data"] == "[DONE]"
    missed = listen(chat, "--post", '{"say": "a b"}', "--until-done")
    assert missed.exit_code == 2 and "ended before the event that means its end" in missed.stderr


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (Event("[DONE]"), True),
        (Event('{"type": "message_stop"}', "message_stop"), True),
        (Event("{}", "done"), True),
        (Event("", "end"), True),
        (Event("we are done"), False),
        (Event('{"choices": [{"delta": {}, "finish_reason": "stop"}]}'), False),  # [DONE] is still to come
    ],
)
def test_what_ends_an_answer(event: Event, ends: bool) -> None:
    assert ends_answer(event) is ends


def test_a_certificate_of_ones_own_is_taken_with_insecure(tool: Callable[[str], str], server: LabServer) -> None:
    tool("nginx")
    with nginx(server.url + "/three", Nginx(to_origin="1.1", tls=True, buffering=False)) as proxy:
        refused = listen(proxy.url, "--count", "1")
        assert refused.exit_code == 2 and "--insecure" in refused.stderr
        assert listen(proxy.url, "--count", "1", "--insecure").exit_code == 0
