"""Python's frameworks with their real servers: healthy, and broken in the ways in which people break them."""

from __future__ import annotations

from collections.abc import Sequence

from .running import program
from .set_up import SetUp

COMMON = """
import asyncio, itertools, json, time
KIND = "text/event-stream"
NO_CACHE = {"Cache-Control": "no-cache"}
BEGAN = time.time()

def now():
    return int((time.time() - BEGAN) / 0.25)

def frame(n):
    return f"id: {n}\\ndata: " + json.dumps({"n": n, "at": time.time()}) + "\\n\\n"

def bare(n):
    return f"data: {n}\\n\\n"

def rows(last="", count=None, make=frame):
    n = int(last) + 1 if str(last).isdigit() else now()
    for n in itertools.count(n) if count is None else range(count):
        if count is None:
            time.sleep(max(0.0, BEGAN + n * 0.25 - time.time()))
        else:
            time.sleep(0.2)
        yield make(n)

async def arows(last="", count=None, make=frame):
    n = int(last) + 1 if str(last).isdigit() else now()
    for n in itertools.count(n) if count is None else range(count):
        await asyncio.sleep(max(0.0, BEGAN + n * 0.25 - time.time()) if count is None else 0.2)
        yield make(n)
"""
PYTHON = ("PYTHON", "FILE")
SYNC = ("PYTHON", "-m", "gunicorn", "-w", "1", "-b", "127.0.0.1:PORT", "app:app")
THREADS = (*SYNC, "-k", "gthread", "--threads", "8")
UVICORN = ("PYTHON", "-m", "uvicorn", "--port", "PORT", "--log-level", "warning", "app:app")
HYPERCORN = ("PYTHON", "-m", "hypercorn", "-b", "127.0.0.1:PORT", "app:app")


def made(
    product: str,
    name: str,
    causes: Sequence[str] | str,
    source: str,
    command: Sequence[str],
    *,
    before: str = "",
    after: str = "",
    remedy: str = "",
    path: str = "/events",
    readers: int = 0,
    **options: object,
) -> SetUp:
    """A set-up of a Python program: what all have in common, what this framework needs, and its own lines."""
    text = COMMON + before + source + after
    wanted = (causes,) if isinstance(causes, str) else tuple(causes)

    def run():  # type: ignore[no-untyped-def]
        return program(text, command, path=path, readers=readers)

    return SetUp(f"{product}: {name}", product, wanted, run, remedy, options)


# Flask

FLASK = """
from flask import Flask, Response, request, jsonify, stream_with_context
app = Flask(__name__)
def last():
    return request.headers.get("Last-Event-ID", "")
@app.get("/events")
def events():
"""
FLASK_RUN = """
if __name__ == "__main__":
    import os
    app.run(port=int(os.environ["PORT"]))
"""
GOOD = "    return Response(rows(last()), mimetype=KIND, headers=NO_CACHE)\n"


def flask(
    name: str, causes: Sequence[str] | str, source: str, command: Sequence[str] = THREADS, **more: object
) -> SetUp:
    server = "gunicorn" if "gunicorn" in command else "its own server"
    return made("Flask", f"{name}, {server}", causes, source, command, before=FLASK, after=FLASK_RUN, **more)  # type: ignore[arg-type]


