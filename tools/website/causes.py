"""A page for each cause of the doctor, titled as people search for it, and one for each product, with all its lines."""

from __future__ import annotations

import functools
import json
import tomllib
from pathlib import Path
from typing import Any

from labkit.doctor import Cause, Remedy, causes

#: Its entries are those of causes.toml: what people see, in the words in which they search for it.
SEARCHED = Path(__file__).parent / "searched.toml"
#: Places that are no product: they get no page of their own.
PLACES = {
    "anywhere", "here", "the server", "the client", "the page", "the proxy", "a model", "the question",
    "any compressor", "shell", "two nginx",
}  # fmt: skip
#: By a place: the language of its lines, for their colours.
LANGUAGES = {
    "nginx": "nginx", "ingress-nginx": "yaml", "Python": "python", "PHP": "php", "Go": "go", "tornado": "python",
    "FastAPI": "python", "Flask": "python", "Starlette": "python", "aiohttp": "python", "JavaScript": "javascript",
}  # fmt: skip
LIST_HEAD = """\
# My event stream does not work

What do you see? Each line leads to why it is so, and to the lines that mend it in nginx, Express, Django and others;
there are lists [by product](../products/index.md), too. Or let [the doctor](#the-doctor) look: `labkit doctor URL`.
"""
DOCTOR = """\
## Ask the doctor

```console
$ labkit doctor https://my.app/events
```

It watches the stream as a browser would, says whether it is this, and offers the line for your product first. It
calls this cause `{name}` ({severity}). [How the doctor works](../docs/doctor.md).
"""


@functools.cache
def _known() -> dict[str, Any]:
    return tomllib.loads(SEARCHED.read_text("utf-8"))


def searched() -> dict[str, dict[str, object]]:
    """By the name of its cause: `title`, `group` and `seen`."""
    return dict(_known()["causes"])


def groups() -> list[dict[str, object]]:
    """The groups in which causes stand, in order: `name`, `title` and `lessons`."""
    return list(_known()["group"])


def title_of(cause: Cause) -> str:
    """As people search for it, or as the doctor says it where searched.toml does not know the cause yet."""
    return str(searched().get(cause.name, {}).get("title", cause.title))


def names() -> set[str]:
    """The names of all causes: docs/doctor.md has a heading for each, and the website a page."""
    return set(causes())


def pages(root: Path) -> dict[str, str]:
    """All pages by name: causes, products, and docs/doctor.md, which lists them here."""
    books = {path.name[:2]: f"../notebooks/{path.name}" for path in (root / "notebooks").glob("[0-9]*.ipynb")}
    made = {f"causes/{cause.name}.md": cause_page(cause, books) for cause in causes().values()}
    made |= {f"products/{slug(product)}.md": product_page(product) for product in products()}
    made["products/index.md"] = products_index()
    head = (root / "docs" / "doctor.md").read_text("utf-8").split("\n## Errors")[0].partition("\n")[2]
    made["docs/doctor.md"] = (
        LIST_HEAD + causes_list() + "\n## The doctor\n" + head.rpartition("\nThis page is written by")[0]
    )
    return made


def cause_page(cause: Cause, books: dict[str, str]) -> str:
    """What is seen, why it is so, the lines that mend it, and their sources."""
    known = searched().get(cause.name, {})
    title = title_of(cause)
    lines = [_description(f"{title}. {cause.why}"), f"# {title}", ""]
    lines += [
        "{.source}",
        "[All causes, by what you see](../docs/doctor.md)",
        "",
        f"**{cause.title}.** {cause.why}",
        "",
    ]
    if known.get("seen"):
        lines += ["## What you see", "", *[f"- {sentence}" for sentence in _list(known["seen"])], ""]
    if cause.remedies:
        lines += ["## Lines that mend it", "", "Each with the page that says so.", ""]
        for where in dict.fromkeys(remedy.where for remedy in cause.remedies):
            lines += [f"### {_heading(where)}", ""]
            for remedy in (remedy for remedy in cause.remedies if remedy.where == where):
                lines += _remedy(remedy)
    lines += [DOCTOR.format(name=cause.name, severity=cause.severity)]
    own = _list(known.get("lessons")) or _group_lessons(str(known.get("group", "")))
    links = ", ".join(f"[{number}]({books[number]})" for number in own if number in books)
    if links:
        lines += [f"See it happen, and try to mend it: lesson {links}.", ""]
    return "\n".join(lines)


