"""PHP's built-in server, Node's http and Express: healthy, and broken in the ways in which people break them."""

from __future__ import annotations

from collections.abc import Sequence

from .running import program
from .set_up import SetUp

PHP = """<?php
if ($_SERVER['REQUEST_URI'] !== '/events') { return false; }
header('Content-Type: text/event-stream');
header('Cache-Control: no-cache');
$n = (int) ($_SERVER['HTTP_LAST_EVENT_ID'] ?? floor(microtime(true) * 4));
while (!connection_aborted()) {
    $n++;
    usleep((int) max(0, ($n / 4 - microtime(true)) * 1e6));
    echo "id: $n\\ndata: " . json_encode(['n' => $n, 'at' => microtime(true)]) . "\\n\\n";
    flush();
}
"""
PHP_SERVER = (
    "php",
    "-d",
    "display_errors=1",
    "-d",
    "html_errors=1",
    "-d",
    "output_buffering=0",
    "-S",
    "127.0.0.1:PORT",
    "FILE",
)
NODE = """
const http = require("http"), zlib = require("zlib");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const began = Date.now();
const frame = (n) => `id: ${n}\\ndata: ${JSON.stringify({ n, at: Date.now() })}\\n\\n`;
async function follow(request, write, make = frame) {
  const last = parseInt(request.headers["last-event-id"]);
  let n = Number.isNaN(last) ? Math.floor((Date.now() - began) / 250) : last + 1;
  for (; !request.destroyed && !request.socket.destroyed; n++) {
    await sleep(Math.max(0, began + n * 250 - Date.now()));
    write(make(n));
  }
}
"""
NODE_SERVER = """
const server = http.createServer(async (request, response) => {
  if (request.url !== "/events") { response.writeHead(404); return response.end(); }
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  await follow(request, (text) => response.write(text));
});
server.listen(process.env.PORT, "127.0.0.1");
"""
EXPRESS = """
const express = require("express"), compression = require("compression");
const app = express();
ABOVE
app.get("/events", async (request, response) => {
  response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  await follow(request, (text) => response.write(text));
});
BELOW
app.listen(process.env.PORT, "127.0.0.1");
"""
WRITE = "(text) => response.write(text)"
TYPE = "header('Content-Type: text/event-stream');\n"


def changed(text: str, changes: Sequence[tuple[str, str]]) -> str:
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


def script(
    product: str,
    name: str,
    causes: Sequence[str] | str,
    source: str,
    command: Sequence[str],
    *,
    remedy: str = "",
    file: str = "app.js",
    packages: Sequence[str] = (),
    readers: int = 0,
    **options: object,
) -> SetUp:
    wanted = (causes,) if isinstance(causes, str) else tuple(causes)

    def run():  # type: ignore[no-untyped-def]
        return program(source, command, file=file, packages=packages, readers=readers)

    return SetUp(f"{product}: {name}", product, wanted, run, remedy, options)


def php(
    name: str, causes: Sequence[str] | str, *changes: tuple[str, str], settings: Sequence[str] = (), **more: object
) -> SetUp:
    command = [*PHP_SERVER[:-3], *[word for setting in settings for word in ("-d", setting)], *PHP_SERVER[-3:]]
    return script("PHP", name, causes, changed(PHP, changes), command, file="router.php", **more)  # type: ignore[arg-type]


def node(name: str, causes: Sequence[str] | str, *changes: tuple[str, str], **more: object) -> SetUp:
    return script("Node.js", name, causes, NODE + changed(NODE_SERVER, changes), ("node", "FILE"), **more)  # type: ignore[arg-type]


def express(name: str, causes: Sequence[str] | str, *changes: tuple[str, str], **more: object) -> SetUp:
    source = NODE + changed(EXPRESS, changes).replace("ABOVE\n", "").replace("BELOW\n", "")
    return script("Express", name, causes, source, ("node", "FILE"), packages=("express", "compression"), **more)  # type: ignore[arg-type]


