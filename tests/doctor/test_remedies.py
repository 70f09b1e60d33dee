"""Each line of causes.toml is given to the program that it is for: what somebody pastes must be taken, and must work."""

from __future__ import annotations

import ast
import inspect
import json
import operator
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labkit.doctor import Remedy, causes
from labkit.proxy.nginx import wheel_nginx
from labkit.wire import Decoder, Event, Ignored

#: Advice in words, which nothing can parse: for whom, and how the line begins.
WORDS = {
    "Apache": ("AH00957 or AH01114", "no SetEnv force-proxy"),
    "Caddy": ("a site with a name",),
    "Envoy": ("the cluster's endpoints", "response_flags", "for chunk in"),
    "Express": ("an 'error' that nobody handles", "compression() once"),
    "Next.js": ("app/events/route.ts, or",),
    "PHP": ("a fatal error", "no gzencode()", "no utf8_encode()", "php-fpm behind", "zlib.output_compression = Off",
            "PHP_CLI_SERVER_WORKERS=8"),
    "Varnish": ("varnishlog -q",),
    "http-proxy-middleware": ("no selfHandleResponse",),
    "nginx": ("a default_server", "give the stream's path", "its error_log says"),
    "Django": ("REST framework", "a POST needs", "an async generator", "an exception inside",
               "catch it inside", "gunicorn, uvicorn or daphne", "json.dumps(value) in the view", "under WSGI"),
    "FastAPI": ("EventSourceResponse from", "EventSourceResponse sends", "catch what", "starlette 1.5"),
    "Flask": ("behind gunicorn", "flask run", "flask-compress", "gunicorn or waitress", "{{ value|tojson }}"),
    "Starlette": ("1.5 or newer", "uvicorn --root-path"),
    "aiohttp": ("no response.enable",),
}  # fmt: skip
PYTHON = (
    "Python", "asyncio", "Flask", "Django", "FastAPI", "Starlette", "sse-starlette", "aiohttp", "tornado", "pydantic",
    "numpy", "requests", "labkit", "mcp (Python)",
)  # fmt: skip
JAVASCRIPT = (
    "JavaScript", "Node.js", "Express", "the page", "Next.js", "vite", "webpack-dev-server", "http-proxy-middleware",
)  # fmt: skip


def lines_for(*wheres: str) -> list[str]:
    """The lines for these, each once, without those that are words."""
    remedies = [remedy for cause in causes().values() for remedy in cause.remedies if remedy.where in wheres]
    return list(dict.fromkeys(remedy.line for remedy in remedies if not is_words(remedy)))


def is_words(remedy: Remedy) -> bool:
    return remedy.line.startswith(WORDS.get(remedy.where, ("\0",)))


def refused(command: Sequence[str], lines: Sequence[str], text: Callable[[str], str], file: Path) -> dict[str, str]:
    """The lines that the command refuses, with what it says. The file holds `text(line)`."""
    problems = {}
    for line in lines:
        file.write_text(text(line))
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=file.parent)
        if done.returncode:
            problems[line] = (done.stderr + done.stdout).strip()[-300:]
    return problems


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def test_what_is_words_is_there() -> None:
    remedies = [remedy for cause in causes().values() for remedy in cause.remedies]
    starts = {(where, start) for where, starts in WORDS.items() for start in starts}
    assert {
        one for one in starts if not any(r.where == one[0] and r.line.startswith(one[1]) for r in remedies)
    } == set()


@pytest.mark.skipif(wheel_nginx() is None, reason="uv sync --extra proxies")
def test_nginx_takes_its_lines(tmp_path: Path) -> None:
    def text(line: str) -> str:
        place = "upstream" if line.startswith("hash") else "server" if line.startswith("http2") else "location"
        inside = dict.fromkeys(("upstream", "server", "location"), "") | {place: line}
        return f"""
pid nginx.pid; error_log stderr; events {{}}
http {{
  access_log off;
  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
  upstream app {{ server 127.0.0.1:8000; {inside["upstream"]}
  }}
  server {{ listen 127.0.0.1:8080; {inside["server"]}
    location /events/ {{ {inside["location"]}
    }}
  }}
}}"""

    file = tmp_path / "nginx.conf"
    command = [wheel_nginx() or "", "-t", "-p", str(tmp_path), "-c", str(file)]
    assert refused(command, lines_for("nginx"), text, file) == {}


