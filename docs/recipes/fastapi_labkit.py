"""Server-sent events with labkit inside FastAPI. Run it: TOKEN=sesame python docs/recipes/fastapi_labkit.py

Needs: pip install labkit fastapi uvicorn. A Channel brings ids, replay, the gap event, heartbeats, the headers and a
bound for slow readers, who are cut when 64 KiB wait, and resume. What is left to do: who may read, and the planned end.
"""

import asyncio
import hmac
import os
import signal
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Query, Request, Response

from labkit.asgi import asgi_app
from labkit.log import MemoryLog
from labkit.server import Channel

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "15"))  # many proxies end what is silent for 60 s
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be

app = FastAPI()
channel = Channel(MemoryLog(KEPT_EVENTS), heartbeat_s=HEARTBEAT_S, retry_ms=2000)
stream = asgi_app(channel, hosts=None, ends_on=[signal.SIGTERM, signal.SIGINT])
end_id = None  # of the event "done", while nothing was published after it


def knows(token: str) -> bool:
    return hmac.compare_digest(token.encode(), TOKEN.encode())


class Guarded:
    """What stands before the stream. (FastAPI's dependencies are for its own routes, and this is an ASGI app.)"""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        last_event_id = request.headers.get("Last-Event-ID") or request.query_params.get("lastEventId", "")
        answer: Any = stream
        if not knows(bearer or request.cookies.get("session", "")):  # EventSource sends cookies, and no header of ours
            answer = Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        elif end_id is not None and last_event_id in ("", end_id):
            answer = Response(status_code=204)  # the one answer in good order after which EventSource stays away
        await answer(scope, receive, send)


app.add_route("/events", Guarded())  # type: ignore[arg-type]  # Starlette takes an ASGI app as well


@app.post("/publish", status_code=202)
async def publish(
    request: Request,
    event: Annotated[str, Query(pattern="^[a-z]{0,40}$")] = "",
    authorization: Annotated[str, Header()] = "",  # no cookie: a foreign form may bring it
) -> None:
    global end_id
    if not knows(authorization.removeprefix("Bearer ")):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise HTTPException(413)
    id = channel.publish(body.decode("utf-8", "replace"), event or None)
    end_id = id if event == "done" else None
    if end_id:
        asyncio.get_running_loop().call_soon(channel.end, "it is done")


if __name__ == "__main__":
    # A reader that does not take the end of its stream is cut after a second.
    uvicorn.run(app, host="127.0.0.1", port=PORT, timeout_graceful_shutdown=1)
