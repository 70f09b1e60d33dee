"""Writes docs/doctor.md from labkit/doctor/causes.toml. A test fails when the two differ."""

from __future__ import annotations

from pathlib import Path

from labkit.doctor import Cause, Remedy, causes

PAGE = Path(__file__).parent.parent / "docs" / "doctor.md"
HEAD = """\
# What the doctor finds

`labkit doctor URL` watches a stream as a browser would, asks once more, and says what is wrong, what shows it, why it
is so, and which line mends it. It judges by what came and when; no cause is found by a header that names a product.
Such a header, and the look of the body, only choose whose line is offered first. Exit code 0: healthy, 1: something has
to be mended (an error or a warning), 2: there was nothing to examine.

```
labkit doctor https://my.app/events
labkit doctor https://my.app/events --compare http://127.0.0.1:8000/events    # which hop holds it back?
labkit doctor https://my.app/chat --post '{"prompt": "hi", "stream": true}' --header 'Authorization: Bearer ...'
labkit doctor https://my.app/events --json --seconds 5 --origin https://other.page    # in CI
labkit doctor https://my.app/events --watch    # again and again, until it is cured
labkit doctor https://my.app/events --all      # every line that could mend it, not only the one that fits best
```

- **It tells most where the events carry a time.** A number of seconds or milliseconds since 1970, or an ISO 8601 time,
  anywhere in the data, shows how long each event was on its way. Without one, only the pattern of arrivals speaks.
- **It opens two streams, one after the other**, and no third without leave; a POST is sent once. `--compare` opens two
  at the same time, and behind the hop one more where the first calls for it. It judges by the time to the head and to
  the first event, by what came together on one way and one by one on the other, and by the sender's clock.
- **It keeps at most 4 MiB**, and watches for as long as `--seconds` says, counted from the moment when the request was
  sent. Where not a byte of the body comes, it waits five times as long, and 20 s at most. Where no head comes, it asks
  with two small requests what else answers at that port.
- **An MCP endpoint is greeted first**: where the path ends with `/mcp`, where `--post` holds one of its messages, or
  where the answer to GET is one of MCP's (`event: endpoint`, a session id, an error of JSON-RPC). It sends initialize,
  server/discover and ping, which change nothing, listens in the session (in 2026-07-28, which has none, to
  subscriptions/listen), greets once more as a page elsewhere would, and closes what it opened. No tool is called,
  unless `--post` does: that is posted once, in the session. Whether a stream resumes is asked with leave only.
- **A healthy verdict says what it cannot know**: what cuts a stream after a time that was not watched.

In Python: `await labkit.doctor.examine(url)`, and `examine_both(url, direct_url)`; pure, on a recording of your own:
`labkit.doctor.judge(recording)`.

This page is written by `tools/doctor_page.py` from `labkit/doctor/causes.toml`.
"""


def page() -> str:
    """The text of docs/doctor.md."""
    sections = [HEAD]
    for severity, title in (("error", "Errors"), ("warning", "Warnings"), ("note", "Notes")):
        sections.append(f"## {title}\n")
        sections += [_section(cause) for cause in causes().values() if cause.severity == severity]
    return "\n".join(sections)


def _section(cause: Cause) -> str:
    lines = [f"### {cause.name}", "", f"**{cause.title}.** {cause.why}", ""]
    if cause.remedies:
        lines += ["| where | line | source |", "|---|---|---|"]
        lines += [
            f"| {_where(remedy)} | {_cell(remedy.line)} | [{_host(remedy.source)}]({remedy.source}) |"
            for remedy in cause.remedies
        ]
        lines.append("")
    return "\n".join(lines)


def _where(remedy: Remedy) -> str:
    statuses = ", ".join(map(str, remedy.statuses))
    return f"{remedy.where} ({statuses})" if statuses else remedy.where


def _cell(text: str) -> str:
    """The text as code, each of its lines by itself, and in as many backticks as it needs."""
    lines = [line.replace("|", "\\|") for line in text.split("\n")]
    return "<br>".join(f"`` {line} ``" if "`" in line else f"`{line}`" for line in lines)


def _host(url: str) -> str:
    return url.split("/")[2].removeprefix("www.")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