def test_haproxy_takes_its_lines(tool: Callable[[str], str], tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    certificate = tmp_path / "site.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))

    def text(line: str) -> str:
        line = line.replace("/etc/haproxy/site.pem", str(certificate))
        bind, more = (line, "") if line.startswith("bind") else ("bind 127.0.0.1:8080", line)
        timers = "timeout connect 5s\n timeout client 50s\n timeout server 50s\n compression algo gzip"
        return (
            f"defaults\n mode http\n {timers}\n {more}\nfrontend f\n {bind}\n default_backend b\n"
            "backend b\n server s 127.0.0.1:8000\n"
        )

    file = tmp_path / "haproxy.cfg"
    assert refused([tool("haproxy"), "-c", "-f", str(file)], lines_for("HAProxy"), text, file) == {}


def test_apache_takes_its_lines(tool: Callable[[str], str], tmp_path: Path) -> None:
    """A comment behind a directive is no comment to it."""
    names = "mpm_event authz_core proxy proxy_http proxy_fcgi headers deflate brotli filter cache env setenvif http2"
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in names.split())

    def text(line: str) -> str:
        return f"ServerRoot {tmp_path}\nServerName x\nErrorLog /dev/stderr\nListen 127.0.0.1:8080\n{modules}\n{line}\n"

    file = tmp_path / "httpd.conf"
    assert refused([tool("apache"), "-t", "-f", str(file)], lines_for("Apache"), text, file) == {}


def test_caddy_takes_its_lines(tool: Callable[[str], str], tmp_path: Path) -> None:
    def text(line: str) -> str:
        if line.startswith("servers"):
            return f"{{\n{line}\n}}\nhttp://127.0.0.1:8080 {{\n}}\n"
        if line.startswith("flush_interval"):
            line = f"reverse_proxy 127.0.0.1:8000 {{\n{line}\n}}"
        return f"http://127.0.0.1:8080 {{\n{line}\n}}\n"

    file = tmp_path / "Caddyfile"
    assert refused([tool("caddy"), "adapt", "--config", str(file)], lines_for("Caddy"), text, file) == {}


def test_varnish_takes_its_lines(tool: Callable[[str], str], tmp_path: Path) -> None:
    """All in one: each compilation takes half a second."""
    start = "backend default { "
    lines = lines_for("Varnish")
    settings = [line.removeprefix(start).partition("}")[0] for line in lines if line.startswith(start)]
    backend = f'{start}.host = "127.0.0.1"; .port = "8000"; {" ".join(settings)}}}'
    text = "\n".join(["vcl 4.1;", backend, *(line for line in lines if not line.startswith(start))])
    file = tmp_path / "default.vcl"
    assert (
        refused(
            [tool("varnish"), "-j", "none", "-n", str(tmp_path / "work"), "-C", "-f", str(file)],
            [text + "\n"],
            str,
            file,
        )
        == {}
    )


def test_envoy_takes_its_lines(tool: Callable[[str], str], tmp_path: Path) -> None:
    compressor, idle, route = sorted(
        lines_for("Envoy"), key=lambda line: ("content", "stream", "timeout").index(line[:7].strip("_"))
    )
    kinds = "type.googleapis.com/envoy.extensions"
    text = f"""
static_resources:
  clusters: [{{name: origin}}]
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: 8080}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {kinds}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: x
          {idle}
          http_filters:
          - name: compressor
            typed_config:
              "@type": {kinds}.filters.http.compressor.v3.Compressor
              response_direction_config:
                common_config:
                  {compressor}
              compressor_library:
                name: gzip
                typed_config: {{"@type": {kinds}.compression.gzip.compressor.v3.Gzip}}
          - name: router
            typed_config: {{"@type": {kinds}.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{prefix: /}}
                route:
                  cluster: origin
                  {route}
"""
    file = tmp_path / "envoy.yaml"
    assert refused([tool("envoy"), "--mode", "validate", "-l", "error", "-c", str(file)], [text], str, file) == {}


