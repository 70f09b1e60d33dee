"""Proxies of JavaScript's world, started from scripts as their documentation gives them."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hops.origins import missing
from hops.programs import Hop, started
from labkit.proxy.program import RunningProxy

PACKAGES = ("express", "compression", "http-proxy-middleware", "vite", "webpack", "webpack-dev-server", "next",
            "react", "react-dom")  # fmt: skip


@functools.cache
def node_folder() -> Path:
    """The folder whose node_modules has PACKAGES. They are installed once, in a minute.

    LABKIT_NODE_FOLDER names another one.
    """
    folder = Path(os.environ.get("LABKIT_NODE_FOLDER") or Path(tempfile.gettempdir()) / f"labkit-node-{os.getuid()}")
    if all((folder / "node_modules" / name).exists() for name in PACKAGES):
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise missing("npm", "apt install npm")
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "package.json").write_text('{"name": "set-ups", "private": true}')
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise missing("a package of npm", done.stderr[-200:])
    return folder


def node(script: str) -> Hop:
    """A script for Node.js, which finds PACKAGES."""

    def start(origin: str) -> RunningProxy:
        here = f"process.chdir('@FOLDER@'); const require_ = require('module').createRequire('{node_folder()}/x.js');\n"
        return started("node", here + script.replace("require(", "require_("), ["-e", "require('@FILE@')"])(origin)

    return start


def express(lines: str) -> Hop:
    """Express with these lines before app.listen."""
    return node(f"""
const express = require('express'), compression = require('compression');
const {{ createProxyMiddleware, responseInterceptor }} = require('http-proxy-middleware');
const app = express();
{lines}
app.listen(@PORT@, '127.0.0.1');
""")


def webpack(settings: str) -> Hop:
    """webpack-dev-server with these settings."""
    return node(f"""
const fs = require('fs');
fs.writeFileSync('index.js', 'console.log(1)');
const webpack = require('webpack'), Server = require('webpack-dev-server');
const compiler = webpack({{ mode: 'development', context: process.cwd(), entry: './index.js' }});
const options = {{ port: @PORT@, host: '127.0.0.1', hot: false, liveReload: false, static: false, {settings} }};
new Server(options, compiler).start();
""")


def vite(settings: str) -> Hop:
    """The server of vite with these settings."""
    return node(
        f"""
const fs = require('fs');
fs.writeFileSync('index.html', '<!doctype html><html><head><title>My app</title></head><body></body></html>');
const path = require.resolve('vite').replace('index.cjs', 'dist/node/index.js');
import(require('url').pathToFileURL(path)).then(async ({{ createServer }}) => {{
  const server = await createServer({{ root: process.cwd(), configFile: false, cacheDir: process.cwd() + '/cache',
    server: {{ port: @PORT@, host: '127.0.0.1', strictPort: true, {settings} }} }});
  await server.listen();
}});
""".replace("require.resolve(", "require_.resolve(")
    )


def next_js() -> Hop:
    """Next.js with a route handler that passes another server's stream on, as people do with a model's answer.

    It is built once, in half a minute; each start gets its origin by the environment.
    """

    def start(origin: str) -> RunningProxy:
        folder = built_next()
        script = f"""
process.env.ORIGIN = 'http://@ORIGIN@'; process.env.NODE_ENV = 'production'; process.env.NEXT_TELEMETRY_DISABLED = '1';
process.chdir('{folder}');
const next = require_('next'), http = require_('http');
const app = next({{ dev: false, dir: '{folder}', hostname: '127.0.0.1', port: @PORT@ }});
app.prepare().then(() => http.createServer(app.getRequestHandler()).listen(@PORT@, '127.0.0.1'));
"""
        return node(script)(origin)

    return start


_ROUTE = """
export const dynamic = 'force-dynamic';
async function pass(request) {
  const asked = { method: request.method, headers: { 'Last-Event-ID': request.headers.get('last-event-id') ?? '' },
    signal: request.signal };
  if (request.method === 'POST') asked.body = await request.text();
  const answer = await fetch(process.env.ORIGIN + '/events', asked);
  const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': answer.headers.get('cache-control') ?? '' };
  return new Response(answer.body, { headers });
}
export const GET = pass, POST = pass;
"""
_LAYOUT = "export default function Layout({ children }) { return <html><body>{children}</body></html>; }"


@functools.cache
def built_next() -> Path:
    """The folder of a built Next.js application with the route /events."""
    folder = node_folder() / "next-app"
    if (folder / ".next" / "BUILD_ID").exists():
        return folder
    (folder / "app" / "events").mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"name": "next-app", "private": true}')
    (folder / "app" / "layout.js").write_text(_LAYOUT)
    (folder / "app" / "events" / "route.js").write_text(_ROUTE)
    program = node_folder() / "node_modules" / "next" / "dist" / "bin" / "next"
    environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "NODE_ENV": "production"}
    done = subprocess.run(
        ["node", program, "build"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise missing("Next.js could not be built, and so", (done.stderr + done.stdout)[-300:])
    return folder
