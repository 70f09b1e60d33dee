"""Each server of docs/recipes, as a real process: what the doctor says of it, and what ten cuts cost."""

from __future__ import annotations

import asyncio
import http.client
import shutil
import sys
import threading
from collections.abc import Iterator

import pytest

from labkit.doctor import examine
from labkit.errors import LabError
from labkit.testing import Cut, sse_endpoint
from labkit.wire import Comment, Decoder, Event, Signal

from ..helpers import eventually
from .recipe_servers import FOLDER, SERVERS, TOKEN, RecipeServer, lines_of_code, running

pytestmark = pytest.mark.live

#: Before the first event, inside several, and behind several.
TEN_CUTS = (
    Cut(bytes=1), Cut(bytes=30), Cut(bytes=60), Cut(events=1), Cut(events=1, into=3), Cut(events=1, into=20),
    Cut(events=2), Cut(events=2, into=40), Cut(events=3, into=25, how="rst"), Cut(events=5, how="rst"),
)  # fmt: skip
HEARTBEAT_S = 0.1


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[RecipeServer]:
    if request.param.endswith(".mjs") and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed (Debian: apt install nodejs npm)")
    with running(request.param, HEARTBEAT_S) as recipe:
        yield recipe


class Reader:
    """One stream that is read, as far as its test wants."""

    def __init__(self, server: RecipeServer, last_event_id: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        last = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.connection.request("GET", "/events", headers={"Cookie": f"other=1; session={TOKEN}", **last})
        self.response = self.connection.getresponse()
        self.decoder = Decoder()
        self.signals: list[Signal] = []
        self.taken = 0

    def read(self) -> bool:
        """Reads what comes next; False at the end of the stream."""
        piece = self.response.read1()
        self.signals += self.decoder.feed(piece)
        return bool(piece)

    def next_event(self) -> Event:
        """Reads up to the next event, and returns it."""
        while len(self.events) == self.taken:
            assert self.read(), "the stream has ended"
        self.taken += 1
        return self.events[self.taken - 1]

    @property
    def events(self) -> list[Event]:
        return [signal for signal in self.signals if isinstance(signal, Event)]

    def close(self) -> None:
        self.response.close()
        self.connection.close()


def opened(server: RecipeServer, last_event_id: str = "") -> Reader:
    """A reader whose stream has begun: it misses nothing from here on."""
    reader = Reader(server, last_event_id)
    assert reader.response.status == 200 and reader.read()
    return reader


def test_the_doctor_finds_nothing_and_ten_cuts_cost_nothing(server: RecipeServer) -> None:
    with server.ticking(0.02):
        diagnosis = asyncio.run(examine(server.url, seconds=0.4, headers=server.bearer))
        assert [finding for finding in diagnosis.findings if finding.severity != "note"] == []
        with sse_endpoint(server.url, headers=server.bearer, seconds=0.4) as endpoint:
            endpoint.survives_cut(TEN_CUTS)


def test_who_may_read_and_who_may_publish(server: RecipeServer) -> None:
    cookie = f"session={TOKEN}"
    assert [server.ask()[0], server.ask(Cookie="session=guess")[0], server.ask(Authorization="Bearer x")[0]] == [
        401
    ] * 3
    status, headers = server.ask(Cookie=cookie)
    assert status == 200 and headers["Content-Type"].startswith("text/event-stream")
    said = ", ".join(headers.get_all("Cache-Control", []))
    assert "no-cache" in said and headers["X-Accel-Buffering"] == "no"
    if "labkit" not in server.file:
        assert "no-transform" in said
    assert server.ask("POST", "/publish")[0] == server.ask("POST", "/publish", Cookie=cookie)[0] == 401
    with pytest.raises(LabError, match="answered 4"):
        server.publish("x" * 20_000)  # the history has a bound
    server.forget_connection()
    assert 400 <= server.ask("POST", "/publish?event=x%0Adata:%20forged", **server.bearer)[0] < 500


def test_lines_a_gap_and_a_heartbeat(server: RecipeServer) -> None:
    reader = opened(server)
    server.publish("one\ntwo\r\nthree\u2028still three", "lines")
    event = reader.next_event()
    assert (event.type, event.data) == ("lines", "one\ntwo\nthree\u2028still three")
    server.publish("the next")
    assert server.ask(path=f"/events?lastEventId={event.last_event_id}", **server.bearer)[0] == 200
    for asked, first in ((event.last_event_id, "the next"), ("none-of-yours", None), ("9" * 30, None)):
        again = opened(server, asked)
        found = again.next_event()
        assert found.data == first if first else found.type == "gap"
        assert first or again.next_event().type != "gap"  # what is kept comes behind it
        again.close()
    if "fastapi_app" not in server.file:  # FastAPI's own says 15 s
        while not any(isinstance(signal, Comment) for signal in reader.signals[3:]):
            assert reader.read()
    reader.close()


@pytest.mark.skipif(sys.platform == "win32", reason="psutil counts no descriptors on Windows")
def test_readers_that_leave_take_nothing_with_them(server: RecipeServer) -> None:
    readers = [opened(server) for _ in range(20)]
    with_readers = server.descriptors()
    for reader in readers:
        reader.close()
    eventually(lambda: server.descriptors() <= with_readers - 20, "the sockets of readers that have left are closed")


def test_a_planned_end_and_a_stop(server: RecipeServer) -> None:
    """The last test of each server: it stops it."""
    reader, other = opened(server), opened(server)
    server.publish("the last one", "done")
    while reader.read():
        pass
    assert [event.type for event in reader.events] == ["done"]
    newest = reader.events[-1].last_event_id
    asked = {"Last-Event-ID": newest, **server.bearer}
    assert server.ask(**asked)[0] == server.ask(**server.bearer)[0] == 204
    server.publish("a new beginning")
    assert opened(server, newest).next_event().data == "a new beginning"
    other.close()
    staying = opened(server)
    threading.Thread(target=server.child.stop).start()
    while staying.read():  # http.client raises where the last chunk is missing
        pass
    assert not staying.events


@pytest.mark.parametrize("file", SERVERS)
def test_a_recipe_is_short_and_the_page_was_measured_with_it(file: str) -> None:
    text, page = (FOLDER / file).read_text("utf-8"), (FOLDER / "README.md").read_text("utf-8")
    assert f"TOKEN=sesame {'node' if file.endswith('.mjs') else 'python'} docs/recipes/{file}" in text.splitlines()[0]
    count = len(lines_of_code(text))
    assert count <= 105
    assert f"]({file}) | {count} |" in page, "it has changed: uv run python tools/recipes.py servers"