FLASK_ONES = [
    flask("a generator", (), GOOD),
    flask("a generator", (), GOOD, PYTHON),
    flask("as a tutorial has it", "cacheable", "    return Response(rows(last()), mimetype=KIND)\n", remedy="Flask"),
    flask("no mimetype", "wrong-media-type", "    return Response(rows(last()), headers=NO_CACHE)\n", remedy="Flask"),
    flask("jsonify of all rows", "wrong-media-type", "    return jsonify(list(rows(count=5)))\n", remedy="Flask"),
    flask("the rows joined", ("held-to-the-end", "head-late"),
          "    return Response(''.join(rows(count=20, make=bare)), mimetype=KIND, headers=NO_CACHE)\n", remedy="Flask"),
    flask("one sync worker, another reader", "worker-busy", GOOD, SYNC, readers=1),
    flask("one sync worker, and coming back", (), GOOD, SYNC),
    flask("a worker's timeout of 4 s", ("total-timeout", "broken-off"), GOOD, (*SYNC, "--timeout", "4"),
          remedy="gunicorn"),
    flask("an exception in the generator", "broken-off",
          "    def make():\n        yield from rows(count=5, make=bare)\n        raise KeyError('price')\n"
          "    return Response(make(), mimetype=KIND, headers=NO_CACHE)\n"),
    flask("str(dict) as data", "printed-object",
          "    return Response(rows(last(), make=lambda n: f'id: {n}\\ndata: ' + str({'n': n, 'ok': True}) + '\\n\\n'),"
          " mimetype=KIND, headers=NO_CACHE)\n", remedy="Python"),
    flask("a print in the view that fails", "wrong-status", "    print(undefined)\n" + GOOD, remedy=""),
    flask("a raw f-string", "backslash-n",
          "    return Response(rows(make=lambda n: rf'data: {n}\\n\\n'), mimetype=KIND, headers=NO_CACHE)\n",
          remedy="Python"),
    flask("request used in a generator without its context", ("broken-off", "wrong-status"),
          "    def make():\n        yield bare(1)\n        yield f'data: {request.args}\\n\\n'\n"
          "    return Response(make(), mimetype=KIND, headers=NO_CACHE)\n"),
    flask("X-Accel-Buffering and a heartbeat", (),
          "    return Response(itertools.chain([': open\\n\\n'], rows(last())), mimetype=KIND,"
          " headers={**NO_CACHE, 'X-Accel-Buffering': 'no'})\n"),
    made("Flask", "not threaded, another reader", "worker-busy", GOOD, PYTHON, before=FLASK, readers=1,
         after=FLASK_RUN.replace("PORT\"])", "PORT\"]), threaded=False")),
]  # fmt: skip

# Django

DJANGO = """
import os, sys, django
from django.conf import settings
settings.configure(DEBUG=True, ROOT_URLCONF="app", ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGIN_URL="/login/",
                   MIDDLEWARE=MIDDLEWARE, TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST
def last(request):
    return request.headers.get("Last-Event-ID", "")
"""
DJANGO_URLS = """
urlpatterns = [path("events", events), path("login/", lambda request: HttpResponse("<html><title>Log in</title></html>"))]
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
app = get_asgi_application() if "uvicorn" in " ".join(sys.argv) or "hypercorn" in " ".join(sys.argv) else get_wsgi_application()
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    sys.modules["app"] = sys.modules["__main__"]
    execute_from_command_line(["manage.py", "runserver", "--noreload", os.environ["PORT"]])
"""


#: What startproject writes, without what needs a database.
USUAL = str([f"django.middleware.{name}" for name in (
    "security.SecurityMiddleware", "common.CommonMiddleware", "csrf.CsrfViewMiddleware",
    "clickjacking.XFrameOptionsMiddleware")])  # fmt: skip


def django(
    name: str, causes: Sequence[str] | str, source: str, command: Sequence[str], middleware: str = USUAL, **more: object
) -> SetUp:
    kind = "WSGI" if "gunicorn" in command else "ASGI" if "uvicorn" in command else "runserver"
    before = f"MIDDLEWARE = {middleware}\n" + DJANGO
    return made("Django", f"{name}, {kind}", causes, source, command, before=before, after=DJANGO_URLS, **more)  # type: ignore[arg-type]


