"""MCP endpoints on real sockets: the official package's servers, and servers with one fault each."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from labkit.doctor import Diagnosis, FurtherAnswers, NotExamined, causes, examine, examine_both, judge, mcp_greeting
from labkit.doctor.mcp_loss import look_at_posted
from labkit.doctor.mcp_visit import McpVisit, message_text
from labkit.proxy import Nginx, nginx
from labkit.recording import Arrival, Recording

from ..helpers import free_port, soon

pytestmark = pytest.mark.live

SHORT_S = 0.25
SESSION = "session-4711"
STREAM = "text/event-stream"
CALL = b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "count", "arguments": {"to": 3}}}'


@contextlib.asynccontextmanager
async def running(app: Any, path: str = "/mcp") -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=free_port(), log_level="critical", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await soon(lambda: server.started)
    yield f"http://127.0.0.1:{config.port}{path}"
    server.should_exit = True
    await task


class Kept(EventStore):
    """What the official server stores; with `forgets` nothing is replayed."""

    def __init__(self, forgets: bool = False) -> None:
        self.stored: list[tuple[str, Any]] = []
        self.forgets = forgets

    async def store_event(self, stream_id: str, message: Any) -> str:
        self.stored.append((stream_id, message))
        return str(len(self.stored))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        stream_id = self.stored[int(last_event_id) - 1][0]
        for number, (of_stream, message) in enumerate(self.stored[int(last_event_id) :], int(last_event_id) + 1):
            if of_stream == stream_id and message is not None and not self.forgets:
                await send_callback(EventMessage(message, str(number)))
        return stream_id


def official() -> MCPServer:
    server = MCPServer("shop", version="2.1")

    @server.tool()
    async def count(to: int, context: Context[Any]) -> str:
        for number in range(to):
            await context.report_progress(number, to)
        return "done"

    @server.tool()
    async def fail() -> str:
        raise ValueError("out of stock")

    return server


async def found_at(app: Any, path: str = "/mcp", **options: Any) -> Diagnosis:
    async with running(app, path) as url:
        return await examine(url, seconds=SHORT_S, **options)


def find(app: Any, path: str = "/mcp", **options: Any) -> Diagnosis:
    return asyncio.run(found_at(app, path, **options))


def find_all(*apps: Any, **options: Any) -> list[Diagnosis]:
    """All at the same time: what takes long is watching."""

    async def main() -> list[Diagnosis]:
        return await asyncio.gather(*(found_at(app, **options) for app in apps))

    return asyncio.run(main())


def names(found: Diagnosis) -> list[str]:
    return [finding.name for finding in found.findings]


def test_the_official_server_is_healthy_however_it_answers() -> None:
    settings: list[dict[str, Any]] = [{}, {"json_response": True}, {"event_store": Kept()}, {"stateless_http": True}]
    found = find_all(*(official().streamable_http_app(**chosen) for chosen in settings))
    assert [names(each) for each in found] == [[]] * 4, found
    assert {each.facts[0] for each in found} == {
        "MCP over Streamable HTTP, 2025-11-25 and 2026-07-28; it is 'shop 2.1'"
    }
    assert [each.facts[1] for each in found] == ["it keeps a session, which was closed"] * 3 + ["it keeps no session"]


def test_it_is_recognised_by_its_answer_where_the_path_says_nothing() -> None:
    found = find(official().streamable_http_app(streamable_http_path="/api"), "/api")
    assert names(found) == [] and found.facts[0].startswith("MCP over Streamable HTTP")


def test_a_silent_stream_is_not_greeted_unasked() -> None:
    def silent() -> Any:
        return official().streamable_http_app(stateless_http=True, streamable_http_path="/api")

    with pytest.raises(NotExamined, match="MCP endpoint, ask it: --post"):
        find(silent(), "/api", patience_s=0)
    assert names(find(silent(), "/api", content=message_text("ping", 1))) == []


def test_the_old_transport_is_greeted_in_its_stream() -> None:
    found = find(official().sse_app(), "/sse")
    assert names(found) == ["mcp-old-transport"] and found.healthy
    assert found.facts[0] == "MCP over HTTP+SSE, 2024-11-05; it is 'shop 2.1'"


def test_what_is_posted_is_posted_once_in_the_session_and_its_stream_is_judged() -> None:
    found = find(official().streamable_http_app(), content=CALL)
    assert names(found) == [] and b'"done"' in found.recording.body
    by_hand = Faulty()
    assert names(find(by_hand.app(), content=CALL)) == [] and by_hand.seen.count("tools/call") == 1
    failing = CALL.replace(b'"count"', b'"fail"').replace(b'{"to": 3}', b"{}")
    found = find(official().streamable_http_app(), content=failing)
    assert found.first == "mcp-error" and "isError" in found.findings[0].evidence


def two_workers(**chosen: Any) -> Any:
    """Two workers of the official server, which take turns: each has sessions of its own."""
    apps = [official().streamable_http_app(**chosen) for _ in range(2)]
    turns = itertools.cycle(apps)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await next(turns)(scope, receive, send)
            return
        async with contextlib.AsyncExitStack() as stack:
            for each in apps:
                await stack.enter_async_context(each.router.lifespan_context(each))
            for said in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{said}.complete"})

    return app


def test_a_session_that_only_some_workers_know_is_lost_and_without_sessions_none_is() -> None:
    lost, stateless = find_all(two_workers(), two_workers(stateless_http=True))
    for found in (lost, find(two_workers(), content=CALL)):
        assert names(found) == ["mcp-session-lost"] and "'Session not found'" in found.findings[0].evidence
    assert names(stateless) == []
    assert lost.findings[0].remedies[0].line.startswith("server.streamable_http_app(stateless_http=True)")


def test_a_page_elsewhere_may_speak_to_an_official_server_that_checks_nothing() -> None:
    assert names(find(official().streamable_http_app(host="0.0.0.0"))) == ["mcp-rebinding"]


def test_resumption_is_asked_for_with_leave_and_a_store_that_forgets_is_found() -> None:
    stores = [Kept(), Kept(forgets=True)]
    asked: list[str] = []
    apps = [official().streamable_http_app(event_store=store) for store in stores]
    kept, forgotten = find_all(*apps, may_open_more=lambda why: not asked.append(why))
    assert names(kept) == [] and len(asked) == 2 and kept.skipped_requests == ()
    assert names(forgotten) == ["mcp-resume-ignored"]
    unasked = find(official().streamable_http_app(event_store=stores[1]))
    assert names(unasked) == [] and len(unasked.skipped_requests) == 1


@dataclass
class Faulty:
    """An MCP server by hand, healthy as it stands; `seen` are the methods and messages that it got."""

    hello: Callable[[dict[str, Any]], Response] = JSONResponse
    noted: int = 202
    get: Callable[[], Response] = lambda: Response(status_code=405)
    gone: int = 404
    ends: int = 200
    pong: dict[str, Any] = field(default_factory=lambda: {"result": {}})
    checks_origin: bool = True
    seen: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    late_s: float = 0.0

    async def handle(self, request: Request) -> Response:
        if self.checks_origin and "rebound" in request.headers.get("origin", ""):
            return Response(status_code=403)
        body = json.loads(await request.body() or b"{}")
        self.seen.append(body.get("method", request.method))
        if body.get("method") == "initialize":
            info = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "hand", "version": "1"}}
            answer = self.hello({"jsonrpc": "2.0", "id": body["id"], "result": info})
            if answer.status_code == 200 and isinstance(answer, JSONResponse):
                self.open.add(f"{SESSION}-{len(self.seen)}")
                answer.headers["Mcp-Session-Id"] = f"{SESSION}-{len(self.seen)}"
            return answer
        session = request.headers.get("mcp-session-id", "")
        if not session:
            error = {"code": -32000, "message": "Bad Request: no session"}
            return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)
        if session not in self.open:
            return Response(status_code=self.gone)
        if request.method == "DELETE":
            self.open -= {session} if self.ends == 200 else set()
            return Response(status_code=self.ends)
        if request.method == "GET":
            await asyncio.sleep(self.late_s)
            return self.get()
        if "id" not in body:
            return Response(status_code=self.noted)
        pong = json.loads(json.dumps(self.pong).replace("SESSION", session))
        return JSONResponse({"jsonrpc": "2.0", "id": body["id"], **pong})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/mcp", self.handle, methods=["GET", "POST", "DELETE"])])


def stream(*events: str, stays: bool = False) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        for event in events:
            yield event
        if stays:
            await asyncio.sleep(30)  # until the client leaves

    return StreamingResponse(pieces(), media_type=STREAM, headers={"Cache-Control": "no-cache"})


def refuse(result: dict[str, Any]) -> Response:
    error = {"code": -32603, "message": "no database"}
    return JSONResponse({"jsonrpc": "2.0", "id": result["id"], "error": error}, 500)


ACKNOWLEDGED = 'data: {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged"}\n\n'
NOTICE = 'data: {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}\n\n'
FAULTS: dict[str, Callable[[], Faulty]] = {
    "mcp-greeting": lambda: Faulty(hello=refuse),
    "mcp-held": lambda: Faulty(hello=lambda result: stream(": open\n\n", stays=True)),
    "mcp-error": lambda: Faulty(pong={"error": {"code": -32601, "message": "nothing in SESSION"}}),
    "mcp-notification-refused": lambda: Faulty(noted=400),
    "mcp-stream-refused": lambda: Faulty(get=lambda: Response("nothing here", 404)),
    "mcp-foreign-event": lambda: Faulty(get=lambda: stream(NOTICE, "event: ping\ndata: {}\n\n", stays=True)),
    "mcp-rebinding": lambda: Faulty(checks_origin=False),
    "mcp-session-not-404": lambda: Faulty(gone=400),
}
ELSEWHERE_HERE = {
    "mcp-resume-ignored",
    "mcp-old-transport",
    "mcp-endpoint-elsewhere",
    "mcp-session-lost",
    "mcp-unanswered",
}


def test_each_fault_is_named_and_nothing_else_and_the_session_is_closed() -> None:
    servers = {name: make() for name, make in FAULTS.items()}
    for (name, server), found in zip(servers.items(), find_all(*(s.app() for s in servers.values())), strict=True):
        assert names(found) == [name], found
        assert ("DELETE" in server.seen) == ("it keeps a session, which was closed" in found.facts), name
        assert ("DELETE" in server.seen) == (name not in ("mcp-greeting", "mcp-held")), name
        assert SESSION not in str(found.as_json()), name
        assert server.open == set(), name  # that of the page elsewhere too


def test_a_server_by_hand_without_a_fault_is_healthy() -> None:
    faulty = Faulty()
    found = find(faulty.app())
    assert names(found) == [] and faulty.seen.count("initialize") == 1
    assert found.facts[-1] == "GET says 405: it offers no stream of its own, as it may"
    kept = find(Faulty(ends=405).app())  # a server may keep its sessions
    assert names(kept) == [] and "it keeps a session, which could not be closed: DELETE got status 405" in kept.facts
    late = Faulty(get=lambda: stream(NOTICE, stays=True), late_s=1.5 * SHORT_S)
    found = find(late.app())
    assert names(found) == [] and found.recording.events


@dataclass
class Answering(Faulty):
    """The same, with its own answer to what the user posts; None hangs up."""

    answers: Callable[[], Response] | None = None

    async def handle(self, request: Request) -> Response:
        if b"tools/call" not in await request.body():
            return await super().handle(request)
        if self.answers is None:
            raise ConnectionError
        return self.answers()


@pytest.mark.parametrize(
    ("answers", "severity", "said"),
    [
        (lambda: stream(NOTICE), "error", "ended after"),
        (lambda: stream(f"id: 1\n{NOTICE}"), "note", "have ids"),
        (lambda: stream(NOTICE, stays=True), "note", "is open"),
        (lambda: Response("<h1>Bad Gateway</h1>", 502), "error", "502, it says 'Bad Gateway'"),
        (lambda: Response(status_code=202), "error", "202"),
        (lambda: Response(status_code=404), "error", "404"),
        (None, "error", "500"),
    ],
)
def test_what_is_posted_and_stays_unanswered(answers: Callable[[], Response], severity: str, said: str) -> None:
    (finding,) = find(Answering(answers=answers).app(), content=CALL).findings
    expected = "mcp-session-lost" if said == "404" else "mcp-unanswered"
    assert (finding.name, finding.severity) == (expected, severity) and said in finding.evidence


@pytest.mark.parametrize(
    ("url", "severity"),
    [("http://127.0.0.1:8000/mcp", "warning"), ("http://localhost/mcp", "warning"), ("http://10.0.0.9/mcp", "warning"),
     ("http://[::1]:8000/mcp", "warning"), ("https://127.0.0.1/mcp", "note"), ("http://8.8.8.8/mcp", "note"),
     ("http://example.org/mcp", "note")],
)  # fmt: skip
def test_rebinding_leads_to_this_machine_or_network(url: str, severity: str) -> None:
    body = b'{"jsonrpc": "2.0", "id": 2, "result": {"protocolVersion": "2025-11-25"}}'
    answer = Recording(200, {"content-type": "application/json"}, (Arrival(0.1, body),), ended=True, url=url)
    visit = McpVisit(initialized=answer, rebound=answer)
    (found,) = judge(answer, FurtherAnswers(mcp=visit)).findings
    assert (found.name, found.severity) == ("mcp-rebinding", severity)


def test_a_connection_that_is_closed_without_an_answer_leaves_the_post_unanswered() -> None:
    (finding,) = look_at_posted(McpVisit(posted=Recording(0)))
    assert finding.evidence == "what was posted got no answer: the connection was closed"
    assert list(look_at_posted(McpVisit())) == []


def test_every_cause_of_mcp_has_a_server() -> None:
    ours = {name for name in causes() if name.startswith("mcp-")}
    assert ours == set(FAULTS) | ELSEWHERE_HERE


def test_behind_nginx_the_sessions_stream_is_held_and_the_comparison_says_so() -> None:
    by_hand = Faulty(get=lambda: stream(NOTICE, stays=True))

    async def compared(app: Any, chosen: Nginx) -> Any:
        async with running(app) as url:
            with await asyncio.to_thread(nginx, url, chosen) as proxy:
                return await examine_both(proxy.url, url, seconds=SHORT_S, patience_s=0.5)

    async def main() -> list[Any]:
        setups = [(by_hand.app(), Nginx()), (by_hand.app(), Nginx(buffering=False)),
                  (official().streamable_http_app(), Nginx())]  # fmt: skip
        return await asyncio.gather(*(compared(app, chosen) for app, chosen in setups))

    held, unbuffered, told = asyncio.run(main())
    assert held.direct.healthy and held.held, held
    assert names(held.through) == ["mcp-held"] and "GET in the session" in held.through.findings[0].evidence
    assert held.through.findings[0].remedies[0].where == "nginx"
    assert unbuffered.healthy and names(unbuffered.through) == [], unbuffered
    assert names(told.through) == [], told  # the official server says X-Accel-Buffering: no


def test_the_old_transport_that_leads_elsewhere_or_holds_its_answers() -> None:
    def old(endpoint: str, posts: int = 202) -> Starlette:
        async def open_stream(request: Request) -> Response:
            return stream(f"event: endpoint\ndata: {endpoint}\n\n", stays=True)

        async def take(request: Request) -> Response:
            return Response(status_code=posts)

        routes = [Route("/sse", open_stream), Route("/messages", take, methods=["POST"])]
        return Starlette(routes=routes)

    apps = (old("http://app:8000/messages"), old("/messages?session_id=sesame"),
            old("/messages?session_id=sesame", 404), old("/messages", 503))  # fmt: skip
    elsewhere, held, prefixed, refused = find_all(*apps, path="/sse", patience_s=0)
    assert elsewhere.first == prefixed.first == "mcp-endpoint-elsewhere" and refused.first == "mcp-greeting"
    assert "names /messages; POST there: status 404" in prefixed.findings[0].evidence
    assert held.first == "mcp-held" and "sesame" not in f"{held.as_json()}{prefixed.as_json()}"
    assert "mcp-rebinding" in names(held)


def test_a_server_of_the_newest_revision_alone_has_no_session_and_no_get() -> None:
    listens: list[Callable[[], Response]] = []

    async def serve(request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        body = json.loads(await request.body())
        if "rebound" in request.headers.get("origin", ""):
            return Response(status_code=403)
        if request.headers.get("mcp-protocol-version") != "2026-07-28":
            error = {"code": -32022, "message": "Unsupported", "data": {"supported": ["2026-07-28"]}}
            return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "error": error}, 400)
        result: dict[str, Any] = {"supportedVersions": ["2026-07-28"], "capabilities": {}}
        if body["method"] == "subscriptions/listen":
            assert request.headers["mcp-method"] == body["method"] and body["params"]["notifications"]
            error = {"code": -32601, "message": "Method not found"}
            return listens[0]() if listens else JSONResponse({"jsonrpc": "2.0", "id": body["id"], "error": error}, 404)
        if body["method"] == "tools/call":
            assert request.headers["mcp-name"] == "count" and request.headers["mcp-method"] == "tools/call"
            assert body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
            result = {"resultType": "complete", "content": [{"type": "text", "text": "3"}]}
        return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "result": result})

    app = Starlette(routes=[Route("/mcp", serve, methods=["GET", "POST", "DELETE"])])
    found = find(app)
    assert names(found) == [] and "MCP over Streamable HTTP, 2026-07-28" in found.facts[0], found
    assert found.facts[-1] == "it offers no subscriptions"
    listens.append(lambda: stream(ACKNOWLEDGED, stays=True))
    found = find(app)
    assert names(found) == [] and b"acknowledged" in found.recording.body
    listens[:] = [lambda: stream(": open\n\n", stays=True)]
    held = find(app)
    assert names(held) == ["mcp-held"] and "subscriptions/listen" in held.findings[0].evidence
    assert b'"text":"3"' in find(app, content=CALL).recording.body


def newest_alone() -> Any:
    """The official server, where it refuses every revision but the newest."""
    inner = official().streamable_http_app()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked = dict(scope.get("headers", ())).get(b"mcp-protocol-version")
        error = {"code": -32022, "message": "Unsupported", "data": {"supported": ["2026-07-28"]}}
        refusal = JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)
        is_served = scope["type"] == "lifespan" or asked == b"2026-07-28"
        await (inner if is_served else refusal)(scope, receive, send)

    return app


def test_the_official_server_in_its_newest_revision_alone_acknowledges_a_subscription() -> None:
    found = find(newest_alone())
    assert names(found) == [] and b"subscriptions/acknowledged" in found.recording.body
    assert found.facts[0].startswith("MCP over Streamable HTTP, 2026-07-28;")
    assert names(find(newest_alone(), content=CALL)) == []


def test_a_key_is_asked_for_and_never_told_to_the_name_of_a_page_elsewhere() -> None:
    heads: list[dict[str, str]] = []

    async def serve(request: Request) -> Response:
        heads.append(dict(request.headers))
        if request.headers.get("authorization") != "Bearer sesame":
            return JSONResponse({"error": "invalid_token"}, 401, headers={"WWW-Authenticate": "Bearer"})
        return await faulty.handle(request)

    faulty = Faulty(checks_origin=False)
    app = Starlette(routes=[Route("/mcp", serve, methods=["GET", "POST", "DELETE"])])
    refused = find(app)
    assert refused.first == "wrong-status" and "WWW-Authenticate: Bearer" in refused.findings[0].evidence
    assert names(find(app, headers={"Authorization": "Bearer sesame"})) == []
    elsewhere = [head for head in heads if "rebound" in head["host"]]
    assert elsewhere and not any("authorization" in head for head in elsewhere)


def test_an_ordinary_stream_at_such_a_path_is_examined_as_ever() -> None:
    async def ticks(request: Request) -> Response:
        return stream(*(f"id: {number}\ndata: {number}\n\n" for number in range(5)), stays=True)

    found = find(Starlette(routes=[Route("/mcp", ticks)]))
    assert "six-connections" in names(found) and not any(name.startswith("mcp-") for name in names(found))
    found = find(Starlette(routes=[Route("/mcp", lambda request: Response(status_code=418), methods=["GET", "POST"])]))
    assert found.first == "wrong-status"


def test_the_official_server_in_each_revision_with_a_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    for revision in ("2024-11-05", "2025-03-26", "2025-06-18"):  # the newest is asked for in the other tests
        monkeypatch.setitem(mcp_greeting.HELLO, "protocolVersion", revision)
        found = find(official().streamable_http_app(event_store=Kept()), may_open_more=lambda why: True)
        assert names(found) == [] and f"{revision} and 2026-07-28" in found.facts[0], found
