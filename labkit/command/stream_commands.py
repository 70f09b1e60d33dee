"""The commands that need no JupyterLab: `labkit serve`, `listen`, `doctor`, `capacity`, `apps`.

Only click is imported at the top, so that `labkit --help` answers at once.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from labkit.command.arguments import check_header, check_id, check_url, read_body_argument
from labkit.command.startup import load_httpx
from labkit.command.terminal import Failure, never_fail_on_a_character
from labkit.errors import LabError


@click.command("serve")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines in.")
@click.option("--upstream", metavar="URL", help="A model's server that speaks OpenAI's dialect, such as Ollama's.")
@click.option("--model", default="", metavar="NAME", help="Which model of it. Default: the first that it lists.")
@click.option("--upstream-timeout", "timeout_s", type=click.FloatRange(1, 86400), default=300.0, show_default=True,
              metavar="SECONDS", help="How long its first token may take; a cold model is loaded first.")  # fmt: skip
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="Whose pages may ask too, such as a hub's; beside those in LABKIT_ORIGINS.",
)
def serve_command(
    port: int, host: str, upstream: str | None, model: str, timeout_s: float, origins: tuple[str, ...]
) -> None:
    """Serve a page that asks a model, and one with live events.

    Without --upstream the model is a toy that needs no network. The upstream's key is taken from the environment, as
    LABKIT_UPSTREAM_KEY.
    """
    from labkit.command.serve import run_serve
    from labkit.llm import Studio, Upstream
    from labkit.server.origins import normalize_origin
    from labkit.system.hosts import named_origins

    if model and upstream is None:
        raise Failure(f"--model {model} is a model of which server? Say --upstream URL too")
    try:
        model_upstream = None if upstream is None else Upstream(upstream, model, first_token_timeout_s=timeout_s)
        allowed = frozenset(map(normalize_origin, (*origins, *named_origins())))
    except LabError as problem:
        raise Failure(str(problem)) from None
    try:
        run_serve(host, port, Studio(upstream=model_upstream, words=120, allowed=allowed), say=click.echo)
    except LabError as problem:
        raise Failure(f"{problem}, such as: labkit serve --port {port + 1 if port < 65535 else 8080}") from None
    except OSError as problem:
        raise Failure(f"{host} port {port} cannot be served ({problem.strerror or problem}). Try another") from None


@click.command("listen")
@click.argument("url")
@click.option("--raw", is_flag=True, help="The bytes as they arrive.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event and line.")
@click.option("--last-event-id", default="", metavar="ID", help="Resume after this event.")
@click.option("--header", "headers", multiple=True, metavar="'Name: value'", help="May be given several times.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Stop after N events.")
@click.option("--max-event-bytes", type=click.IntRange(min=1), default=1024 * 1024, show_default=True, metavar="N")
@click.option("-v", "--verbose", is_flag=True, help="Comments, retry and ignored lines too.")
@click.option("--post", metavar="JSON", help="Ask by POST, with this body; @FILE reads it from a file. Sent once.")
@click.option("--insecure", is_flag=True, help="Take any certificate.")
@click.option("--until-done", is_flag=True, help="Stop at the event that ends an answer: [DONE], message_stop, done.")
@click.pass_context
def listen_command(
    ctx: click.Context,
    /,
    url: str,
    raw: bool,
    as_json: bool,
    headers: tuple[str, ...],
    post: str | None,
    **options: Any,
) -> None:
    """Show the events of a stream as they arrive.

    After it was open once, it reconnects as a browser does; a POST is sent once. Ctrl-C stops it, and says how to
    resume.
    """
    if raw and as_json:
        raise Failure("--raw and --json are two forms; choose one")
    url = check_url(url)
    fields = dict(check_header(text) for text in headers)
    check_id(options["last_event_id"])
    load_httpx()
    from labkit.command.listen import ListenOptions, run_listen

    ctx.exit(
        run_listen(
            ListenOptions(
                url=url,
                form="raw" if raw else "json" if as_json else "text",
                headers=fields,
                post=read_body_argument(post),
                **options,
            )
        )
    )


@click.command("doctor")
@click.argument("url")
@click.option("--seconds", type=click.FloatRange(0.5, 3600), default=10.0, show_default=True, help="How long to watch.")
@click.option("--compare", metavar="URL", help="The same stream at the server itself: which hop holds it back?")
@click.option("--header", "headers", multiple=True, metavar="'Name: value'", help="May be given several times.")
@click.option("--post", metavar="JSON", help="Ask by POST, with this body; @FILE reads it from a file.")
@click.option(
    "--origin", default="", metavar="ORIGIN", help="May a page of this origin read it? Such as https://my.app"
)
@click.option("--json", "as_json", is_flag=True, help="The diagnosis as JSON.")
@click.option("--yes", is_flag=True, help="Allow more than two streams without asking.")
@click.option("--insecure", is_flag=True, help="Take any certificate.")
@click.option("--all", "show_all", is_flag=True, help="Every line that could mend it, and more about the notes.")
@click.option("--watch", is_flag=True, help="Examine again and again, until nothing has to be mended.")
@click.pass_context
def doctor_command(
    ctx: click.Context, /, url: str, compare: str | None, headers: tuple[str, ...], post: str | None, **options: Any
) -> None:
    """Say what is wrong with a stream, why, and which line mends it.

    It watches the stream as a browser would, and asks once more; where nothing comes, it waits up to 20 s longer. Exit
    code 0: healthy, 1: something has to be mended, 2: there was nothing to examine.
    """
    if options["watch"] and post is not None and not options["yes"]:
        raise Failure("--watch would send this POST again and again, and each may cost money. --yes allows it")
    never_fail_on_a_character()
    if not math.isfinite(options["seconds"]):
        raise Failure("--seconds is a number, such as --seconds 30")
    url = check_url(url)
    compare = None if compare is None else check_url(compare)
    fields = dict(check_header(text) for text in headers)
    load_httpx(url, compare or "")
    from labkit.command.doctor import DoctorOptions, run_doctor

    ctx.exit(
        run_doctor(DoctorOptions(url=url, compare=compare, headers=fields, post=read_body_argument(post), **options))
    )


@click.command("capacity")
@click.option("--clients", required=True, type=int, metavar="N", help="How many readers, of all nodes together.")
@click.option("--rate", required=True, type=float, metavar="R", help="How many events a second each of them gets.")
@click.option("--bytes", "event_bytes", type=int, default=120, show_default=True, metavar="B", help="The data of one.")
@click.option("--nodes", type=int, default=1, show_default=True, metavar="K", help="How many processes share them.")
@click.option("--no-proxy", is_flag=True, help="Clients come straight to the nodes.")
@click.option("--json", "as_json", is_flag=True, help="The reckoning as JSON.")
@click.pass_context
def capacity_command(
    ctx: click.Context, /, clients: int, rate: float, event_bytes: int, nodes: int, no_proxy: bool, as_json: bool
) -> None:
    """Reckon what so many readers need, and which limits of this machine they would meet.

    Exit code 0: it allows that, 1: something has to be set. Nothing is opened or changed.
    """
    from labkit.command.capacity import run_capacity

    ctx.exit(run_capacity(clients, rate, event_bytes, nodes, behind_proxy=not no_proxy, as_json=as_json))


@click.command("apps")
@click.argument("name", required=False)
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Where it keeps what must outlive it. Default: work/apps/NAME.")  # fmt: skip
@click.option("--naive", is_flag=True, help="The version of the tutorials: without the lines that make it hold.")
@click.option("--origin", "origins", multiple=True, metavar="URL", help="Whose pages may use it too, such as a hub's.")
def apps_command(name: str | None, port: int, folder: Path | None, naive: bool, origins: tuple[str, ...]) -> None:
    """Run one of the small apps of lesson 12, or list them."""
    from labkit.apps import catalogue_lines
    from labkit.command.apps import run_app
    from labkit.server.origins import normalize_origin
    from labkit.system.hosts import named_origins

    if name is None:
        for line in catalogue_lines():
            click.echo(line)
        return
    try:
        allowed = frozenset(map(normalize_origin, (*origins, *named_origins())))
        run_app(name, port, folder, naive=naive, allowed=allowed, say=click.echo)
    except LabError as problem:
        raise Failure(str(problem)) from None


STREAM_COMMANDS = (apps_command, capacity_command, doctor_command, listen_command, serve_command)
