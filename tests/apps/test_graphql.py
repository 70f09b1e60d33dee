"""The GraphQL app: both modes of graphql-sse, the official client, and what ids beside the protocol give."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from labkit.apps import find_app, launch_app
from labkit.apps.graphql.client import subscribe
from labkit.apps.graphql.operations import Results, operation_of, results_of, with_pauses
from labkit.apps.graphql.reservations import PATIENCE_S, Reservations
from labkit.clock import ImpatientClock
from labkit.doctor import examine
from labkit.errors import ChannelStopped, LabError
from labkit.faults import Cut, FillBuffers, First, OneOf, RefuseConnections, Unless
from labkit.proxy import launch_relay, relay
from labkit.server import LabServer
from labkit.wire import Event

from ..chromium import in_chromium
from ..helpers import eventually
from .random_cuts import asked, read_events, read_through_cuts, values_of

POSTED = "subscription { posted { text } }"
SAY = "mutation ($text: String!) { say(text: $text) { id } }"
HOSTILE = '<img src=x onerror="window.owned=1">'
#: npm's packages are installed once, and kept for the next run.
NODE_FOLDER = Path(tempfile.gettempdir()) / "labkit-graphql-sse"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    server = launch_app("graphql", tmp_path)
    yield server
    server.stop()


def say(server: LabServer, *texts: str) -> list[str]:
    """The ids of the posts."""
    return [asked(server.url, "ask", query=SAY, variables={"text": text}).json()["data"]["say"]["id"] for text in texts]


def place(server: LabServer) -> str:
    return str(asked(server.url, "ask", query="{ place }").json()["data"]["place"])


def path_of(query: str, last_event_id: str = "") -> str:
    return "/graphql?" + urlencode({"query": query, "lastEventId": last_event_id})


def texts_of(events: list[Event]) -> list[str]:
    return [result["data"]["posted"]["text"] for result in values_of(events, "next")]


@pytest.mark.live
def test_fifty_cuts_and_a_restart_lose_nothing_though_the_protocol_has_no_ids(
    server: LabServer, tmp_path: Path
) -> None:
    start = place(server)
    texts = [f"number {number}" for number in range(80)]
    say(server, *texts[:40])
    server.stop()
    with launch_app("graphql", tmp_path, port=server.port) as again:
        say(again, *texts[40:])
        seen = asyncio.run(read_through_cuts(again.url, path_of(POSTED, start), lambda seen: len(seen) == 80, 250))
        assert asked(again.url, "ask", query="{ posts(last: 2) { text } }").json() == {
            "data": {"posts": [{"text": text} for text in texts[-2:]]}
        }
    assert texts_of(seen) == texts


@pytest.mark.live
def test_twenty_lines_of_python_lose_nothing(server: LabServer) -> None:
    async def main() -> list[str]:
        chance = OneOf(tuple(Cut(bytes=place) for place in range(1, 250)))
        texts: list[str] = []
        async with relay(server.url, First(10, chance), seed=3) as proxy:
            results = subscribe(f"{proxy.url}/graphql", POSTED, last_event_id=start, clock=ImpatientClock())
            async for result in results:
                texts.append(result["data"]["posted"]["text"])
                if len(texts) == 20:
                    break
            await results.aclose()
            assert proxy.connections > 10
        (only,) = [result async for result in subscribe(f"{server.url}/graphql", "{ posts(last: 1) { text } }")]
        assert only == {"data": {"posts": [{"text": "19"}]}}
        return texts

    start = place(server)
    say(server, *map(str, range(20)))
    assert asyncio.run(main()) == list(map(str, range(20)))


@pytest.mark.live
def test_an_error_comes_as_a_result_of_an_open_stream(server: LabServer) -> None:
    say(server, "one")
    for query, why in (
        ("subscription { postd { id } }", "Cannot query field 'postd' on type 'Subscription'. Did you mean 'posted'?"),
        ("subscription { posted { id }", "Syntax Error: Expected Name, found <EOF>."),
        ("", "Syntax Error: Unexpected <EOF>."),
        ("{ posts { id" + " id" * 500 + "} }", "Document contains more than 500 tokens"),
        ('mutation { say(text: "hi") { id } }', "A mutation must come by POST"),
        ("query a { place } query b { place }", "Which operation?"),
        ('subscription { posted(after: "other-9") { id } }', "Posts are missing here"),
    ):
        seen = asyncio.run(read_events(server.url + path_of(query), lambda seen: True))
        (result,) = values_of(seen, "next")
        assert why in result["errors"][0]["message"]
    posts = asked(server.url, "ask", query="{ posts { text } }").json()["data"]["posts"]
    assert posts == [{"text": "one"}]


@pytest.mark.live
def test_what_cannot_be_asked_for_is_said(server: LabServer) -> None:
    for path, query, why in (
        ("ask", POSTED, "A subscription has many results: it needs a stream"),
        ("check", "{ plaice }", "Did you mean 'place'?"),
        ("check", 'mutation { say(text: "hi") { id } }', "A mutation must come by POST"),
    ):
        answer = asked(server.url, path, query=query)
        assert answer.status_code == 400 and why in answer.text
    assert asked(server.url, "check", query=POSTED).json() == {"place": place(server)}


@pytest.mark.live
def test_a_query_is_complete_and_who_comes_back_then_is_sent_away(server: LabServer) -> None:
    path = path_of("{ posts { id } }")
    answer = httpx.get(server.url + path, trust_env=False)
    assert "event: complete\nid: complete\ndata: \n\n" in answer.text
    again = httpx.get(server.url + path, headers={"Last-Event-ID": "complete"}, trust_env=False)
    assert again.status_code == 204


@pytest.mark.live
def test_the_single_connection_mode(server: LabServer) -> None:
    page = httpx.Client(base_url=server.url, trust_env=False, headers={"Accept": "*/*"})

    def start(token: str, id: str, query: str = POSTED) -> httpx.Response:
        body = {"query": query, "extensions": {"operationId": id}}
        return page.post("/graphql", json=body, headers={"X-GraphQL-Event-Stream-Token": token})

    async def main(token: str) -> list[Event]:
        def enough(seen: list[Event]) -> bool:
            if len(seen) == 1:  # the operation b has ended, and this stream with it
                say(server, "after the cut")
            if len(seen) == 3:  # stopped before, the operation might not have said what it heard
                assert page.get("/graphql", params={"token": token}).status_code == 409
                assert page.delete("/graphql", params={"token": token, "operationId": "a"}).status_code == 200
            return len(seen) == 4

        async with relay(f"{server.url}/graphql", First(1, Cut(events=1))) as proxy:
            return await read_events(f"{proxy.url}?token={token}", enough)

    token = page.put("/graphql")
    assert token.status_code == 201 and len(token.text) > 30
    assert start(token.text, "a").status_code == 202
    assert start(token.text, "b", "{ posts { text } }").status_code == 202
    for answer, status in (
        (start(token.text, "a"), 400),
        (start(token.text, ""), 400),
        (start(token.text, "c", "{ nothing }"), 400),
        (start("other", "c"), 404),
        (page.get("/graphql?token=other"), 404),
        (page.delete("/graphql?token=other"), 404),
        (page.post("/graphql", content=b"[]"), 400),
        (page.post("/graphql", json={"query": "{ place }", "variables": 1}), 400),
        (page.put("/graphql", headers={"Origin": "https://elsewhere.example"}), 403),
    ):
        assert answer.status_code == status and answer.json()["errors"][0]["message"]
    seen = asyncio.run(main(token.text))
    assert [(event.type, json.loads(event.data)) for event in seen] == [
        ("next", {"id": "b", "payload": {"data": {"posts": []}}}),
        ("complete", {"id": "b"}),
        ("next", {"id": "a", "payload": {"data": {"posted": {"text": "after the cut"}}}}),
        ("complete", {"id": "a"}),
    ]


@pytest.mark.live
def test_a_server_that_stops_ends_a_reserved_stream_and_completes_nothing(tmp_path: Path) -> None:
    with launch_app("graphql", tmp_path) as server, httpx.Client(base_url=server.url, trust_env=False) as page:
        token = page.put("/graphql").text
        with page.stream("GET", f"/graphql?token={token}") as idle, page.stream("GET", path_of(POSTED)) as distinct:
            server.pause()
            server.resume()  # a lesson that was left alone: streams stay
            assert page.get("/graphql", params={"token": token}).status_code == 409
            server.stop()
            assert b"complete" not in idle.read()
            with pytest.raises(httpx.RemoteProtocolError):
                distinct.read()


def test_a_reservation_is_kept_for_a_while() -> None:
    async def main() -> None:
        reservations = Reservations()
        token = reservations.reserve()
        reservation = reservations.by_token[token]
        seen_s = reservation.seen_s

        async def failing() -> Results:
            yield {"data": None}
            raise LabError("the source failed")

        reservation.start("a", failing())
        with pytest.raises(ChannelStopped):  # its stream is ended, and not left open without a word
            await reservation.channel.wait_for_events(
                (await reservation.channel.wait_for_events(reservation.start_id))[1]
            )
        reservations.let_go(seen_s + PATIENCE_S)
        assert token in reservations.by_token
        reservations.let_go(seen_s + PATIENCE_S + 0.1)
        assert reservations.by_token == {}
        reservations.by_token = dict.fromkeys(map(str, range(1000)))  # type: ignore[arg-type]
        with pytest.raises(LabError, match="1000 streams are reserved"):
            reservations.reserve()

    asyncio.run(main())


def test_a_pause_is_noticed_and_what_is_left_is_closed(tmp_path: Path) -> None:
    async def main() -> None:
        app = find_app("graphql", tmp_path)
        app.channel.bind(asyncio.get_running_loop())
        results = results_of(operation_of({"query": POSTED}), app, {"id": app.channel.last_event_id})
        pauses = with_pauses(results, 0.01)
        assert [await anext(pauses), await anext(pauses)] == [None, None]
        app.say(None, "one", "me")
        while (result := await anext(pauses)) is None:
            pass
        assert result == {"data": {"posted": {"text": "one"}}}
        await pauses.aclose()
        assert len(asyncio.all_tasks()) == 1
        app.channel.unbind()

    asyncio.run(main())


OFFICIAL = """
import { createClient } from "graphql-sse";
const [url] = process.argv.slice(2);
for (const singleConnection of [false, true]) for (const resumes of [false, true]) {
  const name = (singleConnection ? "single" : "distinct") + (resumes ? " resumes" : "");
  const client = createClient({
    url, singleConnection, retryAttempts: 1000, retry: () => new Promise((done) => setTimeout(done, 20)),
    on: { connected: () => console.log(JSON.stringify([name, "connected"])) },
  });
  let after = null;
  const query = "subscription ($after: ID) { posted(after: $after) { id text } }";
  client.subscribe({ query, variables: { get after() { return after; } } }, {
    next({ data, errors }) {
      if (resumes) after = data.posted.id;
      console.log(JSON.stringify([name, errors?.[0].message ?? data.posted.text]));
    },
    error(problem) { console.log(JSON.stringify([name, "error " + problem])); },
    complete() { console.log(JSON.stringify([name, "complete"])); },
  });
}
"""


def official_client(folder: Path) -> list[str]:
    """The command that runs a script with the official client; skips where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed (Debian: apt install nodejs npm)")
    if not (NODE_FOLDER / "node_modules/graphql-sse").exists():
        NODE_FOLDER.mkdir(exist_ok=True)
        packages = ("graphql-sse@2.6.1", "graphql@16")
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", NODE_FOLDER, *packages]
        if subprocess.run(command, capture_output=True, timeout=60).returncode:
            pytest.skip("npm could not install graphql-sse")
    (folder / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    (folder / "client.mjs").write_text(OFFICIAL)
    return [node, str(folder / "client.mjs")]


@pytest.mark.live
def test_the_official_client_loses_what_came_while_it_was_cut_off_unless_it_says_after_what(
    server: LabServer, tmp_path: Path
) -> None:
    """In both modes: it neither reads ids nor sends them, and asks the same operation again."""
    command = official_client(tmp_path)
    with launch_relay(f"{server.url}/graphql", name="graphql test") as proxy:
        node = subprocess.Popen([*command, proxy.url], stdout=subprocess.PIPE, text=True)
        assert node.stdout is not None
        lines = node.stdout
        seen: dict[str, list[str]] = {}

        def read_until(enough: Callable[[], bool]) -> None:
            while not enough():
                name, text = json.loads(lines.readline())
                seen.setdefault(name, []).append(text)

        try:
            read_until(lambda: sum("connected" in texts for texts in seen.values()) == 4)
            eventually(lambda: all_four_wait(server))
            say(server, "one")
            read_until(lambda: sum("one" in texts for texts in seen.values()) == 4)
            proxy.set(RefuseConnections())
            proxy.cut()
            say(server, "two")
            proxy.set()
            read_until(lambda: sum(texts.count("connected") == 2 for texts in seen.values()) == 4)
            eventually(lambda: all_four_wait(server))
            say(server, "three")
            read_until(lambda: sum("three" in texts for texts in seen.values()) == 4)
        finally:
            node.kill()
            node.wait()
            lines.close()
    texts = {name: [text for text in of if text != "connected"] for name, of in seen.items()}
    assert texts == {
        "distinct": ["one", "three"],
        "distinct resumes": ["one", "two", "three"],
        "single": ["one", "three"],
        "single resumes": ["one", "two", "three"],
    }


def all_four_wait(server: LabServer) -> bool:
    """Whether two streams of one operation are open, and two reserved ones that have one each."""
    app = server._site.routes["/graphql"][1]["app"]

    def count() -> tuple[int, int]:
        streams = [stream for _, stream in server._site._senders.values() if not stream.closed()]
        reserved = [each for each in app.reservations.by_token.values() if each.operations and each.channel.clients]
        return len(streams), len(reserved)

    return server.call(count) == (4, 2)


@pytest.mark.live
def test_the_doctor_finds_nothing_also_behind_a_proxy_that_buffers(server: LabServer) -> None:
    async def main() -> list[str]:
        async with relay(server.url, Unless("x-accel-buffering", "no", FillBuffers())) as proxy:
            posts = [json.dumps({"author": "fox", "text": str(number)}) for number in range(9)]
            server.play(server.channels["/posts"], posts, 0.1, "post")
            diagnosis = await examine(proxy.url + path_of(POSTED), seconds=0.6)
        return [repr(finding) for finding in diagnosis.findings if finding.severity != "note"]

    assert asyncio.run(main()) == []


@pytest.mark.live
def test_the_naive_version_repeats_a_mutation_for_ever_and_forgets(tmp_path: Path) -> None:
    with launch_app("graphql", tmp_path, naive=True) as server:
        mutation = 'mutation { say(text: "hello") { id } }'
        seen = asyncio.run(read_events(server.url + path_of(mutation), lambda seen: len(seen) == 3))
        assert [result["data"]["say"]["id"] for result in values_of(seen, "next")] == ["1", "2", "3"]
    with launch_app("graphql", tmp_path, naive=True) as server:
        assert asked(server.url, "ask", query="{ posts { id } }").json() == {"data": {"posts": []}}


@pytest.mark.browser
def test_a_person_subscribes_posts_and_errs_through_a_cut_a_reload_and_a_restart(
    server: LabServer, tmp_path: Path, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        page = browser.new_page(viewport={"width": 390, "height": 700}, color_scheme="dark")
        with launch_relay(server.url, name="graphql page test") as proxy:
            page.goto(proxy.url + "/")
            results, operation = page.locator("#results li"), page.get_by_label("Operation")

            def see(*texts: str) -> None:
                expect(results).to_have_count(len(texts))
                shown = [json.loads(line) for line in results.all_inner_texts()]
                assert [data["posted"]["text"] for data in shown] == [*texts]

            def post(text: str) -> None:
                page.get_by_label("Post").fill(text)
                page.get_by_role("button", name="Post").click()

            def run(text: str) -> None:
                operation.fill(text)
                page.get_by_role("button", name="Run").click()

            expect(page.locator("#state")).to_have_text("open")
            post(HOSTILE)
            see(HOSTILE)
            proxy.cut()
            post("two")
            see("two", HOSTILE)
            page.reload()
            see("two", HOSTILE)
            server.stop()
            with launch_app("graphql", tmp_path, port=server.port) as again:
                say(again, "three")
                see("three", "two", HOSTILE)
                run("subscription { postd { id } }")
                expect(page.locator("#problem")).to_contain_text("Did you mean 'posted'?")
                say(again, "four")
                see("four", "three", "two", HOSTILE)
                run('mutation { say(text: "again and again") { id } }')
                expect(page.locator("#problem")).to_contain_text("A mutation must come by POST")
                run("{ posts(last: 3) { text } }")
                expect(results).to_have_count(1)
                expect(page.locator("#problem")).to_have_text("")
                assert [post["text"] for post in json.loads(results.inner_text())["posts"]] == ["two", "three", "four"]
                expect(page.locator("#state")).to_have_text("closed: it is complete")
                page.goto(proxy.url + "/?query=%7B+plaice+%7D&lastEventId=")  # as a result of the stream itself
                expect(page.locator("#problem")).to_contain_text("Did you mean 'place'?")
                page.screenshot(path=artifacts / "graphql-phone-dark.png")
            assert page.evaluate("window.owned") is None

    in_chromium(tool("chromium"), visit)
