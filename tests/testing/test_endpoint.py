"""Each check on healthy and on broken apps of several frameworks, with what it says."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from labkit.errors import LabError
from labkit.log import MemoryLog
from labkit.server import Channel, launch
from labkit.testing import CheckFailed, Cut, Endpoint, sse_endpoint
from labkit.testing.asgi_server import AsgiServer

from ..helpers import eventually
from . import apps

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def no_server_was_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """sse-starlette ends every stream of a process in which some uvicorn was told to stop, as another test may do."""
    monkeypatch.setattr("sse_starlette.sse.AppStatus.should_exit", False)


@pytest.fixture(scope="module")
def starlette() -> Iterator[str]:
    """One server of the Starlette app: starting it for each test would take longer than the tests."""
    server = AsgiServer(apps.starlette_app)
    yield server.origin
    server.stop()


def failure(check: object) -> str:
    assert callable(check)
    with pytest.raises(CheckFailed) as caught:
        check()
    return str(caught.value)


def at(origin: str, path: str, seconds: float = 0.6) -> Endpoint:
    return sse_endpoint(origin, path=path, seconds=seconds)


def test_a_whole_stream_passes_every_check_in_a_chain(starlette: str) -> None:
    endpoint = at(starlette, "/finished").streams().is_healthy().beats(within_s=0.5).ends(with_event="done")
    endpoint.resumes().survives_cut()
    assert [event.data for event in endpoint.events][:2] == ["tick 1", "tick 2"]


@pytest.mark.parametrize("path", ["/whole", "/news", "/talking", "/sse-starlette", "/of-each-client", "/without-ids"])
def test_what_comes_one_by_one_streams(starlette: str, path: str) -> None:
    assert at(starlette, path).streams().events


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/collected", "All events come at once, with the end [held-to-the-end]"),
        ("/collected-in-pieces", "All events come at once, with the end [held-to-the-end]"),
        ("/page", "[html-page]"),
        ("/nowhere", "The answer is not 200 [wrong-status]\n    seen   status 404"),
    ],
)
def test_what_does_not_stream_is_named(starlette: str, path: str, said: str) -> None:
    message = failure(at(starlette, path).streams)
    assert message.startswith(f"{starlette}{path} does not stream: ") and said in message
    assert message.count("    mend   ") == 1 and "--compare" not in message


def test_a_stream_without_an_event_says_what_to_do(starlette: str) -> None:
    message = failure(at(starlette, "/comments", 0.2).streams)
    assert "no event came in 0.2 s. Let the app send one, or give seconds=" in message


@pytest.mark.parametrize("path", ["/whole", "/news", "/sse-starlette", "/of-each-client", "/talking"])
def test_a_server_that_goes_on_behind_the_id_resumes(starlette: str, path: str) -> None:
    at(starlette, path).resumes()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/deaf", "    mend   FastAPI: last_event_id: "),
        ("/deaf", "asked with Last-Event-ID: 1, 1 event came twice (1)"),
        ("/one-too-early", "asked with Last-Event-ID: 1, 1 event came twice (1)"),
        ("/one-too-late", "asked with Last-Event-ID: 1, 1 event did not come (2)"),
        ("/rewritten", "had other contents than without the cut (2, 3, 4)"),
        ("/backwards", "events came in another order"),
        ("/refused", "Coming back with an id is refused [resume-refused]"),
        ("/without-ids", "Events carry no ids [ids-missing]\n    seen   of 6 events none has an id to go on from"),
    ],
)
def test_what_is_lost_doubled_or_refused_is_named(starlette: str, path: str, said: str) -> None:
    assert said in failure(at(starlette, path).resumes)


def test_a_live_server_that_forgets_loses_what_was_published_meanwhile(starlette: str) -> None:
    message = failure(at(starlette, "/forgotten-news").resumes)
    assert "Last-Event-ID is ignored [resume-ignored]" in message and "did not come" in message


# Some three seconds for 120 readers: the promise of survives_cut() at every byte, and that it holds so many.
def test_a_cut_at_every_byte_and_every_event_in_each_way(starlette: str) -> None:
    at(starlette, "/whole").survives_cut("every byte").survives_cut(how="rst").survives_cut(how="clean")
    at(starlette, "/news").survives_cut([1, Cut(bytes=30), Cut(events=2, into=4)])


def test_a_cut_that_costs_something_says_where(starlette: str) -> None:
    deaf = failure(lambda: at(starlette, "/deaf").survives_cut(3))
    assert "after a cut behind event 3, asked with" in deaf and "came in another order" not in deaf
    message = failure(lambda: at(starlette, "/one-too-late").survives_cut([Cut(bytes=30)]))
    assert "after a cut after byte 30, asked with Last-Event-ID: 1, 1 event did not come (2)" in message


def test_a_cut_that_never_took_place_does_not_pass(starlette: str) -> None:
    message = failure(lambda: at(starlette, "/whole").survives_cut([2, 20]))
    assert "the stream ended with 6 events, before the cut behind event 20" in message


def test_without_a_stream_a_cut_says_what_streams_says(starlette: str) -> None:
    assert "[html-page]" in failure(lambda: at(starlette, "/page").survives_cut(1))
    assert "[wrong-status]" in failure(lambda: at(starlette, "/nowhere").survives_cut())


@pytest.mark.parametrize("where", ["somewhere", [], range(1000)])
def test_places_that_are_none_are_refused(starlette: str, where: object) -> None:
    with pytest.raises(LabError, match="at="):
        at(starlette, "/whole").survives_cut(where)  # type: ignore[arg-type]


def test_tls_cannot_be_cut() -> None:
    with pytest.raises(LabError, match="speaks http:// only"):
        sse_endpoint("https://127.0.0.1:1/events").survives_cut(1)


def test_health_is_what_the_doctor_says(starlette: str) -> None:
    at(starlette, "/whole").is_healthy()
    endpoint = at(starlette, "/deaf")
    assert "is not healthy: Last-Event-ID is ignored [resume-ignored]" in failure(endpoint.is_healthy)
    endpoint.is_healthy(ignoring=["resume-ignored"])
    broken = failure(at(starlette, "/raising").is_healthy)
    assert "[broken-off]" in broken
    assert "cannot be examined" in failure(sse_endpoint("http://127.0.0.1:1/events", seconds=0.3).is_healthy)


def test_silence_is_measured_against_the_wish(starlette: str) -> None:
    at(starlette, "/talking", 0.3).beats(within_s=0.2)
    message = failure(lambda: at(starlette, "/silent", 0.3).beats(within_s=0.2))
    assert re.search(r"without a heartbeat \[no-heartbeat\]\n    seen   no byte came for 0\.\d", message)
    assert ", and 0.2 s were allowed" in message


def test_the_end_is_the_one_that_was_asked_for(starlette: str) -> None:
    at(starlette, "/finished").ends().ends(with_event="done")
    assert "its last event is 'message' with the data 'tick 6', and not 'done'" in failure(
        lambda: at(starlette, "/whole").ends(with_event="done")
    )
    assert "it is still open" in failure(at(starlette, "/talking", 0.2).ends)
    assert "[broken-off]" in failure(at(starlette, "/raising").ends)


def test_an_app_that_goes_on_for_nobody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.testing.checks.NOTICE_WITHIN_S", 0.4)
    with sse_endpoint(apps.starlette_app, path="/talking") as endpoint:
        endpoint.notices_leaving()
    with sse_endpoint(apps.never_leaves) as endpoint:
        message = failure(endpoint.notices_leaving)
    assert "goes on for nobody" in message and "[leaving-unnoticed]" in message


def test_of_a_url_leaving_cannot_be_told(starlette: str) -> None:
    assert "cannot be told from outside" in failure(at(starlette, "/talking", 0.3).notices_leaving)


def test_a_channel_of_our_own_passes_by_its_url() -> None:
    channel = Channel(MemoryLog())
    over = threading.Event()
    with launch({"/events": channel}, name="test of labkit.testing") as server:

        def publish() -> None:
            while not over.wait(0.03):
                channel.publish("tick")

        thread = threading.Thread(target=publish)
        thread.start()
        endpoint = sse_endpoint(server.url, path="/events", seconds=1.0)
        endpoint.streams().resumes().survives_cut([3, Cut(bytes=50)]).is_healthy().notices_leaving()
        over.set()
        thread.join()


def test_fastapis_own_response_passes_and_a_deaf_one_gets_fastapis_line() -> None:
    with sse_endpoint(apps.fastapi_app, path="/events", seconds=1.0) as endpoint:
        endpoint.streams().resumes().is_healthy(ignoring=["cacheable"])
    with sse_endpoint(apps.fastapi_app, path="/deaf", seconds=1.0) as endpoint:
        message = failure(endpoint.resumes)
    assert message.startswith("/deaf of FastAPI does not resume: Last-Event-ID is ignored [resume-ignored]")
    assert "    mend   FastAPI: last_event_id: Annotated[str | None, Header()] = None" in message


def test_a_flask_generator_passes_and_a_joined_one_gets_flasks_line() -> None:
    with sse_endpoint(apps.flask_app, path="/events", seconds=1.0) as endpoint:
        endpoint.streams().resumes().survives_cut([2, Cut(bytes=40)]).is_healthy().notices_leaving()
    with sse_endpoint(apps.flask_app, path="/collected", seconds=1.0) as endpoint:
        message = failure(endpoint.streams)
    assert "[held-to-the-end]" in message and "    mend   Flask: " in message


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_django_streams_the_generator_of_its_interface_and_collects_the_other() -> None:
    asgi, wsgi = apps.django_apps()
    with sse_endpoint(asgi, path="/async", seconds=1.0) as endpoint:
        endpoint.streams().resumes()
    with sse_endpoint(wsgi, path="/plain", seconds=1.0) as endpoint:
        endpoint.streams().resumes()
    with sse_endpoint(asgi, path="/plain", seconds=1.0) as endpoint:
        message = failure(endpoint.streams)
    assert "[held-to-the-end]" in message
    assert "    mend   Django: under WSGI a plain generator, under ASGI an async one: " in message


def test_hypercorn_serves_where_uvicorn_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    apps.lived.clear()
    with sse_endpoint(apps.starlette_app, path="/whole", seconds=0.6) as endpoint:
        endpoint.streams().resumes()
        assert apps.lived == ["began"]
    assert apps.lived == ["began", "ended"]


def test_without_either_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setitem(sys.modules, "hypercorn", None)
    with pytest.raises(LabError, match="pip install uvicorn"):
        sse_endpoint(apps.starlette_app).streams()


@pytest.mark.parametrize("missing", ["hypercorn", "uvicorn"])
def test_a_startup_that_fails_says_why(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(LabError, match="the app did not start: RuntimeError: no database"):
        sse_endpoint(apps.without_database).streams()


@pytest.mark.parametrize("target", [object(), 17, lambda: None])
def test_what_is_no_app_is_refused(target: object) -> None:
    with pytest.raises(LabError, match="neither a URL nor an ASGI or WSGI app"):
        sse_endpoint(target)  # type: ignore[arg-type]


def test_an_endpoint_that_is_forgotten_is_not_served_on() -> None:
    url = sse_endpoint(apps.flask_app).url  # the endpoint is gone when this is assigned
    address = urlsplit(url)

    def is_gone() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((address.hostname, address.port), 1):
            return False
        return True

    eventually(is_gone, "the end of the server")


def test_a_post_is_sent_as_one(starlette: str) -> None:
    endpoint = sse_endpoint(starlette, path="/echoed", content='{"ask": 1}', seconds=0.5).streams()
    assert [event.data for event in endpoint.events] == ['POST {"ask": 1}']


def test_it_works_where_a_loop_is_running(starlette: str) -> None:
    async def test_of_an_engineer() -> None:
        at(starlette, "/whole").streams().resumes()

    asyncio.run(test_of_an_engineer())


def test_secrets_are_in_no_message(starlette: str) -> None:
    secret = {"Authorization": "Bearer a-long-secret-value"}
    endpoint = sse_endpoint(f"{starlette}/nowhere?token=another-long-secret", headers=secret, seconds=0.5)
    message = failure(endpoint.streams) + repr(endpoint)
    assert "secret" not in message


def test_a_stream_that_answers_nothing_is_given_up_in_time() -> None:
    async def asleep(scope: dict[str, object], receive: object, send: object) -> None:
        assert scope["type"] == "http"  # uvicorn goes on where an app knows no lifespan
        await asyncio.sleep(60)

    began_s = time.monotonic()
    with sse_endpoint(asleep, seconds=0.2) as endpoint:
        failure(endpoint.streams)
    assert time.monotonic() - began_s < 8