def test_squid_takes_its_lines(tmp_path: Path) -> None:
    file, squid = tmp_path / "squid.conf", program("squid")
    command = [squid, "-k", "parse", "-f", str(file)]

    def text(line: str) -> str:
        return f"http_port 127.0.0.1:3128\npid_filename none\nvisible_hostname x\n{line}\n"

    assert refused(command, lines_for("Squid"), text, file) == {}


def test_lighttpd_takes_its_line(tmp_path: Path) -> None:
    file, lighttpd = tmp_path / "lighttpd.conf", program("lighttpd")

    def text(line: str) -> str:
        return f'server.document-root = "{tmp_path}"\nserver.port = 8080\n{line}\n'

    assert refused([lighttpd, "-tt", "-f", str(file)], lines_for("lighttpd"), text, file) == {}


def test_python_compiles() -> None:
    problems = {}
    for line in lines_for(*PYTHON):
        try:
            ast.parse("async def function():\n" + textwrap.indent(line, "  "))
        except SyntaxError:
            try:
                ast.parse(f"{line}\ndef function(): ..." if line[0] == "@" else f"function({line}\n)")  # an argument
            except SyntaxError as problem:
                problems[line] = str(problem)
    assert problems == {}


def test_javascript_compiles(tmp_path: Path) -> None:
    """All lines by one Node.js, which takes a tenth of a second to start."""
    file, lines = tmp_path / "lines.json", lines_for(*JAVASCRIPT)
    file.write_text(json.dumps(lines))
    script = """
const [name] = process.argv.slice(1), problems = {};
const shapes = [(line) => `async () => {${line}\\n}`, (line) => `({${line}\\n})`];
for (const line of JSON.parse(require('fs').readFileSync(name, 'utf8'))) {
  const text = line.replace(/^export /, '').replaceAll('...', '');
  const why = shapes.map((shape) => { try { new Function('return ' + shape(text)); } catch (error) { return `${error}`; } });
  if (why.every((reason) => reason)) problems[line] = why[0];
}
console.log(JSON.stringify(problems));
"""
    done = subprocess.run([program("node"), "-e", script, str(file)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {}


def test_php_compiles(tmp_path: Path) -> None:
    file, php = tmp_path / "lines.php", program("php")
    text = "".join(f"if ($number == {n}) {{\n{line}\n}}\n" for n, line in enumerate(lines_for("PHP")))
    assert refused([php, "-l", str(file)], [text], lambda text: f"<?php\n{text}", file) == {}


def one_event(written: bytes) -> str:
    """The data of the one event in these bytes, of which nothing is ignored."""
    signals = Decoder().feed(written)
    assert [signal for signal in signals if isinstance(signal, Ignored)] == []
    assert sum(isinstance(signal, Event) for signal in signals) == 1, written
    return next(signal.data for signal in signals if isinstance(signal, Event))


VALUES = {"text": "hello", "value": {"a": 1}, "texts": ["hello"], "json": '{"a":1}'}
READ = ("hello", '{"a":1}', '{"a": 1}', "")


def writes_an_event(line: str) -> bool:
    """Whether it is the line of Python that writes the event, and no library."""
    return bool(re.match(r"""(?:yield )?(?:f|"".join\(f)["']data: """, line)) and "model" not in line


@pytest.mark.parametrize("line", list(filter(writes_an_event, lines_for(*PYTHON))))
def test_what_python_writes_is_an_event(line: str) -> None:
    code = line if line.startswith("yield") else "yield " + line
    names: dict[str, object] = {"json": json, **{name: value for name, value in VALUES.items() if name != "json"}}
    exec(f"def write():\n  {code}", names)
    written = "".join(names["write"]())  # type: ignore[operator]
    assert one_event(written.encode()) in READ


def test_what_javascript_writes_is_an_event() -> None:
    """All lines by one Node.js."""
    script = """
const text = 'hello', value = { a: 1 }, setInterval = (action) => action(), written = [];
const send = () => { throw new Error('it failed'); };
const response = { write: (data) => written.push(data), end: () => null };
(async () => {
  for (const line of JSON.parse(process.argv[1])) await eval(`(async () => { ${line}\n})()`);
  console.log(JSON.stringify(written));
})();
"""
    lines = [line for line in lines_for(*JAVASCRIPT) if "data:" in line]
    code = [line if "write" in line else f"response.write({line.partition('  //')[0]})" for line in lines]
    done = subprocess.run([program("node"), "-e", script, json.dumps(code)], capture_output=True, text=True, check=True)
    written = json.loads(done.stdout)
    assert len(written) == len(lines) > 5
    assert [text for text in written if one_event(text.encode()) not in READ and not text.startswith(":")] == []


@pytest.mark.parametrize("line", [line for line in lines_for("PHP") if "data:" in line])
def test_what_php_writes_is_an_event(line: str) -> None:
    code = f"$text = 'hello'; $value = ['a' => 1]; $json = '{{\"a\":1}}';\n{line}\n"
    done = subprocess.run([program("php"), "-r", code], capture_output=True, check=True)
    assert one_event(done.stdout) in READ


def test_no_line_has_a_backslash_too_many() -> None:
    """\\\\n in a string of any of these languages is the mistake that another cause names."""
    lines = [remedy.line for cause in causes().values() for remedy in cause.remedies]
    assert [line for line in lines if re.search(r'(?<!no String\.raw, no ")\\\\n', line)] == []


def test_a_remedy_of_several_lines_is_shown_as_such() -> None:
    """To be copied: with \\n in its place nobody could tell it from one that is meant."""
    assert Remedy("Squid", "acl a\ncache deny a", "").shown_lines == ["Squid:", "acl a", "cache deny a"]
    assert Remedy("PHP", 'echo "a\\n";', "").shown_lines == ['PHP: echo "a\\n";']


#: What the lines name, so that it is there, and takes these arguments.
NAMED: list[tuple[str, str, tuple[str, ...]]] = [
    ("aiohttp_sse", "sse_response", ("ping_interval",)),
    ("fastapi.sse", "ServerSentEvent", ("data",)),
    ("fastapi.sse", "EventSourceResponse", ()),
    ("fastapi", "FastAPI.get", ("response_class",)),
    ("sse_starlette", "EventSourceResponse", ("ping",)),
    ("sse_starlette", "JSONServerSentEvent", ()),
    ("starlette.middleware.cors", "CORSMiddleware", ("allow_origins", "allow_credentials", "allow_headers")),
    ("mcp.server.transport_security", "TransportSecuritySettings", ("allowed_hosts", "allowed_origins")),
    ("mcp.server.mcpserver", "MCPServer.streamable_http_app", ("event_store", "transport_security")),
    ("flask", "Response", ("mimetype",)),
    ("django.http", "StreamingHttpResponse", ("content_type",)),
]


@pytest.mark.parametrize(("module", "name", "arguments"), NAMED)
def test_what_is_named_is_there(module: str, name: str, arguments: tuple[str, ...]) -> None:
    found = operator.attrgetter(name)(pytest.importorskip(module))
    known = inspect.signature(found).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    assert [argument for argument in arguments if argument not in known and not takes_any] == []


def test_gunicorn_takes_its_options() -> None:
    from gunicorn.config import Config

    options = [word for line in lines_for("gunicorn") for word in re.findall(r"--[\w-]+(?: gthread| \d+)?", line)]
    assert len(options) > 4
    parser = Config().parser()
    given = parser.parse_args([part for word in options for part in (word.split() if " " in word else [word, "30"])])
    assert (given.worker_class, given.threads) == ("gthread", 100)
