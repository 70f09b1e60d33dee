"""Keys go to the origin that they were given for, are not shown, and no child process inherits them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from click.testing import CliRunner
from tornado.web import RequestHandler

from labkit.client import EventSource, Policy, Polling, WebSocketSource, watch
from labkit.command.cli import main as labkit
from labkit.doctor import NotExamined, examine
from labkit.errors import LabError
from labkit.lab import record
from labkit.lab.lesson_09 import Mirror
from labkit.llm import Studio, Upstream, UpstreamFailed, model_routes
from labkit.log import MemoryLog
from labkit.proxy import EmbeddedProxy, HAProxy, Nginx, haproxy, launch_relay, nginx, relay
from labkit.proxy.program import version_of
from labkit.server import Channel, StreamHandler, serve
from labkit.system.child import Child
from labkit.system.secrets import clean_environment, shown_url
from labkit.wire import Frame, encode

from .helpers import LABKIT, eventually, free_port

pytestmark = pytest.mark.live

Find = Callable[[str], str]
SECRET = "sesame-0123456789"
OWN = {"Authorization": f"Bearer {SECRET}", "Cookie": f"id={SECRET}", "X-Api-Key": SECRET, "X-Lab": SECRET}
ONCE = Policy("once", max_failures=1)
OPTIONS = [part for name, value in OWN.items() for part in ("--header", f"{name}: {value}")]


@contextlib.asynccontextmanager
async def redirecting(target: str = "") -> AsyncIterator[tuple[str, list[str], list[str]]]:
    """The URL of a server that redirects to a stream of another origin, and what each of the two has heard."""
    here: list[str] = []
    there: list[str] = []
    channel = Channel(MemoryLog(epoch="e"))

    class Redirect(RequestHandler):
        def prepare(self) -> None:
            here.append(str(self.request.headers))
            self.redirect(url, status=307)

    class Heard(StreamHandler):
        def prepare(self) -> None:
            there.append(str(self.request.headers))
            self.set_header("Labkit-Readers", str(9 - len(there)))  # whoever asks was missed

        async def get(self) -> None:
            for number in range(1, 5):
                self.write(encode(Frame(data="x", id=f"e-{number}")))
            await self.flush()
            await asyncio.sleep(0.9)

        def post(self) -> None:
            self.write(encode(Frame(data="x")))

    async with (
        serve({"/": Heard, "/channel": channel}) as second,
        serve({"/": Redirect, "/v1/chat/completions": Redirect}) as first,
    ):
        url = second.url
        yield first.url, here, there


async def by_eventsource(url: str) -> None:
    async with EventSource(url, headers=OWN) as source:
        await anext(source)


async def by_watch(url: str) -> None:
    await watch(url, 0.3, headers=OWN)


async def by_record(url: str) -> None:
    await record(url, 0.3, headers=OWN)


async def by_doctor(url: str) -> None:
    await examine(url, seconds=0.6, headers=OWN, may_open_more=lambda why: True)


async def by_upstream(url: str) -> None:
    with pytest.raises(UpstreamFailed):  # it follows none
        async for _ in Upstream(url, "any", SECRET).tokens("Hello"):
            pass


async def by_the_command_line(url: str, *command: str) -> None:
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", LABKIT, *command, url, *OPTIONS], capture_output=True, timeout=30
    )


ASKING: dict[str, Callable[[str], Awaitable[None]]] = {
    "EventSource": by_eventsource,
    "watch": by_watch,
    "record": by_record,
    "the doctor, further requests too": by_doctor,
    "an upstream": by_upstream,
    "labkit listen": lambda url: by_the_command_line(url, "listen", "--count", "1"),
}


@pytest.mark.parametrize("who", ASKING)
def test_own_headers_go_to_the_origin_that_they_were_given_for_and_to_no_other(who: str) -> None:
    async def main() -> None:
        async with redirecting() as (url, here, there):
            await ASKING[who](url)
            assert here and all(SECRET in heard for heard in here)
            assert bool(there) is (who != "an upstream")
            assert SECRET not in "".join(there)
            if who.startswith("the doctor"):
                assert len(there) > 2  # the stream, the count of its readers, and where it resumes

    asyncio.run(main())


def test_on_the_same_origin_they_go_on_and_harmless_ones_go_anywhere() -> None:
    class Here(RequestHandler):
        def get(self) -> None:
            self.redirect("/mirror")

    async def main() -> None:
        async with serve({"/": Here, "/mirror": Mirror}) as server:
            async with EventSource(server.url, headers=OWN) as source:
                heard = json.loads((await anext(source)).data)["headers"]
            assert heard["x-api-key"] == heard["x-lab"] == SECRET and SECRET in heard["authorization"]
        async with redirecting() as (url, _, there):
            await watch(url, 0.3, headers={"User-Agent": "mine", "Last-Event-ID": "e-1", "X-Lab": SECRET})
            assert "User-Agent: mine" in there[0] and "Last-Event-Id: e-1" in there[0]

    asyncio.run(main())


class Echo(StreamHandler):
    """Repeats what it was asked with: in its type, and in an error as model servers answer."""

    async def get(self) -> None:
        said = " ".join(value for _, value in self.request.headers.get_all())
        self.set_header("Content-Type", f"text/{said}; {self.request.uri}")
        self.set_status(400)
        key = self.request.headers.get("Authorization", "")
        self.finish(json.dumps({"error": {"message": "x" * 185 + key + said}}))  # cut in the middle of the key

    async def post(self) -> None:
        await self.get()


class EchoInTokens(StreamHandler):
    """A model that says, letter by letter, with which key it was asked."""

    async def post(self) -> None:
        for letter in f"you said {self.request.headers['Authorization']}!":
            self.write(encode(Frame(data=json.dumps({"choices": [{"delta": {"content": letter}}]}))))
        self.finish(encode(Frame(data="[DONE]")))


def url_with_secrets(port: int, path: str = "/") -> str:
    return f"http://me:{SECRET}@127.0.0.1:{port}{path}?key={SECRET}&{SECRET}#{SECRET}"


async def states_of_eventsource(url: str) -> str:
    told: list[str] = []
    source = EventSource(
        url,
        headers=OWN,
        policy=Policy("twice", retry_statuses=frozenset({400}), max_failures=2),
        reconnection_ms=1,
        on_state=lambda state, why: told.append(why),
    )
    with pytest.raises(LabError) as problem:
        async with source:
            await anext(source)
    return f"{problem.value} {told} {source!r}"


async def error_of(source: Any) -> str:
    with pytest.raises(LabError) as problem:
        async with source:
            await anext(source)
    return f"{problem.value} {source!r}"


async def report_of_doctor(url: str) -> str:
    try:
        diagnosis = await examine(url, seconds=0.5, headers=OWN)
    except NotExamined as problem:
        return str(problem)
    return f"{diagnosis!r} {json.dumps(diagnosis.as_json())}"


async def unsendable(url: str) -> str:
    wrong = {"X-Api-Key": f"{SECRET}\nsecond line"}
    with pytest.raises(NotExamined) as problem:
        await examine(url, seconds=0.5, headers=wrong)
    return f"{await error_of(EventSource(url, headers=wrong, policy=ONCE))} {problem.value}"


async def printed_by(url: str, *command: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", LABKIT, *command, url, *OPTIONS], capture_output=True, timeout=30
    )
    return (done.stdout + done.stderr).decode()


async def through_a_relay(url: str) -> str:
    async with relay(url) as between, httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(between.url)).text


async def repr_of(proxy: Any) -> str:
    with proxy:
        return repr(proxy)


SHOWN: dict[str, Callable[[str], Awaitable[str]]] = {
    "EventSource": states_of_eventsource,
    "EventSource, once": lambda url: error_of(EventSource(url, headers=OWN, policy=ONCE)),
    "Polling": lambda url: error_of(Polling(url)),
    "a WebSocket": lambda url: error_of(WebSocketSource(url)),
    "the doctor": report_of_doctor,
    "a header that cannot be sent": unsendable,
    "labkit listen": lambda url: printed_by(url, "listen"),
    "labkit doctor": lambda url: printed_by(url, "doctor", "--seconds", "0.5"),
    "labkit doctor --compare": lambda url: printed_by(url, "doctor", "--seconds", "0.5", "--compare", url),
    "labkit doctor --json": lambda url: printed_by(url, "doctor", "--seconds", "0.5", "--json"),
    "a launched relay": lambda url: repr_of(launch_relay(url, name="secrets")),
    "the relay as nginx": lambda url: repr_of(EmbeddedProxy(url, Nginx(buffering=False))),
}


@pytest.mark.parametrize("who", SHOWN)
@pytest.mark.parametrize("path", ["/echo", "/nowhere", "nobody listens"])
def test_nothing_that_is_shown_holds_a_key(who: str, path: str) -> None:
    async def main() -> str:
        async with serve({"/echo": Echo}) as server:
            nobody = path == "nobody listens"
            return await SHOWN[who](url_with_secrets(free_port() if nobody else server.port, "/" if nobody else path))

    text = asyncio.run(main())
    assert text and SECRET not in text


def test_evidence_that_repeats_a_key_is_shown_without_it() -> None:
    async def main() -> str:
        async with serve({"/stream": Mirror}) as server:
            return await report_of_doctor(url_with_secrets(server.port, "/stream"))

    text = asyncio.run(main())
    assert "Diagnosis of http://***@127.0.0.1" in text and SECRET not in text


def test_a_relay_whose_origin_is_gone_shows_no_key() -> None:
    text = asyncio.run(through_a_relay(url_with_secrets(free_port())))
    assert "does not answer" in text and SECRET not in text


WRONG = [
    ("listen", f"ftp://me:{SECRET}@host/?key={SECRET}"),
    ("listen", f"me:{SECRET}@host/?key={SECRET}"),
    ("listen", f"http://me:{SECRET}@host:port/?key={SECRET}"),
    ("listen", "http://localhost/", "--header", f"X-Api-Key {SECRET}"),
    ("listen", "http://localhost/", "--header", f"X Api Key: {SECRET}"),
    ("listen", "http://localhost/", "--header", f"X-Api-Key: {SECRET}\x01"),
    ("doctor", f"//me:{SECRET}@host"),
    ("serve", "--upstream", f"http://host/v1?key={SECRET}"),
    ("serve", "--upstream", f"http://host/v1#{SECRET}"),
    ("serve", "--upstream", f"http://me:{SECRET}@host/v1"),
    ("serve", "--upstream", f"host/v1?key={SECRET}"),
    ("serve", "--upstream", f"http://host:{SECRET}/v1"),
    ("serve", "--upstream", f"http://[{SECRET}/v1"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments).replace("\x01", "^A"))
def test_a_wrong_argument_is_told_without_its_key(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(labkit, arguments)
    assert result.exit_code == 2 and result.output.startswith("labkit: ") and SECRET not in result.output


@pytest.mark.parametrize(("handler", "expected"), [(Echo, "Bearer ***"), (EchoInTokens, "you said Bearer ***!")])
def test_what_an_upstream_repeats_holds_no_key(handler: type[StreamHandler], expected: str) -> None:
    async def main() -> str:
        async with serve({"/v1/chat/completions": handler}) as server:
            studio = Studio(upstream=Upstream(server.base_url, "any", SECRET))
            async with serve(model_routes(studio)) as own, httpx.AsyncClient(trust_env=False) as client:
                question = {"stream": True, "messages": [{"role": "user", "content": "Hello"}]}
                await client.post(own.base_url + "/v1/chat/completions", json=question)
                return studio.newest.text + studio.newest.why

    text = asyncio.run(main())
    assert SECRET not in text and SECRET[:6] not in text and (expected in text or handler is Echo)


def test_a_short_key_is_a_word_of_answers() -> None:
    async def main() -> str:
        async with serve({"/v1/chat/completions": EchoInTokens}) as server:
            upstream = Upstream(server.base_url, "any", "ollama")
            return "".join([text async for text in upstream.tokens("Hello")])

    assert asyncio.run(main()) == "you said Bearer ollama!"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host/path", "http://host/path"),
        ("http://host/@user", "http://host/@user"),
        ("http://u@host/?", "http://***@host/?"),
        ("u:p@host", "***@host"),
        ("http://host?a=1;b=2&c", "http://host?a=***&***"),
    ],
)
def test_a_url_is_shown_with_its_place_and_its_names(url: str, shown: str) -> None:
    assert shown_url(url) == shown


KEYS = {
    "LABKIT_UPSTREAM_KEY": SECRET, "OPENAI_API_KEY": SECRET, "GH_PAT": SECRET, "DATABASE_URL": f"pg://u:{SECRET}@h",
    "AWS_SESSION_TOKEN": SECRET, "HTTP_PROXY": f"http://u:{SECRET}@h", "PYTHON_KEYRING_PASSWORD": SECRET,
}  # fmt: skip


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("keys")
def test_a_child_gets_no_key_and_what_it_is_given(tmp_path: Path) -> None:
    code = "import os; print(dict(os.environ))"
    command, given = [sys.executable, "-c", code], {"JUPYTER_TOKEN": "given"}
    with (tmp_path / "log").open("wb") as log, Child(command, environment=given, log=log) as child:
        eventually(lambda: not child.running)
    printed = (tmp_path / "log").read_text()
    assert SECRET not in printed and "'JUPYTER_TOKEN': 'given'" in printed and "'PATH'" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell")
@pytest.mark.usefixtures("keys")
def test_a_program_that_is_asked_for_its_version_gets_no_key(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\necho version 1.2\n")
    program.chmod(0o755)
    assert version_of(str(program), "program", "version ") == "1.2"
    assert "PATH=" in (tmp_path / "env").read_text() and SECRET not in (tmp_path / "env").read_text()


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_no_process_of_a_proxy_has_a_key(name: str, tool: Find) -> None:
    tool(name)
    start: Any = (lambda url: nginx(url, Nginx())) if name == "nginx" else (lambda url: haproxy(url, HAProxy()))
    with start(f"http://127.0.0.1:{free_port()}"):
        environments = [process.environ() for process in psutil.Process().children(recursive=True)]
        assert len(environments) >= 2 and SECRET not in str(environments)


@pytest.mark.usefixtures("keys")
def test_what_a_program_needs_is_kept() -> None:
    assert SECRET not in str(clean_environment())
    kept = {"PATH": "a", "LANG": "b", "LC_ALL": "c", "XDG_RUNTIME_DIR": "d", "LABKIT_HOSTS": "e", "SystemRoot": "f"}
    assert clean_environment({**kept, **KEYS}) == kept