STREAMING = "def events(request):\n    return StreamingHttpResponse(ROWS, content_type=KIND, headers=NO_CACHE)\n"
ASYNC = STREAMING.replace("def ", "async def ").replace("ROWS", "arows(last(request))")
SYNCED = STREAMING.replace("ROWS", "rows(last(request))")
GZIP = USUAL.replace("[", '["django.middleware.gzip.GZipMiddleware", ', 1)
DJANGO_ONES = [
    django("a generator", (), SYNCED, THREADS),
    django("an async generator", (), ASYNC, UVICORN),
    django("a generator", "close-delimited", SYNCED, PYTHON, remedy="Django"),
    django("no content_type", "wrong-media-type", SYNCED.replace("content_type=KIND, ", ""), THREADS, remedy="Django"),
    django("no Cache-Control", "cacheable", SYNCED.replace(", headers=NO_CACHE", ""), THREADS, remedy="Django"),
    django("a plain generator for ever", ("no-heartbeat", "held"), SYNCED, UVICORN, remedy="Django"),
    django("a plain generator that ends", ("held-to-the-end", "head-late"),
           STREAMING.replace("ROWS", "rows(count=20, make=bare)"), UVICORN, remedy="Django"),
    django("HttpResponse of a generator", ("held-to-the-end", "head-late"),
           "def events(request):\n    return HttpResponse(rows(count=20, make=bare), content_type=KIND, headers=NO_CACHE)\n",
           THREADS, remedy="Django"),
    django("GZipMiddleware", ("compression-holds", "gzip-members"), SYNCED, THREADS, GZIP, remedy="Django"),
    django("GZipMiddleware", "gzip-members", ASYNC, UVICORN, GZIP, remedy="Django"),
    django("time.sleep in an async view", ("second-unanswered", "worker-busy"),
           "async def late(last=''):\n    for each in rows(last):\n        yield each\n"
           + ASYNC.replace("arows(", "late("), UVICORN, remedy="asyncio"),
    django("a redirect to the login", "html-page", "def events(request):\n    return redirect('/login/?next=/events')\n",
           THREADS),
    django("JsonResponse of a dict", "wrong-media-type",
           "def events(request):\n    return JsonResponse({'events': []})\n", THREADS, remedy="Django"),
    django("a template that escapes", "html-escaped",
           "from django.template import Template, Context\n"
           "T = Template('id: {{ n }}\\ndata: {{ value }}\\n\\n')\n"
           + STREAMING.replace("ROWS", "rows(last(request), make=lambda n: T.render(Context({'n': n, 'value': json.dumps({'n': n})})))"),
           THREADS, remedy="Django"),
    django("POST only", "wrong-status", "@require_POST\n" + SYNCED, THREADS, remedy="here"),
    django("CSRF against a POST", "wrong-status", SYNCED, THREADS,
           content=b"{}", remedy="Django"),
    django("an exception in the generator", "broken-off",
           "def make():\n    yield from rows(count=5, make=bare)\n    raise ValueError('x')\n" + STREAMING.replace("ROWS", "make()"),
           THREADS),
    django("a path with a slash", "wrong-status", SYNCED, THREADS, path="/events/", remedy=""),
]  # fmt: skip

# FastAPI, Starlette and sse-starlette

FASTAPI = """
from fastapi import FastAPI, Request, Depends, Header, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse as FastAPISource, ServerSentEvent
from fastapi.security import HTTPBearer
from sse_starlette import EventSourceResponse
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
app = FastAPI()
def last(request):
    return request.headers.get("Last-Event-ID", "")
"""
VIEW = "@app.get('/events')\nasync def events(request: Request):\n"
RESPONSE = VIEW + "    return StreamingResponse(arows(last(request)), media_type=KIND, headers=NO_CACHE)\n"
FINITE = VIEW + "    return StreamingResponse(arows(count=20, make=bare), media_type=KIND, headers=NO_CACHE)\n"
READS_ALL = """
class Logging(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        body = b"".join([piece async for piece in response.body_iterator])
        headers = {k: v for k, v in response.headers.items() if k != "content-length"}
        from starlette.responses import Response
        return Response(body, response.status_code, headers)
app.add_middleware(Logging)
"""
PASSES = """
class Timing(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["X-Time"] = "1"
        return response
app.add_middleware(Timing)
"""


def fastapi(
    name: str, causes: Sequence[str] | str, source: str, command: Sequence[str] = UVICORN, **more: object
) -> SetUp:
    return made("FastAPI", f"{name}, {command[2]}", causes, source, command, before=FASTAPI, **more)  # type: ignore[arg-type]