def product_page(product: str) -> str:
    """All that mends something in one product, by what is seen."""
    lines = [
        _description(f"{product} and server-sent events: each line that mends a stream, with its source."),
        f"# {product} and server-sent events", "",
        f"What goes wrong with event streams where {product} serves, passes or reads them, and the line that mends it.",
        "",
    ]  # fmt: skip
    for cause in causes().values():
        fitting = [remedy for remedy in cause.remedies if remedy.where == product]
        if fitting:
            lines += [f"## {_text(title_of(cause))}", ""]
            for remedy in fitting:
                lines += _remedy(remedy)
            lines += [f"[Why, and what else mends it](../causes/{cause.name}.md).", ""]
    return "\n".join(lines)


def products() -> list[str]:
    """The products that a line is known for, by name."""
    found = {remedy.where for cause in causes().values() for remedy in cause.remedies} - PLACES
    return sorted(found, key=str.lower)


def products_index() -> str:
    """Each product, and for how many causes a line of it is known."""
    rows = []
    for product in products():
        count = sum(any(remedy.where == product for remedy in cause.remedies) for cause in causes().values())
        rows.append(f"| [{product}]({slug(product)}.md) | {count} |")
    return "\n".join(
        [
            _description("Lines that mend server-sent events, by product: nginx, Express, Django, Cloudflare ..."),
            "# By product", "",
            "Lines that mend an event stream, each with its source, collected from [all causes](../docs/doctor.md).",
            "",
            "| product | causes with a line for it |", "|---|---|", *rows, "",
        ]
    )  # fmt: skip


def causes_list() -> str:
    """All causes by what is seen, each with its page."""
    lines: list[str] = []
    left = dict(causes())
    for group in groups():
        members = [name for name in left if searched().get(name, {}).get("group") == group["name"]]
        lines += [f"\n## {group['title']}\n", *_entries([left.pop(name) for name in members])]
    if left:
        lines += ["\n## Other causes\n", *_entries(list(left.values()))]
    return "\n".join([*lines, ""])


def slug(product: str) -> str:
    """The product's name as that of a file."""
    return "-".join("".join(sign if sign.isalnum() else " " for sign in product.lower()).split())


def _entries(members: list[Cause]) -> list[str]:
    return [f"- [{_text(title_of(cause))}](../causes/{cause.name}.md)" for cause in members]


def _remedy(remedy: Remedy) -> list[str]:
    statuses = ", ".join(map(str, remedy.statuses))
    fence = "`" * (4 if "```" in remedy.line else 3)
    return [
        *([f"For status {statuses}:", ""] if statuses else []),
        f"{fence}{LANGUAGES.get(remedy.where, 'text')}", *remedy.line.split("\n"), fence, "",
        "{.source}",
        f"Source: [{remedy.source.split('/')[2].removeprefix('www.')}]({remedy.source})", "",
    ]  # fmt: skip


def _group_lessons(name: str) -> list[str]:
    return next((_list(group["lessons"]) for group in groups() if group["name"] == name), [])


def _heading(where: str) -> str:
    return where[0].upper() + where[1:] if where in PLACES else where


def _text(title: str) -> str:
    return title.replace("[", "\\[").replace("]", "\\]")


def _description(text: str) -> str:
    """What a search engine shows below the title. The page is an orphan: two hundred such would fill every menu."""
    return f"---\norphan: true\nmyst:\n  html_meta:\n    description: {json.dumps(text[:300], ensure_ascii=False)}\n---"


def _list(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []
