"""MCP endpoints on real sockets: the official package's servers, and servers with one fault each."""

from __future__ import annotations

import asyncio
import contextlib
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

from labkit.doctor import Diagnosis, causes, examine

from ..helpers import free_port, soon

pytestmark = pytest.mark.live

SHORT_S = 0.25
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


def find(app: Any, path: str = "/mcp", **options: Any) -> Diagnosis:
    async def main() -> Diagnosis:
        async with running(app, path) as url:
            return await examine(url, seconds=SHORT_S, **options)

    return asyncio.run(main())


def names(found: Diagnosis) -> list[str]:
    return [finding.name for finding in found.findings]


@pytest.mark.parametrize(
    ("settings", "session"),
    [({}, "keeps a session, which was closed"), ({"json_response": True}, "keeps a session, which was closed"),
     ({"stateless_http": True}, "keeps no session"), ({"event_store": Kept()}, "keeps a session, which was closed")],
)  # fmt: skip
def test_the_official_server_is_healthy_however_it_answers(settings: dict[str, Any], session: str) -> None:
    server = official()
    found = find(server.streamable_http_app(**settings))
    assert names(found) == [], found
    assert found.facts[0] == "MCP over Streamable HTTP, 2025-11-25 and 2026-07-28; it is 'shop 2.1'"
    assert session in found.facts[1]


def test_it_is_recognised_by_its_answer_where_the_path_says_nothing() -> None:
    found = find(official().streamable_http_app(streamable_http_path="/api"), "/api")
    assert names(found) == [] and found.facts[0].startswith("MCP over Streamable HTTP")


def test_the_old_transport_is_greeted_in_its_stream() -> None:
    found = find(official().sse_app(), "/sse")
    assert names(found) == ["mcp-old-transport"] and found.healthy
    assert found.facts[0] == "MCP over HTTP+SSE, 2024-11-05; it is 'shop 2.1'"


def test_what_is_posted_is_posted_once_in_the_session_and_its_stream_is_judged() -> None:
    found = find(official().streamable_http_app(), content=CALL)
    assert names(found) == [] and b'"done"' in found.recording.body
    failing = CALL.replace(b'"count"', b'"fail"').replace(b'{"to": 3}', b"{}")
    found = find(official().streamable_http_app(), content=failing)
    assert found.first == "mcp-error" and "isError" in found.findings[0].evidence


@pytest.mark.parametrize("app", [lambda: official().streamable_http_app(host="0.0.0.0")])
def test_a_page_elsewhere_may_speak_to_an_official_server_that_checks_nothing(app: Callable[[], Any]) -> None:
    assert names(find(app())) == ["mcp-rebinding"]


def test_resumption_is_asked_for_with_leave_and_a_store_that_forgets_is_found() -> None:
    asked: list[str] = []
    found = find(official().streamable_http_app(event_store=Kept()), may_open_more=lambda why: not asked.append(why))
    assert names(found) == [] and len(asked) == 1 and found.skipped_requests == ()
    found = find(official().streamable_http_app(event_store=Kept(forgets=True)), may_open_more=lambda why: True)
    assert names(found) == ["mcp-resume-ignored"]
    found = find(official().streamable_http_app(event_store=Kept(forgets=True)))
    assert names(found) == [] and len(found.skipped_requests) == 1


@dataclass
class Faulty:
    """An MCP server by hand, healthy as it stands; `seen` are the methods and messages that it got."""

    hello: Callable[[dict[str, Any]], Response] = lambda result: JSONResponse(result, headers={"Mcp-Session-Id": "s1"})
    noted: int = 202
    get: Callable[[], Response] = lambda: Response(status_code=405)
    gone: int = 404
    pong: dict[str, Any] = field(default_factory=lambda: {"result": {}})
    checks_host: bool = True
    seen: list[str] = field(default_factory=list)
    open: bool = False

    async def handle(self, request: Request) -> Response:
        if self.checks_host and "rebound" in request.headers["host"]:
            return Response(status_code=403)
        body = json.loads(await request.body() or b"{}")
        self.seen.append(body.get("method", request.method))
        if body.get("method") == "initialize":
            self.open = True
            info = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "hand", "version": "1"}}
            return self.hello({"jsonrpc": "2.0", "id": body["id"], "result": info})
        if request.headers.get("mcp-session-id") != "s1":
            error = {"code": -32000, "message": "Bad Request: no session"}
            return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)
        if not self.open:
            return Response(status_code=self.gone)
        if request.method == "DELETE":
            self.open = False
            return Response(status_code=200)
        if request.method == "GET":
            return self.get()
        return Response(status_code=self.noted) if "id" not in body else self.answer(body["id"])

    def answer(self, number: int) -> Response:
        return JSONResponse({"jsonrpc": "2.0", "id": number, **self.pong})

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


NOTICE = 'data: {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}\n\n'
FAULTS: dict[str, Callable[[], Faulty]] = {
    "mcp-greeting": lambda: Faulty(hello=refuse),
    "mcp-held": lambda: Faulty(hello=lambda result: stream(": open\n\n", stays=True)),
    "mcp-error": lambda: Faulty(pong={"error": {"code": -32601, "message": "Method not found"}}),
    "mcp-notification-refused": lambda: Faulty(noted=400),
    "mcp-stream-refused": lambda: Faulty(get=lambda: Response("nothing here", 404)),
    "mcp-foreign-event": lambda: Faulty(get=lambda: stream(NOTICE, "event: ping\ndata: {}\n\n", stays=True)),
    "mcp-rebinding": lambda: Faulty(checks_host=False),
    "mcp-session-not-404": lambda: Faulty(gone=400),
}
OFFICIAL = {"mcp-resume-ignored", "mcp-old-transport"}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_first_and_the_session_is_closed(name: str) -> None:
    faulty = FAULTS[name]()
    found = find(faulty.app())
    assert [name] == names(found), found
    assert ("DELETE" in faulty.seen) == (found.facts[1:2] == ("it keeps a session, which was closed",))


def test_a_server_by_hand_without_a_fault_is_healthy() -> None:
    faulty = Faulty()
    found = find(faulty.app())
    assert names(found) == [] and faulty.seen.count("initialize") == 1
    assert found.facts[-1] == "GET says 405: it offers no stream of its own, as it may"
    found = find(Faulty(get=lambda: stream(NOTICE, stays=True)).app())
    assert names(found) == [] and found.recording.events


def test_every_cause_of_mcp_has_a_server() -> None:
    ours = {name for name in causes() if name.startswith("mcp-")}
    assert ours == set(FAULTS) | OFFICIAL | {"mcp-endpoint-elsewhere"}