FASTAPI_ONES = [
    fastapi("StreamingResponse", (), RESPONSE),
    fastapi("StreamingResponse", (), RESPONSE, HYPERCORN),
    fastapi("no media_type", "wrong-media-type", RESPONSE.replace("media_type=KIND, ", ""), remedy="FastAPI"),
    fastapi("as a tutorial has it", "cacheable", RESPONSE.replace(", headers=NO_CACHE", ""), remedy="FastAPI"),
    fastapi("a sync generator, in threads", (), RESPONSE.replace("arows", "rows")),
    fastapi("time.sleep in an async generator", ("second-unanswered", "worker-busy"),
            "async def late(last=''):\n    for each in rows(last):\n        yield each\n"
            + RESPONSE.replace("arows", "late"), remedy="asyncio"),
    fastapi("a middleware that reads the body, and a stream that ends", ("held-to-the-end", "head-late"),
            FINITE + READS_ALL, remedy="FastAPI"),
    fastapi("a middleware that reads the body, and a stream for ever", "head-held", RESPONSE + READS_ALL, remedy="FastAPI"),
    fastapi("BaseHTTPMiddleware that passes on", (), RESPONSE + PASSES),
    fastapi("GZipMiddleware, which knows event streams", (), RESPONSE + "app.add_middleware(GZipMiddleware)\n"),
    fastapi("FastAPI's own EventSourceResponse", (),
            "@app.get('/events', response_class=FastAPISource)\nasync def events(request: Request):\n"
            "    n = int(last(request) or now() - 1)\n    while True:\n        n += 1\n"
            "        await asyncio.sleep(max(0, BEGAN + n * 0.25 - time.time()))\n"
            "        yield ServerSentEvent(data={'n': n}, id=str(n))\n"),
    fastapi("its own EventSourceResponse, given frames", "double-data",
            "@app.get('/events', response_class=FastAPISource)\nasync def events(request: Request):\n"
            "    async for each in arows(make=bare):\n        yield each\n", remedy="FastAPI"),
    fastapi("its own EventSourceResponse, quiet", (),
            "@app.get('/events', response_class=FastAPISource)\nasync def events(request: Request):\n"
            "    yield {'state': 'open'}\n    await asyncio.sleep(999)\n", seconds=20.0),
    fastapi("sse-starlette", (), VIEW + "    async def make():\n        async for n in arows(last(request), make=int):\n"
            "            yield {'id': str(n), 'data': json.dumps({'n': n})}\n    return EventSourceResponse(make())\n"),
    fastapi("sse-starlette, given frames", "double-data", VIEW + "    return EventSourceResponse(arows(make=bare))\n",
            remedy="sse-starlette"),
    fastapi("sse-starlette, given a dict", "printed-object", VIEW + "    async def make():\n"
            "        async for n in arows(last(request), make=int):\n            yield {'id': str(n), 'data': {'n': n, 'ok': True}}\n"
            "    return EventSourceResponse(make())\n", remedy="sse-starlette"),
    fastapi("sse-starlette, given a dict of its own", ("event-without-data", "never-ends", "wrong-status", "broken-off"), VIEW + "    async def make():\n"
            "        async for n in arows(make=int):\n            yield {'event': 'tick'}\n"
            "    return EventSourceResponse(make())\n", remedy="sse-starlette"),
    fastapi("an exception in the generator", "broken-off", VIEW + "    async def make():\n"
            "        async for each in arows(count=5, make=bare):\n            yield each\n        raise ValueError('x')\n"
            "    return StreamingResponse(make(), media_type=KIND, headers=NO_CACHE)\n", remedy="FastAPI"),
    fastapi("no CORS", "cors-refused", RESPONSE, origin="https://page.example", remedy="FastAPI"),
    fastapi("CORS for any origin, with credentials, which Starlette answers right", (),
            RESPONSE + "app.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n",
            origin="https://page.example"),
    fastapi("CORS as it should be", (), RESPONSE + "app.add_middleware(CORSMiddleware, allow_origins=["
            "'https://page.example'], allow_headers=['Last-Event-ID'])\n", origin="https://page.example"),
    fastapi("a POST route, and a GET", "wrong-status", RESPONSE.replace("app.get", "app.post"), remedy="here"),
    fastapi("a token that is missing", "wrong-status", RESPONSE.replace("request: Request", "request: Request, "
            "token=Depends(HTTPBearer())"), remedy="here"),
    fastapi("a parameter that is missing", "wrong-status", RESPONSE.replace("request: Request", "request: Request, "
            "topic: str")),
    fastapi("the generator itself, without a response", ("wrong-media-type", "wrong-status"),
            VIEW + "    return list(rows(count=5))\n", remedy="FastAPI"),
    fastapi("NaN in json.dumps", "json-nan",
            RESPONSE.replace("last(request)", "last(request), make=lambda n: f'id: {n}\\ndata: ' "
                             "+ json.dumps({'mean': float('nan')}) + '\\n\\n'"), remedy="Python"),
    fastapi("print(obj) of a pydantic model", "printed-object",
            "from pydantic import BaseModel\nclass Tick(BaseModel):\n    n: int\n    name: str = 'tick'\n"
            + RESPONSE.replace("last(request)", "last(request), make=lambda n: f'id: {n}\\ndata: {Tick(n=n)}\\n\\n'"),
            remedy="pydantic"),
    fastapi("jsonable, pretty", "json-cut", RESPONSE.replace(
        "last(request)", "last(request), make=lambda n: f'id: {n}\\ndata: ' + json.dumps({'n': n}, indent=2) + '\\n\\n'"),
        remedy="Python"),
    fastapi("one line end", "never-ends", RESPONSE.replace("last(request)", "make=lambda n: f'data: {n}\\n'")),
    fastapi("a queue of old events that is polled every two seconds", (), VIEW + "    async def make():\n"
            "        n = 0\n        while True:\n            await asyncio.sleep(2)\n"
            "            for at in range(4):\n                n += 1\n"
            "                yield 'data: ' + json.dumps({'at': time.time() - 2 + at * 0.5}) + '\\n\\n'\n"
            "    return StreamingResponse(make(), media_type=KIND, headers=NO_CACHE)\n"),
]  # fmt: skip

# aiohttp, tornado, http.server

AIOHTTP = """
import os
from aiohttp import web
from aiohttp_sse import sse_response
app = web.Application()
"""
AIOHTTP_RUN = """
async def events(request):
    response = web.StreamResponse(headers={"Content-Type": KIND, **NO_CACHE})
    CHANGE
    await response.prepare(request)
    async for each in arows(request.headers.get("Last-Event-ID", "")):
        await response.write(each.encode())
    return response
app.router.add_get("/events", events)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
"""


def aiohttp(name: str, causes: Sequence[str] | str, source: str, **more: object) -> SetUp:
    return made("aiohttp", name, causes, source, PYTHON, before=AIOHTTP, **more)  # type: ignore[arg-type]


AIOHTTP_ONES = [
    aiohttp("StreamResponse", (), AIOHTTP_RUN.replace("CHANGE", "pass")),
    aiohttp("no Content-Type", "wrong-media-type",
            AIOHTTP_RUN.replace("CHANGE", "response = web.StreamResponse(headers=NO_CACHE)"), remedy="aiohttp"),
    aiohttp("enable_compression()", "compression-holds",
            AIOHTTP_RUN.replace("CHANGE", "response.enable_compression()"), remedy="aiohttp"),
    aiohttp("aiohttp-sse", (), "async def events(request):\n    async with sse_response(request) as response:\n"
            "        async for n in arows(request.headers.get('Last-Event-ID', ''), make=int):\n"
            "            await response.send(json.dumps({'n': n}), id=str(n))\n    return response\n"
            + AIOHTTP_RUN[AIOHTTP_RUN.index("app.router"):]),
    aiohttp("a query that blocks the loop, another reader", "worker-busy",
            AIOHTTP_RUN.replace("CHANGE", "time.sleep(99)"), readers=1),
    aiohttp("all in one Response", ("held-to-the-end", "head-late"),
            "async def events(request):\n    text = ''\n    async for each in arows(count=20, make=bare):\n        text += each\n"
            "    return web.Response(text=text, content_type=KIND, headers=NO_CACHE)\n"
            + AIOHTTP_RUN[AIOHTTP_RUN.index("app.router"):], remedy="aiohttp"),
    aiohttp("an exception after five events", "broken-off",
            AIOHTTP_RUN.replace("CHANGE", "pass").replace('request.headers.get("Last-Event-ID", "")', "count=5, make=bare")
            .replace("    return response", "    raise KeyError('x')")),
]  # fmt: skip

TORNADO = """
import os
import tornado.web, tornado.ioloop
class Events(tornado.web.RequestHandler):
    async def get(self):
        self.set_header("Content-Type", KIND)
        self.set_header("Cache-Control", "no-cache")
        async for each in arows(self.request.headers.get("Last-Event-ID", "")):
            self.write(each)
            await self.flush()
async def main():
    tornado.web.Application([("/events", Events)], compress_response=ZIPPED).listen(int(os.environ["PORT"]), "127.0.0.1")
    await asyncio.Event().wait()
asyncio.run(main())
"""


def tornado(name: str, causes: Sequence[str] | str, *changes: tuple[str, str], **more: object) -> SetUp:
    source = TORNADO
    for before, after in (*changes, ("ZIPPED", "False")):
        source = source.replace(before, after)
    return made("tornado", name, causes, source, PYTHON, **more)  # type: ignore[arg-type]


FLUSH = "            await self.flush()\n"
ENDING = ('self.request.headers.get("Last-Event-ID", "")', "count=20, make=bare")
TORNADO_ONES = [
    tornado("write and flush", ()),
    tornado("compress_response, which flushes", (), ("ZIPPED", "True")),
    tornado("no flush, a stream for ever", "head-held", (FLUSH, ""), remedy="tornado"),
    tornado("no flush, a stream that ends", ("held-to-the-end", "head-late"), (FLUSH, ""), ENDING, remedy="tornado"),
    tornado("no Content-Type", "wrong-media-type", ('        self.set_header("Content-Type", KIND)\n', ""), remedy="tornado"),
    tornado("a query that blocks the loop, another reader", "worker-busy",
            ('        self.set_header("Cache', '        time.sleep(99)\n        self.set_header("Cache'), readers=1),
    tornado("write of a dict", ("wrong-media-type", "json-lines"), ("self.write(each)", "self.write({'n': each})"), remedy="tornado"),
]  # fmt: skip

SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/events":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", KIND)
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        for each in rows(self.headers.get("Last-Event-ID", "")):
            self.wfile.write(each.encode())
    def log_message(self, *arguments):
        pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
HTTP_1_1 = (
    "class Handler(BaseHTTPRequestHandler):\n",
    "class Handler(BaseHTTPRequestHandler):\n    protocol_version = 'HTTP/1.1'\n",
)
CHUNKS = (
    "        self.end_headers()\n",
    "        self.send_header('Transfer-Encoding', 'chunked')\n        self.end_headers()\n",
)


def server(name: str, causes: Sequence[str] | str, *changes: tuple[str, str], **more: object) -> SetUp:
    source = SERVER
    for before, after in changes:
        source = source.replace(before, after)
    return made("http.server", name, causes, source, PYTHON, **more)  # type: ignore[arg-type]


WRITE = "self.wfile.write(each.encode())"
SERVER_ONES = [
    server("as it comes", "close-delimited", remedy="Python"),
    server("HTTP/1.1 with chunks by hand", (), HTTP_1_1, CHUNKS,
           (WRITE, "self.wfile.write(b'%x\\r\\n%b\\r\\n' % (len(each), each.encode()))")),
    server("one thread, another reader", "worker-busy", ("Threading", ""), readers=1),
    server("chunks whose size counts characters", ("broken-off", "not examined: HTTP"), HTTP_1_1, CHUNKS,
           (WRITE, "each = each.replace('n', 'ñ'); self.wfile.write(f'{len(each):x}\\r\\n{each}\\r\\n'.encode())")),
    server("the size and the data in two packets", (), HTTP_1_1, CHUNKS,
           (WRITE, "self.wfile.write(b'%x\\r\\n' % len(each)); self.wfile.write(each.encode() + b'\\r\\n')")),
    server("a buffered file", ("full-buffers", "held"), ("        for each in", "        import io\n        out = io.BufferedWriter(self.connection.makefile('wb', buffering=0), 1024)\n        for each in"),
           (WRITE, "out.write(each.encode())")),
    server("no Content-Type", "wrong-media-type", ('        self.send_header("Content-Type", KIND)\n', ""), remedy="Python"),
    server("CR LF through a text file on Windows", "cr-cr-lf",
           (WRITE, "self.wfile.write(each.replace('\\n', '\\r\\r\\n').encode())")),
]  # fmt: skip

SET_UPS = [*FLASK_ONES, *DJANGO_ONES, *FASTAPI_ONES, *AIOHTTP_ONES, *TORNADO_ONES, *SERVER_ONES]