SET_UPS = [
    php("as it should be, on the built-in server", "close-delimited", remedy="PHP"),
    php("Debian's php.ini: output_buffering, and flush() alone", ("held", "full-buffers"), settings=("output_buffering=4096",), remedy="PHP"),
    php("no type", "wrong-media-type", (TYPE, ""), remedy="PHP"),
    php("single quotes", "backslash-n", ("\"\\n\\n\";", "'\\n\\n';"), remedy="PHP"),
    php("no flush, output_buffering=4096", ("full-buffers", "held"), ("    flush();\n", ""), settings=("output_buffering=4096",), remedy="PHP"),
    php("ob_start, and flush without ob_flush", ("no-heartbeat",), ("$n = (int)", "ob_start();\n$n = (int)")),
    php("all at the end", ("held-to-the-end", "head-late"), ("$n = (int)", "ob_start(); $from = microtime(true);\n$n = (int)"),
        ("!connection_aborted()", "microtime(true) < $from + 5"), remedy="PHP"),
    php("zlib.output_compression", "compression-holds", settings=("zlib.output_compression=On",), remedy="PHP"),
    php("one process, another reader", "worker-busy", readers=1),
    php("an array as text", ("printed-object", "page-inside"), ("json_encode(['n' => $n, 'at' => microtime(true)])", "[$n]"), remedy="PHP"),
    php("a warning in the stream", "page-inside", ("    flush();", "    echo $undefined;\n    flush();"), remedy="PHP"),
    php("a fatal error after a second", "page-inside", ("    flush();", "    flush();\n    if ($n % 5 == 0) { missing(); }"), remedy="PHP"),
    php("header after output", ("wrong-media-type", "html-page"), ("<?php\n", "<?php echo ' ';\n"), remedy="PHP"),
    php("an exception before the head, with display_errors", "html-page", ("header('Content-Type", "throw new Exception('no database');\nheader('Content-Type")),
    php("htmlspecialchars around the JSON", "html-escaped", ("json_encode(", "htmlspecialchars(json_encode("), ("microtime(true)])", "microtime(true)]))"), remedy="PHP"),
    node("http", ()),
    node("no Content-Type", "wrong-media-type", ('"Content-Type": "text/event-stream", ', ""), remedy="Node.js"),
    node("an object in a template string", "printed-object", (WRITE, WRITE + ", (n) => `id: ${n}\\ndata: ${{ n }}\\n\\n`"), remedy="JavaScript"),
    node("pretty JSON", "json-cut", (WRITE, WRITE + ", (n) => `id: ${n}\\ndata: ${JSON.stringify({ n }, null, 2)}\\n\\n`"), remedy="JavaScript"),
    node("quotation marks instead of backticks", ("template-unfilled", "ids-repeat"), (WRITE, WRITE + ", (n) => 'data: ${n}\\n\\n'"), remedy="JavaScript"),
    node("one line end", "never-ends", (WRITE, WRITE + ", (n) => `data: ${n}\\n`")),
    node("gzip by a pipe", "compression-holds", (WRITE, "(text) => packer.write(text)"),
         ('"Cache-Control": "no-cache" });', '"Cache-Control": "no-cache", "Content-Encoding": "gzip" });\n  const packer = zlib.createGzip(); packer.pipe(response);'),
         remedy="Node.js"),
    node("gzip, each event for itself", "gzip-members", (WRITE, "(text) => response.write(zlib.gzipSync(text))"),
         ('"no-cache" }', '"no-cache", "Content-Encoding": "gzip" }'), remedy="Node.js"),
    node("gzip with Z_SYNC_FLUSH", (), (WRITE, "(text) => packer.write(text)"),
         ('"Cache-Control": "no-cache" });', '"Cache-Control": "no-cache", "Content-Encoding": "gzip" });\n  const packer = zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH }); packer.pipe(response);')),
    node("a socket's timeout of 3 s", "idle-timeout", ("server.listen", "server.setTimeout(3000);\nserver.listen"),
         (f"await follow(request, {WRITE});", "let k = 0; while (k < 5) { response.write(`data: ${k++} ${Date.now()}\\n\\n`); await sleep(200); } await sleep(60000);")),
    node("response.destroy after 4 s", ("total-timeout", "broken-off"), ("  await follow", "  setTimeout(() => response.destroy(), 4000);\n  await follow")),
    node("an exception that nobody catches", "broken-off", (WRITE, "(text) => { if (text.includes('id: 8\\n')) throw new Error('x'); response.write(text); }")),
    node("Content-Length in characters", "length-cuts",
         (f"await follow(request, {WRITE});", "let text = ''; for (let k = 0; k < 9; k++) text += `data: Größe ${k} €\\n\\n`; "
          "response.socket.end('HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\nCache-Control: no-cache\\r\\n"
          "Content-Length: ' + text.length + '\\r\\n\\r\\n' + text);"),
         ('  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });\n', "")),
    node("cork without uncork", ("head-held", "no-heartbeat"), ("  await follow", "  response.cork();\n  await follow")),
    node("a snapshot, then changes", (), (WRITE, "(text) => { if (first) response.write('event: state\\ndata: ' + JSON.stringify([...Array(300).keys()]) + '\\n\\n'); first = false; response.write(text); }"),
         ("  await follow", "  let first = true;\n  await follow")),
    express("as it should be", ()),
    express("compression()", "compression-holds", ("ABOVE", "app.use(compression());"), remedy="Express"),
    express("compression(), with flush()", (), ("ABOVE", "app.use(compression());"), (WRITE, "(text) => { response.write(text); response.flush(); }")),
    express("compression(), with no-transform", (), ("ABOVE", "app.use(compression());"), ('"no-cache"', '"no-cache, no-transform"')),
    express("no Cache-Control", "cacheable", (', "Cache-Control": "no-cache"', ""), remedy="Express"),
    express("response.json in a loop", "wrong-media-type", ('response.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });', ""),
            (WRITE, "(text) => response.json({ text })"), remedy="Express"),
    express("another path", "wrong-status", ('"/events"', '"/event"')),
    express("an application of one page", "html-page", ('app.get("/events"', 'app.use((_, response) => response.send("<!doctype html><html><head><title>Shop</title></head><body><div id=app></div></body></html>"));\napp.get("/events"'), remedy="Express"),
    express("an error in the route", "wrong-status", ("await follow", "undefined.price;\n  await follow")),
    express("no CORS", "cors-refused", origin="https://page.example", remedy="Express"),
    express("POST only", "wrong-status", ("app.get", "app.post"), remedy=""),
    express("setTimeout blocks with a busy loop, another reader", "worker-busy", ("await follow", "for (const end = Date.now() + 99000; Date.now() < end;);\n  await follow"), readers=1),
]  # fmt: skip
